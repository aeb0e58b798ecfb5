/**
 * For tests and benchmarks of datasets and jobs: a whole platform, people signed in over HTTP, a dataset registered as
 * a custodian does it, questions asked and waited for.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { type Client, createClient, ProblemError } from '../clients/api.ts'
import type { DatasetSchema } from '../domain/datasets/schema.ts'
import { type DatasetPolicy, defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { type Host, startHost } from '../local/host.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { demoHome } from './demo-home.ts'

export type Asked = Parameters<Client['jobs']['ask']>[0]['body']
export type JobView = Awaited<ReturnType<Client['jobs']['get']>>
export type ResultView = Awaited<ReturnType<Client['jobs']['result']>>

export interface Stage {
  host: Host
  /** A client for one of the demo people, signed in. */
  as(email: string): Promise<Client>
  /** The organisation of the demo people. */
  organisationId: string
  close(): Promise<void>
}

/** The platform with its demo people in a temporary home. */
export async function openStage(): Promise<Stage> {
  const home = await demoHome('cloister-stage-')
  const host = await startHost({ port: await freePort(), home, quiet: true })
  const as = async (email: string): Promise<Client> => {
    const visitor = new Visitor(host.mainOrigin)
    const tokens = await visitor.signIn(email, demoPassword)
    return createClient({ baseUrl: host.mainOrigin, token: () => tokens.access_token })
  }
  const cleo = await as('cleo@demo.cloister')
  const me = await cleo.access.me()
  const organisationId = me.memberships[0]!.organisationId
  return {
    host,
    as,
    organisationId,
    close: async () => {
      await host.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Waits until a job is over (or held, or waiting for an approval). */
export async function settled(client: Client, jobId: string, seconds = 120): Promise<JobView> {
  for (const end = Date.now() + seconds * 1000; ;) {
    const job = await client.jobs.get({ params: { jobId } })
    if (!['queued', 'running', 'checking'].includes(job.state) || job.waiting === 'approval') return job
    if (Date.now() > end)
      throw new Error(`Job ${jobId} is still ${job.state} after ${seconds} s: ${JSON.stringify(job.steps)}`)
    await pause(job.language === 'sql' ? 20 : 100)
  }
}

/** Asks and waits. */
export const ask = async (client: Client, question: Asked, seconds?: number): Promise<JobView> =>
  settled(client, (await client.jobs.ask({ body: question })).jobId, seconds)

/** Asks, waits, and answers what was released; throws when nothing was. */
export async function answered(client: Client, question: Asked, seconds?: number): Promise<ResultView> {
  const job = await ask(client, question, seconds)
  if (job.state !== 'succeeded')
    throw new Error(`The job ${job.state}: ${JSON.stringify(job.problem)} ${JSON.stringify(job.findings)}`)
  return client.jobs.result({ params: { jobId: job.jobId } })
}

/** Registers and publishes a dataset as its custodian does: name, files, reading, confirmed schema. */
export async function register(
  custodian: Client,
  organisationId: string,
  what: {
    name: string
    title: string
    files: Record<string, string | Uint8Array>
    schema: DatasetSchema
    policy?: Partial<DatasetPolicy>
  },
): Promise<string> {
  const { datasetId } = await custodian.datasets.create({
    params: { organisationId },
    body: { name: what.name, title: what.title },
  })
  const params = { datasetId }
  const bytes = Object.entries(what.files).map(([path, content]) => {
    const b = Buffer.from(content)
    return { path, b, size: b.length, sha256: createHash('sha256').update(b).digest('hex') }
  })
  const files = bytes.map(({ path, size, sha256 }) => ({ path, size, sha256 }))
  const { uploads } = await custodian.datasets.uploads({ params, body: { files } })
  for (const { path, upload } of uploads) {
    if (!upload) continue
    const r = await fetch(upload.url, {
      method: upload.method,
      headers: upload.headers,
      body: bytes.find((f) => f.path === path)!.b,
    })
    if (!r.ok) throw new Error(`The upload of ${path} answered ${r.status}`)
  }
  await custodian.datasets.read({ params, body: { files } })
  for (let i = 0; ; i++) {
    const reading = await custodian.datasets.reading({ params })
    if (reading.state === 'ready') break
    if (reading.state === 'failed' || i > 600)
      throw new Error(`The reading of ${what.name} ${reading.state}: ${JSON.stringify(reading.problem)}`)
    await pause(50)
  }
  const { rev } = await custodian.datasets.get({ params })
  await custodian.datasets.publish({
    params,
    body: { rev, schema: what.schema, policy: { ...defaultDatasetPolicy, ...what.policy } },
  })
  for (let i = 0; ; i++) {
    const dataset = await custodian.datasets.get({ params })
    if (dataset.state === 'published' && dataset.version > 0) return datasetId
    if (dataset.problem || i > 1200) throw new Error(`${what.name} is ${dataset.state}: ${dataset.problem}`)
    await pause(50)
  }
}

/** The problem a call answers with; throws when it succeeds. */
export async function refusedWith(call: Promise<unknown>): Promise<ProblemError> {
  try {
    await call
  } catch (e) {
    if (e instanceof ProblemError) return e
    throw e
  }
  throw new Error('A problem was expected')
}
