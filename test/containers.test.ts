/**
 * Nothing runs on after a cancellation: the containers of jobs, on the real adapter of Batch with a stand-in for the
 * service, while people cancel, hosts die between two acts, and the service is away or behind.
 */
import { BatchClient } from '@aws-sdk/client-batch'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { awsCompute } from '../adapters/aws/compute.ts'
import { type BatchJob, type BatchServer, startBatch } from '../adapters/aws/testing/batch-server.ts'
import { type JobItem, keyOf } from '../functions/kernel/items.ts'
import { createCompute } from '../functions/workflow/compute.ts'
import { type Stage, stage } from './jobs-walk.ts'

let batch: BatchServer
let on: Stage
let compute: ReturnType<typeof createCompute>

beforeAll(async () => {
  batch = await startBatch()
  const client = new BatchClient({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoint: batch.endpoint,
    maxAttempts: 1,
  })
  on = await stage({}, 60, awsCompute({ ...batch, client, pauses: [] }))
  compute = createCompute(on.h.deps)
})
afterAll(async () => {
  await on.h.close()
  await batch.close()
})
beforeEach(() => {
  batch.failure = undefined
  batch.listed = () => batch.jobs
})

const anil = () => on.h.person('anil')
const of = (jobId: string): BatchJob[] => batch.jobs.filter((j) => j.jobName.startsWith(`${jobId}-`))
const states = (jobId: string): [string, string | undefined][] => of(jobId).map((j) => [j.jobName, j.statusReason])
const stopped = 'Stopped by Cloister'

/** A question whose container was submitted: the workflow waits for it. */
async function atWork(attempt = 1, jobId?: string): Promise<string> {
  const asked =
    jobId ??
    (
      await on.h.call('jobs', 'ask', {
        as: anil(),
        body: { dataset: 'trial', language: 'python', mode: 'rules', code: 'print(1)' },
      })
    ).jobId
  const prepared = await on.steps.prepare({ jobId: asked, attempt })
  expect(prepared.compute).toBe('container')
  await compute({ act: 'submit', jobId: asked, attempt, compute: 'container', container: prepared.container! })
  for (const job of of(asked)) if (job.status === 'RUNNABLE') job.status = 'RUNNING'
  return asked
}
const cancel = (jobId: string) => on.h.answer('jobs', 'cancel', { as: anil(), params: { jobId } })
/** The execution is gone, as after an accident that nobody planned. */
const lose = (jobId: string): void => {
  for (const [place, run] of on.started.entries()) if (run.jobId === jobId) on.started.splice(place, 1)
}

it('a cancellation stops the execution and the container', async () => {
  const jobId = await atWork()
  expect((await cancel(jobId)).status).toBe(200)
  expect(states(jobId)).toEqual([[`${jobId}-1`, stopped]])
  expect(on.started.some((e) => e.jobId === jobId)).toBe(false)
})

it('a query that is cancelled asks nobody for containers', async () => {
  const { jobId } = await on.h.call('jobs', 'ask', {
    as: anil(),
    body: { dataset: 'trial', language: 'sql', mode: 'rules', code: 'all' },
  })
  await on.steps.prepare({ jobId, attempt: 1 })
  const calls = batch.calls.length
  expect((await cancel(jobId)).status).toBe(200)
  expect(batch.calls.length).toBe(calls)
})

it.each([
  ['the service is away', () => (batch.failure = { kind: 'ServerException' as const, status: 500 })],
  ['lists lag behind', () => (batch.listed = () => [])],
])('a container that a cancellation could not stop, since %s, is stopped by the watch', async (_, trouble) => {
  const jobId = await atWork()
  trouble()
  expect((await cancel(jobId)).status).toBe(200)
  expect(states(jobId)).toEqual([[`${jobId}-1`, undefined]])
  batch.failure = undefined
  batch.listed = () => batch.jobs
  await on.steps.watch()
  expect(states(jobId)).toEqual([[`${jobId}-1`, stopped]])
})

it('a container that no execution waits for any more is gone before the job is started again', async () => {
  const jobId = await atWork()
  lose(jobId)
  await on.steps.watch()
  expect(on.started).toContainEqual({ jobId, attempt: 2 })
  expect(states(jobId)).toEqual([[`${jobId}-1`, stopped]])
  await atWork(2, jobId)
  expect(states(jobId)).toEqual([
    [`${jobId}-1`, stopped],
    [`${jobId}-2`, undefined],
  ])
  await cancel(jobId)
  expect(states(jobId).map(([, reason]) => reason)).toEqual([stopped, stopped])
})

it('a job is not started again while nobody can say whether its container is gone, and loses no attempt by that', async () => {
  const jobId = await atWork()
  lose(jobId)
  batch.failure = { kind: 'ServerException', status: 500 }
  expect(await on.steps.watch()).toMatchObject({ started: 0 })
  expect((await on.job(jobId)).attempt).toBe(1)
  batch.failure = undefined
  await on.steps.watch()
  expect((await on.job(jobId)).attempt).toBe(2)
  await cancel(jobId)
})

it('the last attempt’s container is stopped when the job is given up', async () => {
  const jobId = await atWork()
  await on.h.deps.table.update<JobItem>(keyOf.job(jobId), { set: { attempt: 10 } })
  lose(jobId)
  await on.steps.watch()
  expect(await on.job(jobId)).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' } })
  expect(states(jobId)).toEqual([[`${jobId}-1`, stopped]])
})
