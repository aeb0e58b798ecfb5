/** The player: takes the study from the participant page, loads what it needs, and runs it trial by trial. */
import 'jspsych/css/jspsych.css'
import './player.css'
import type { TimelineConfiguration } from '../../../domain/studies/configuration.ts'
import { mediaOf } from '../../../domain/studies/media.ts'
import { loadPlugin } from './plugins.ts'
import { meetPage, type Page } from './port.ts'
import { preload } from './preload.ts'
import { play, pluginsOf } from './run.ts'

/** Nothing of the study can go on: say so here and to the page, without any data. */
function fail(page: Page, error: unknown): void {
  const message = error instanceof Error ? error.message : 'The study could not be shown.'
  page.notify({ type: 'failed', message })
  const note = document.createElement('p')
  note.className = 'failed'
  note.setAttribute('role', 'alert')
  note.textContent = message
  document.body.replaceChildren(note)
}

async function main(): Promise<void> {
  if (parent === window) throw new Error('open the study by its link')
  const page = await meetPage()
  try {
    const { begin } = page
    const configuration = begin.configuration as unknown as TimelineConfiguration
    document.documentElement.lang = begin.language
    document.documentElement.dir = /^(ar|fa|he|ur|ps|yi|dv)\b/i.test(begin.language) ? 'rtl' : 'ltr'
    // relative addresses in parameters and HTML mean the study's own files, and stay in the data as the researcher
    // wrote them
    const base = document.createElement('base')
    base.href = begin.assetsBase
    document.head.append(base)
    const names = pluginsOf(configuration)
    const [plugins] = await Promise.all([
      Promise.all(names.map(async (name) => [name, await loadPlugin(name)] as const)),
      preload(mediaOf(configuration), (done, total) => page.notify({ type: 'loading', done, total })),
    ])
    await play(page, configuration, new Map(plugins))
  } catch (error) {
    fail(page, error)
  }
}

void main()
