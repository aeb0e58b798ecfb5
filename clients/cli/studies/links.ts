/** links: the links of a study, or a new one. */
import { linkKinds, type LinkKind } from '../../../domain/studies/links.ts'
import type { Client } from '../../api.ts'
import { defineCommand } from '../command.ts'
import { CliError, exits, show } from '../io.ts'
import { connect, everything, type Session } from '../session.ts'
import { minute, table } from '../text.ts'
import { wholeNumber } from '../values.ts'
import { studyArgument, studyIdOf } from './study-id.ts'

type Link = Awaited<ReturnType<Client['studies']['links']>>['items'][number]

/** How a link is to be, beside its kind: hours that it lives, and how many runs may start by it. */
interface LinkWishes {
  label?: string | undefined
  hours?: number | undefined
  quota?: number | undefined
}

/**
 * Makes a link of a study.
 *
 * @throws {CliError} when there is no such kind of link.
 * @throws {ProblemError} when the server refuses it.
 */
export async function makeLink(
  session: Session,
  studyId: string,
  kind: string,
  wishes: LinkWishes = {},
): Promise<{ url: string; code: string; kind: string; expires: string }> {
  if (!(linkKinds as readonly string[]).includes(kind))
    throw new CliError(exits.usage, `There is no kind of link "${kind}".`, `Kinds: ${linkKinds.join(', ')}`)
  return session.client.studies.createLink({ params: { studyId }, body: { kind: kind as LinkKind, ...wishes } })
}

const linkTable = (items: readonly Link[]): string =>
  table(
    ['STATE', 'KIND', 'STARTED', 'EXPIRES', 'LABEL', 'URL'],
    items.map((link) => [link.state, link.kind, link.started, minute(link.expires), link.label || '-', link.url]),
  )

export const links = defineCommand({
  name: 'links',
  usage: 'links STUDY [--make KIND] [--label TEXT] [--hours N] [--quota N]',
  summary: 'Links of a study; with --make, a new one',
  detail: `Kinds: ${linkKinds.join(', ')}. A link lives 72 hours unless you say otherwise (1 to 720).`,
  argument: studyArgument,
  options: {
    make: { type: 'string', value: 'KIND', help: `makes a link of this kind: ${linkKinds.join(', ')}` },
    label: { type: 'string', value: 'TEXT', help: 'what the new link is for, for your eyes' },
    hours: { type: 'string', value: 'N', help: 'how long the new link lives, 1 to 720 hours' },
    quota: { type: 'string', value: 'N', help: 'how many runs may be started by the new link' },
  },
  examples: ['cloister links std_abcdefghijklmnop --make general --hours 24'],
  async run(call) {
    const { io, options } = call
    const studyId = studyIdOf(call)
    const session = await connect(io, options.server)
    if (options.make !== undefined) {
      const link = await makeLink(session, studyId, options.make, {
        label: options.label,
        hours: wholeNumber('hours', options.hours),
        quota: wholeNumber('quota', options.quota),
      })
      show(io, link, () => link.url)
      return
    }
    const items = await everything((after) =>
      session.client.studies.links({ params: { studyId }, query: { limit: 200, after } }),
    )
    show(io, items, () => (items.length === 0 ? 'No links yet. Make one with --make general.' : linkTable(items)))
  },
})
