/**
 * For tests and benchmarks of runs and their logs: a host in a process of its own that can be killed and started again,
 * and a pipeline that prints what it is told.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, type ClientOptions, createClient } from '../clients/api.ts'
import { readEvents, type StreamInput } from '../clients/events.ts'
import { pipelines } from '../contracts/pipelines.ts'
import type { PlacedRecord } from '../domain/pipelines/log.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { Visitor } from '../local/testing.ts'
import { demoHome } from './demo-home.ts'
import { eventually } from './eventually.ts'

export type Run = Awaited<ReturnType<Client['pipelines']['run']>>
const root = fileURLToPath(new URL('..', import.meta.url))

export interface HostProcess {
  origin: string
  home: string
  pid(): number
  start(): Promise<void>
  /** As when the power goes: nothing is said to it. */
  kill(): Promise<void>
  /** Stops it as a person does, and removes its home. */
  close(): Promise<void>
  /** Somebody of the demo organisation. */
  as(email: string): Promise<{ client: Client; options: ClientOptions; organisationId: string }>
}

/** A host on `port` with a new home. */
export async function hostProcess(port: number, runs: number, flags: readonly string[] = []): Promise<HostProcess> {
  const home = await demoHome('cloister-runs-')
  const origin = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...flags, join(root, 'local/run.ts')], {
      env: { ...process.env, CLOISTER_PORT: String(port), CLOISTER_HOME: home, CLOISTER_RUNS: String(runs) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise<void>((resolve, reject) => {
      child!.stdout!.on('data', (text: Buffer) => {
        if (text.includes('is ready')) resolve()
      })
      child!.once('exit', (code) => reject(new Error(`The host ended with ${code}`)))
    })
    // Its watch and what was left are taken up right after.
  }
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    const now = child
    if (!now || now.exitCode !== null || now.signalCode !== null) return
    const exit = new Promise((resolve) => {
      now.once('exit', resolve)
    })
    now.kill(signal)
    await exit
  }
  await start()
  return {
    origin,
    home,
    pid: () => child!.pid!,
    start,
    kill: () => ended('SIGKILL'),
    close: async () => {
      await ended('SIGTERM')
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    },
    as: async (email) => {
      const tokens = await new Visitor(origin).signIn(email, demoPassword)
      const options: ClientOptions = { baseUrl: origin, token: () => tokens.access_token }
      const client = createClient(options)
      return { client, options, organisationId: (await client.access.me()).memberships[0]!.organisationId }
    },
  }
}

/** Publishes Python as a pipeline without inputs and sets up an experiment with it. */
export async function experimentOf(
  client: Client,
  organisationId: string,
  name: string,
  code: string,
  more: { command?: string[]; resources?: { memoryMb?: number; seconds?: number } } = {},
): Promise<string> {
  const bytes = Buffer.from(code)
  const file = { path: 'main.py', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  const { uploads } = await client.pipelines.uploads({ params: { organisationId }, body: { name, files: [file] } })
  for (const { upload } of uploads)
    if (upload) {
      const response = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: bytes })
      if (!response.ok) throw new Error(`The store refused the code: ${response.status}`)
    }
  const { pipelineId } = await client.pipelines.publish({
    params: { organisationId },
    body: {
      definition: {
        name,
        title: name,
        runtime: 'python',
        command: more.command ?? ['python3', 'main.py', '{{count}}', '{{pause}}', '{{output}}'],
        resources: { memoryMb: 256, ...more.resources },
        parameters: {
          type: 'object',
          properties: { count: { type: 'integer', default: 100 }, pause: { type: 'number', default: 0.05 } },
        },
      },
      files: [file],
    },
  })
  return (await client.pipelines.createExperiment({ params: { organisationId }, body: { pipelineId, title: name } }))
    .experimentId
}

/** Every record of a run's log until its end. */
export async function watchLog(
  options: ClientOptions,
  jobId: string,
  seen: (r: PlacedRecord) => void,
  more: Pick<StreamInput<typeof pipelines.routes.logEvents>, 'signal' | 'after' | 'connection'> = {},
): Promise<void> {
  for await (const { data } of readEvents(options, pipelines.routes.logEvents, { params: { jobId }, ...more }))
    seen(data as PlacedRecord)
}

/** What a run came to, once it is over. A host that is away meanwhile is waited for. */
export const over = (client: Client, jobId: string, seconds = 60): Promise<Run> =>
  eventually(
    `the run ${jobId} is over`,
    async () => {
      const run = await client.pipelines.run({ params: { jobId } }).catch(() => undefined)
      return run !== undefined && ['succeeded', 'failed', 'cancelled'].includes(run.state) && run
    },
    { within: seconds, every: 100 },
  )
