/** run list, show, log, artifacts, cancel: runs of pipelines as they go and as they went. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline as pump } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { pipelines } from '../../contracts/pipelines.ts'
import { isOver, runStates } from '../../domain/pipelines/life.ts'
import type { Client } from '../api.ts'
import { readEvents } from '../events.ts'
import { type Call, type Command, text } from './command.ts'
import { tokenFor } from './config.ts'
import { CliError, exits, show, table, tame } from './io.ts'
import { connect, type Session } from './session.ts'

type Run = Awaited<ReturnType<Client['pipelines']['run']>>

/** A line of a log for a terminal: colours and tabs stay, whatever else would steer it does not. */
const line = (x: string): string =>
  x
    .split(/(\u001b\[[\d;]{0,40}m|\t)/)
    .map((part, i) => (i % 2 ? part : tame(part)))
    .join('')

/** Shows a run's log from its beginning until the run is over. Progress lines replace each other. */
export async function watchRun({ io, server }: Session, jobId: string, out: (text: string) => void): Promise<void> {
  for await (const { data: r } of readEvents(
    { baseUrl: server, token: () => tokenFor(io, server) },
    pipelines.routes.logEvents,
    {
      params: { jobId },
      signal: io.signal,
      connection: (c) => {
        if (c === 'lost') io.progress('Connection lost; going on where it was …')
      },
    },
  )) {
    if (r.u) continue
    if (r.p === 1) io.progress(line(r.x))
    else if (r.x !== '') out(line(r.x))
  }
  io.signal.throwIfAborted()
}

const standing = (r: Run): string =>
  [
    `${r.jobId}: ${r.state}`,
    r.queue ? `, ${r.queue.position} of ${r.queue.waiting} waiting` : '',
    r.exitCode === undefined ? '' : `, exit code ${r.exitCode}`,
    r.seconds === undefined ? '' : `, ${r.seconds.toFixed(1)} s`,
  ].join('')

/** Says how a run stands, or how it ended; waits for the end when asked to. */
export async function tellRun(call: Call, session: Session, jobId: string, wait: boolean): Promise<number> {
  let r = await session.client.pipelines.run({ params: { jobId } })
  for (let pause = 150; wait && !isOver(r.state); pause = Math.min(3000, pause * 1.25)) {
    call.io.progress(standing(r))
    await sleep(pause, undefined, { signal: call.io.signal })
    r = await session.client.pipelines.run({ params: { jobId } })
  }
  show(call.io, r, () =>
    [
      standing(r),
      ...(r.problem ? [`${tame(r.problem.message)} ${tame(r.problem.todo)}`] : []),
      ...(r.metrics.length
        ? [
            table(
              ['metric', 'value'],
              r.metrics.map((m) => [m.name, m.value]),
            ),
          ]
        : []),
      ...(r.used ? [`CPU ${r.used.cpuSeconds} s, memory up to ${r.used.peakMemoryMb} MB`] : []),
      ...(r.artifacts ? [`${r.artifacts} artifacts: cloister run artifacts ${r.jobId} -o FOLDER`] : []),
    ].join('\n'),
  )
  return isOver(r.state) && r.state !== 'succeeded' ? exits.no : exits.done
}

async function list(call: Call): Promise<void> {
  const session = await connect(call.io, text(call, 'server'))
  const state = text(call, 'state')
  if (state !== undefined && !(runStates as readonly string[]).includes(state))
    throw new CliError(exits.usage, `--state is one of ${runStates.join(', ')}, not "${tame(state)}".`)
  const { items } = await session.client.pipelines.runs({
    query: { limit: 50, ...(state ? { state: state as Run['state'] } : {}) },
  })
  show(call.io, items, () =>
    items.length === 0
      ? 'No runs.'
      : table(
          ['run', 'state', 'pipeline', 'experiment', 'made', 'title'],
          items.map((r) => [
            r.jobId,
            r.state,
            r.pipeline,
            r.experiment,
            r.created.slice(0, 16).replace('T', ' '),
            r.title,
          ]),
        ),
  )
}

async function log(call: Call, session: Session, jobId: string): Promise<number | void> {
  if (call.options['follow']) return watchRun(session, jobId, (x) => call.io.out(x))
  for (let from = 0; ;) {
    const page = await session.client.pipelines.log({
      params: { jobId },
      query: { from, limit: 5000 },
      signal: call.io.signal,
    })
    // Of progress lines only what each came to; with --json everything, one record a line.
    for (const r of page.records)
      if (call.io.json) call.io.out(JSON.stringify(r))
      else if (!r.u && r.p !== 1 && r.x !== '') call.io.out(line(r.x))
    if (page.ended || page.next === from) return
    from = page.next
  }
}

async function artifacts(call: Call, session: Session, jobId: string): Promise<void> {
  const { items } = await session.client.pipelines.artifacts({ params: { jobId } })
  const folder = text(call, 'output')
  if (folder === undefined)
    return show(call.io, items, () =>
      items.length === 0
        ? 'This run left nothing.'
        : table(
            ['path', 'kind', 'bytes', 'title'],
            items.map((a) => [a.path, a.kind, a.size, a.title ?? '']),
          ),
    )
  const got = new Set<string>()
  for (const a of items) {
    const { url, filename } = await session.client.pipelines.artifact({ params: { jobId }, query: { path: a.path } })
    // Paths were checked by the server: relative, no part beginning with a dot.
    const to = join(folder, a.zipped ? filename : a.path)
    if (got.has(to)) continue
    got.add(to)
    call.io.progress(to)
    await mkdir(dirname(to), { recursive: true })
    const r = await fetch(url, { signal: call.io.signal })
    if (!r.ok || !r.body) throw new CliError(exits.unreachable, `${tame(a.path)} could not be fetched (${r.status}).`)
    await pump(Readable.fromWeb(r.body as never), createWriteStream(to))
  }
  call.io.note(`${got.size} files in ${folder}`)
}

const onOne: Record<string, (call: Call, session: Session, jobId: string) => Promise<number | void>> = {
  log,
  artifacts,
  show: (call, session, jobId) => tellRun(call, session, jobId, call.options['wait'] === true),
  cancel: async (call, session, jobId) => {
    const r = await session.client.pipelines.cancel({ params: { jobId } })
    show(call.io, r, () => standing(r))
  },
}

export const run: Command = {
  usage: 'run list | show RUN | log RUN | artifacts RUN | cancel RUN',
  summary: 'Runs of pipelines: how they stand, their logs, what they left',
  detail: `  list [--state STATE]
  show RUN [--wait]                    exit code 1 when it did not succeed
  log RUN [--follow]                   the whole log; with --follow as it is written
  artifacts RUN [-o FOLDER]            lists them, or fetches them into a folder`,
  options: {
    state: { type: 'string' },
    wait: { type: 'boolean' },
    follow: { type: 'boolean', short: 'f' },
    output: { type: 'string', short: 'o' },
  },
  async run(call) {
    const [act, which, ...more] = call.args
    if (act === 'list' && which === undefined) return list(call)
    const work = act === undefined || !Object.hasOwn(onOne, act) ? undefined : onOne[act]
    if (!work) throw new CliError(exits.usage, `Say "cloister ${run.usage.split(' | ').join('", "cloister run ')}".`)
    if (which === undefined || more.length > 0)
      throw new CliError(exits.usage, which === undefined ? 'Say which run.' : 'Only one run at a time.')
    if (!/^job_[a-z2-7]{16,32}$/.test(which))
      throw new CliError(exits.usage, `"${tame(which)}" is not the id of a run.`, '"cloister run list" lists them.')
    return work(call, await connect(call.io, text(call, 'server')), which)
  },
}
