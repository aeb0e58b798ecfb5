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
import { eventually } from './eventually.ts'

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

/** Waits until a job is over (or held, or waiting for an approval). */
export const settled = (client: Client, jobId: string, seconds = 120): Promise<JobView> =>
  eventually(
    `the job ${jobId} is over`,
    async () => {
      const job = await client.jobs.get({ params: { jobId } })
      const goesOn = ['queued', 'running', 'checking'].includes(job.state) && job.waiting !== 'approval'
      return !goesOn && job
    },
    { within: seconds },
  )

/** Looks every ten milliseconds until a job has succeeded; throws when it ends otherwise. For benchmarks. */
export const succeeded = (client: Client, jobId: string): Promise<boolean> =>
  eventually(
    `the job ${jobId} has succeeded`,
    async () => {
      const job = await client.jobs.get({ params: { jobId } })
      if (!['queued', 'running', 'checking', 'succeeded'].includes(job.state))
        throw new Error(`The job ${job.state}: ${JSON.stringify(job.problem)} ${JSON.stringify(job.findings)}`)
      return job.state === 'succeeded'
    },
    { within: 600, every: 10 },
  )

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
  await eventually(`${what.name} is read`, async () => {
    const reading = await custodian.datasets.reading({ params })
    if (reading.state === 'failed')
      throw new Error(`The reading of ${what.name} failed: ${JSON.stringify(reading.problem)}`)
    return reading.state === 'ready'
  })
  const policy = { ...defaultDatasetPolicy, ...what.policy }
  // The reading may write once more after it is ready: then, as the problem says, it is loaded again.
  await eventually(`the schema of ${what.name} is taken`, async () => {
    const { rev } = await custodian.datasets.get({ params })
    return custodian.datasets.publish({ params, body: { rev, schema: what.schema, policy } }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ProblemError && error.kind === 'changed-meanwhile') return false
        throw error
      },
    )
  })
  await eventually(
    `${what.name} is published`,
    async () => {
      const dataset = await custodian.datasets.get({ params })
      if (dataset.problem) throw new Error(`${what.name} is ${dataset.state}: ${dataset.problem}`)
      return dataset.state === 'published' && dataset.version > 0
    },
    { within: 120 },
  )
  return datasetId
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
