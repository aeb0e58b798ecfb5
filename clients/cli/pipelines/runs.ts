/** run list, show, log, artifacts, cancel: runs of pipelines as they go and as they went. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline as pump } from 'node:stream/promises'
import { runStates } from '../../../domain/pipelines/life.ts'
import type { Client } from '../../api.ts'
import { defineCommand, type Group, oneOf } from '../command.ts'
import { CliError, exits, type Io, show } from '../io.ts'
import { jobMeant } from '../jobs/job-id.ts'
import { connect, type Session } from '../session.ts'
import { tame } from '../text.ts'
import { choice } from '../values.ts'
import { artifactTable, logLine, runTable, standingOf } from './run-text.ts'
import { tellRun, watchRun } from './watch.ts'

type LogRecord = Awaited<ReturnType<Client['pipelines']['log']>>['records'][number]
type Artifact = Awaited<ReturnType<Client['pipelines']['artifacts']>>['items'][number]

const runArgument = oneOf('run', 'the id of a run, as "cloister run list" lists it')

const list = defineCommand({
  name: 'list',
  usage: 'list',
  summary: 'Runs that you may see, newest first',
  rows: [['list [--state STATE]']],
  options: { state: { type: 'string', value: 'STATE', help: `only runs in this state: ${runStates.join(', ')}` } },
  async run({ io, options }) {
    const session = await connect(io, options.server)
    const state = choice('state', options.state, runStates)
    const { items } = await session.client.pipelines.runs({ query: { limit: 50, state } })
    show(io, items, () => (items.length === 0 ? 'No runs.' : runTable(items)))
  },
})

const showOne = defineCommand({
  name: 'show',
  usage: 'show RUN',
  summary: 'How a run stands or ended; exit code 1 when it did not succeed',
  rows: [['show RUN [--wait]', 'exit code 1 when it did not succeed']],
  argument: runArgument,
  options: { wait: { type: 'boolean', help: 'waits for the end first' } },
  examples: ['cloister run show job_abcdefghijklmnop --wait'],
  async run(call) {
    const { session, jobId } = await jobMeant(call, 'run')
    return tellRun(session, jobId, call.options.wait === true)
  },
})

/** Of progress lines only what each came to; with `--json` everything, one record a line. */
function printRecord(io: Io, record: LogRecord): void {
  if (io.json) io.out(JSON.stringify(record))
  else if (!record.u && record.p !== 1 && record.x !== '') io.out(logLine(record.x))
}

/** Prints what has been written so far. */
async function printLog({ io, client }: Session, jobId: string): Promise<void> {
  for (let from = 0; ;) {
    const page = await client.pipelines.log({ params: { jobId }, query: { from, limit: 5000 }, signal: io.signal })
    for (const record of page.records) printRecord(io, record)
    if (page.ended || page.next === from) return
    from = page.next
  }
}

const log = defineCommand({
  name: 'log',
  usage: 'log RUN',
  summary: 'The log of a run',
  rows: [['log RUN [--follow]', 'the whole log; with --follow as it is written']],
  argument: runArgument,
  options: { follow: { type: 'boolean', short: 'f', help: 'goes on until the run is over' } },
  examples: ['cloister run log job_abcdefghijklmnop --follow'],
  async run(call) {
    const { session, jobId } = await jobMeant(call, 'run')
    if (call.options.follow) await watchRun(session, jobId, (line) => call.io.out(line))
    else await printLog(session, jobId)
  },
})

/** Fetches artifacts into a folder; what lies in one archive is fetched once. Answers how many files there are. */
async function fetchArtifacts(
  { io, client }: Session,
  jobId: string,
  items: readonly Artifact[],
  folder: string,
): Promise<number> {
  const got = new Set<string>()
  for (const { path, zipped } of items) {
    const { url, filename } = await client.pipelines.artifact({ params: { jobId }, query: { path } })
    // Paths were checked by the server: relative, no part beginning with a dot.
    const to = join(folder, zipped ? filename : path)
    if (got.has(to)) continue
    got.add(to)
    io.progress(to)
    await mkdir(dirname(to), { recursive: true })
    const answer = await fetch(url, { signal: io.signal })
    if (!answer.ok || !answer.body)
      throw new CliError(exits.unreachable, `${tame(path)} could not be fetched (${answer.status}).`)
    await pump(Readable.fromWeb(answer.body as never), createWriteStream(to))
  }
  return got.size
}

const artifacts = defineCommand({
  name: 'artifacts',
  usage: 'artifacts RUN',
  summary: 'What a run left: lists it, or fetches it',
  rows: [['artifacts RUN [-o FOLDER]', 'lists them, or fetches them into a folder']],
  argument: runArgument,
  options: { output: { type: 'string', short: 'o', value: 'FOLDER', help: 'fetches them into this folder' } },
  examples: ['cloister run artifacts job_abcdefghijklmnop -o results'],
  async run(call) {
    const { io, options } = call
    const { session, jobId } = await jobMeant(call, 'run')
    const { items } = await session.client.pipelines.artifacts({ params: { jobId } })
    const folder = options.output
    if (folder === undefined)
      return show(io, items, () => (items.length === 0 ? 'This run left nothing.' : artifactTable(items)))
    io.note(`${await fetchArtifacts(session, jobId, items, folder)} files in ${folder}`)
  },
})

const cancel = defineCommand({
  name: 'cancel',
  usage: 'cancel RUN',
  summary: 'Stops a run',
  argument: runArgument,
  options: {},
  async run(call) {
    const { session, jobId } = await jobMeant(call, 'run')
    const run = await session.client.pipelines.cancel({ params: { jobId } })
    show(call.io, run, () => standingOf(run))
  },
})

export const run: Group = {
  name: 'run',
  summary: 'Runs of pipelines: how they stand, their logs, what they left',
  commands: [list, showOne, log, artifacts, cancel],
  column: 39,
}
