/** studies, links, runs: lists of what is there. */
import { linkKinds, type LinkKind } from '../../domain/studies/links.ts'
import { runStates, type RunState } from '../../domain/runs/life.ts'
import { type Call, type Command, text } from './command.ts'
import { CliError, count, exits, show, table } from './io.ts'
import { connect, everything, organisationOf } from './session.ts'

/** The one argument that a command needs. */
export function argument({ args }: Call, what: string): string {
  if (args.length !== 1)
    throw new CliError(exits.usage, args.length === 0 ? `Say which ${what}.` : `Only one ${what} at a time.`)
  return args[0]!
}

export function studyId(call: Call): string {
  const id = argument(call, 'study')
  if (!/^std_[a-z2-7]{16,32}$/.test(id))
    throw new CliError(
      exits.usage,
      `"${id}" is not the id of a study.`,
      'Ids look like std_… and are listed by "cloister studies".',
    )
  return id
}

export const studies: Command = {
  usage: 'studies [--org ORG]',
  summary: 'Studies that you may see',
  options: { org: { type: 'string' } },
  async run(call) {
    const session = await connect(call.io, text(call, 'server'))
    const { organisationId } = await organisationOf(session, text(call, 'org'))
    const items = await everything((after) =>
      session.client.studies.list({ params: { organisationId }, query: { limit: 200, after } }),
    )
    show(call.io, items, () =>
      items.length === 0
        ? 'No studies yet. Publish one with "cloister publish FOLDER".'
        : table(
            ['STUDY', 'STATE', 'VERSION', 'CHANGED', 'TITLE'],
            items.map((s) => [s.studyId, s.state, s.version || '-', s.changed.slice(0, 10), s.title]),
          ),
    )
  },
}

export const links: Command = {
  usage: 'links STUDY [--make KIND] [--label TEXT] [--hours N] [--quota N]',
  summary: 'Links of a study; with --make, a new one',
  detail: `Kinds: ${linkKinds.join(', ')}. A link lives 72 hours unless you say otherwise (1 to 720).`,
  options: {
    make: { type: 'string' },
    label: { type: 'string' },
    hours: { type: 'string' },
    quota: { type: 'string' },
  },
  async run(call) {
    const id = studyId(call)
    const session = await connect(call.io, text(call, 'server'))
    const kind = text(call, 'make')
    if (kind !== undefined) {
      const link = await makeLink(session, id, kind, {
        label: text(call, 'label'),
        hours: whole(text(call, 'hours'), '--hours'),
        quota: whole(text(call, 'quota'), '--quota'),
      })
      show(call.io, link, () => link.url)
      return
    }
    const items = await everything((after) =>
      session.client.studies.links({ params: { studyId: id }, query: { limit: 200, after } }),
    )
    show(call.io, items, () =>
      items.length === 0
        ? 'No links yet. Make one with --make general.'
        : table(
            ['STATE', 'KIND', 'STARTED', 'EXPIRES', 'LABEL', 'URL'],
            items.map((l) => [
              l.state,
              l.kind,
              l.started,
              l.expires.slice(0, 16).replace('T', ' '),
              l.label || '-',
              l.url,
            ]),
          ),
    )
  },
}

function whole(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,7}$/.test(value)) throw new CliError(exits.usage, `${name} takes a whole number.`)
  return Number(value)
}

export async function makeLink(
  session: Awaited<ReturnType<typeof connect>>,
  id: string,
  kind: string,
  o: { label?: string | undefined; hours?: number | undefined; quota?: number | undefined } = {},
): Promise<{ url: string; code: string; kind: string; expires: string }> {
  if (!(linkKinds as readonly string[]).includes(kind))
    throw new CliError(exits.usage, `There is no kind of link "${kind}".`, `Kinds: ${linkKinds.join(', ')}`)
  return session.client.studies.createLink({ params: { studyId: id }, body: { kind: kind as LinkKind, ...o } })
}

export function stateOption(call: Call): RunState | undefined {
  const state = text(call, 'state')
  if (state !== undefined && !(runStates as readonly string[]).includes(state))
    throw new CliError(exits.usage, `There is no state "${state}".`, `States: ${runStates.join(', ')}`)
  return state as RunState | undefined
}

export const runs: Command = {
  usage: 'runs STUDY [--state STATE] [--previews]',
  summary: 'Runs of a study, without content',
  detail: `States: ${runStates.join(', ')}. Previews are left out unless asked for.`,
  options: { state: { type: 'string' }, previews: { type: 'boolean' } },
  async run(call) {
    const id = studyId(call)
    const state = stateOption(call)
    const session = await connect(call.io, text(call, 'server'))
    const items = await everything((after) =>
      session.client.runs.list({
        params: { studyId: id },
        query: {
          limit: 200,
          after,
          ...(state ? { state } : {}),
          ...(call.options['previews'] ? {} : { preview: 'false' as const }),
        },
      }),
    )
    const missing = items.reduce((n, r) => n + r.missing, 0)
    show(
      call.io,
      items,
      () =>
        `${
          items.length === 0
            ? 'No runs.'
            : table(
                ['RUN', 'STATE', 'CONDITION', 'STARTED', 'SECONDS', 'RECEIVED', 'MISSING'],
                items.map((r) => [
                  r.runId,
                  r.state,
                  r.condition || '-',
                  r.started.slice(0, 16).replace('T', ' '),
                  r.seconds,
                  r.received,
                  r.missing,
                ]),
              )
        }${items.length ? `\n${count(items.length, 'run')}, ${count(missing, 'record')} missing` : ''}`,
    )
  },
}
