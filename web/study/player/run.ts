/** One jsPsych run over a timeline that grows: each trial is put on when the one before it has finished. */
import { initJsPsych } from 'jspsych'
import type { TimelineConfiguration, TimelineNode } from '../../../domain/studies/configuration.ts'
import { scored, startRun, type NextTrial, type TrialData } from '../../../domain/studies/interpreter.ts'
import { mediaOf } from '../../../domain/studies/media.ts'
import { outline } from '../../../domain/studies/outline.ts'
import type { Page } from './port.ts'

const fullscreen = '@jspsych/plugin-fullscreen'
const preloadPlugin = '@jspsych/plugin-preload'

/** npm names of every plugin that any condition may show. */
export function pluginsOf(configuration: TimelineConfiguration): string[] {
  const names = new Set<string>()
  const visit = (node: Partial<TimelineNode>): void => {
    if (typeof node.type === 'string') names.add(node.type)
    for (const child of node.timeline ?? []) visit(child)
    for (const change of Object.values(node.per_condition ?? {})) if (change) visit(change)
  }
  configuration.timeline.forEach(visit)
  return [...names]
}

/** Data as it can be sent: what JSON can carry. */
const plain = (data: TrialData): TrialData => JSON.parse(JSON.stringify(data)) as TrialData

/**
 * Plays the study from where `begin.finished` left it, and resolves when the page has stored its end. A trial's data is
 * posted when the trial is over, before the next is drawn; nothing waits for the answer until the end. Rejects when the
 * page could not store a record.
 */
export async function play(
  page: Page,
  configuration: TimelineConfiguration,
  plugins: ReadonlyMap<string, unknown>,
): Promise<void> {
  const { begin } = page
  const run = startRun(
    { configuration, condition: begin.condition, seed: begin.seed, parameters: begin.parameters },
    begin.finished,
  )
  const total = outline(configuration, begin.condition).trials
  const media = mediaOf(configuration)
  const timeline: Record<string, unknown>[] = []
  let recorded = begin.finished.length
  let pending: Promise<unknown> = Promise.resolve()
  let stop: (reason: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    stop = reject
  })
  failed.catch(() => {})

  const jsPsych = initJsPsych()
  const send = (request: Parameters<Page['request']>[0]): void => {
    const stored = page.request(request)
    stored.catch(stop)
    pending = Promise.all([pending, stored])
  }
  /** The trial as jsPsych takes it. */
  const described = (trial: NextTrial): Record<string, unknown> => {
    const { post_trial_gap: gap, ...parameters } = trial.parameters
    const files =
      trial.type === preloadPlugin && parameters.auto_preload === true
        ? {
            auto_preload: false,
            images: [...((parameters.images as string[] | undefined) ?? []), ...media.images],
            audio: [...((parameters.audio as string[] | undefined) ?? []), ...media.audio],
            video: [...((parameters.video as string[] | undefined) ?? []), ...media.video],
          }
        : {}
    return {
      ...parameters,
      ...files,
      ...(gap === undefined || gap === null ? {} : { post_trial_gap: gap }),
      type: plugins.get(trial.type),
      data: trial.data,
      // what plugins leave to chance (orders of questions, places on the screen) follows from the seed too
      on_start: () => void jsPsych.randomization.setSeed(`${begin.seed}:${begin.condition}:${trial.position}`),
      on_finish: (result: TrialData) => {
        result.trial_index = trial.position
        if (trial.type === fullscreen) result.fullscreen_mode = trial.parameters.fullscreen_mode !== false
        const data = plain(scored(trial, result))
        Object.assign(result, data)
        if (trial.record) {
          send({ type: 'record', data, trial: ++recorded })
          page.notify({ type: 'trial', position: recorded })
        }
        if (total > 0) page.notify({ type: 'progress', fraction: Math.min(1, (trial.position + 1) / total) })
        put(run.finish(data))
      },
    }
  }
  // jsPsych walks the list while it grows
  const put = (trial: NextTrial | undefined): void => void (trial && timeline.push(described(trial)))

  if (run.current && inFullscreen(begin.finished))
    timeline.push({ type: plugins.get(fullscreen), fullscreen_mode: true })
  put(run.current)
  window.focus()
  page.notify({ type: 'ready' })
  if (timeline.length > 0) await Promise.race([jsPsych.run(timeline as never), failed])
  await Promise.race([pending, failed])
  await page.request({ type: 'finish' })
}

/** Whether the run was in full screen when it was left; a browser leaves it at a reload and returns only at a click. */
const inFullscreen = (finished: readonly TrialData[]): boolean =>
  finished.findLast((d) => d.trial_type === 'fullscreen')?.fullscreen_mode === true
