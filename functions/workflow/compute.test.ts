/** The stage of the workflow on the real adapter of Batch, whose service is a stand-in. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BatchClient } from '@aws-sdk/client-batch'
import { awsCompute } from '../../adapters/aws/compute.ts'
import { type BatchJob, type BatchServer, startBatch } from '../../adapters/aws/testing/batch-server.ts'
import { type Compute, noCompute } from '../../ports/compute.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { type ComputeInput, createCompute, type Progress } from './compute.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
let batch: BatchServer
let compute: Compute
let on: Harness
let step: (input: ComputeInput) => Promise<Progress>

beforeAll(async () => {
  batch = await startBatch()
  const client = new BatchClient({ region: 'eu-central-1', credentials, endpoint: batch.endpoint, maxAttempts: 1 })
  compute = awsCompute({ ...batch, client, pauses: [] })
  on = await harness({ compute })
  step = createCompute(on.deps) as typeof step
})
afterAll(async () => {
  await on.close()
  await batch.close()
})
beforeEach(() => {
  batch.failure = undefined
  batch.accepted = () => {}
  on.logs.length = 0
})

let serial = 0
/** A job as `prepare` leaves it. */
async function job(more: Partial<JobItem> = {}): Promise<string> {
  const jobId = `job_${String(serial++).padStart(8, '0')}`
  await on.deps.table.create({ ...keyOf.job(jobId), jobId, kind: 'script', state: 'running', attempt: 1, ...more })
  return jobId
}
const container = { manifest: 'http://signed/manifest', seconds: 300, memoryMb: 3072, cpus: 1, share: 'ada' }
const submit = (jobId: string, more: object = {}, attempt = 1): Promise<Progress> =>
  step({ act: 'submit', jobId, attempt, compute: 'container', container: { ...container, ...more } })
const look = (jobId: string, { submitted }: Progress): Promise<Progress> =>
  step({ act: 'look', jobId, attempt: 1, submitted })
const of = (jobId: string): BatchJob[] => batch.jobs.filter((j) => j.jobName.startsWith(`${jobId}-`))
const logged = (event: string): object[] => on.logs.filter((l) => l['event'] === event)

describe('submitting', () => {
  it.each([
    ['interactive', 'container', 3600, 10, 4],
    ['batch', 'container', 3601, 1, 48],
    ['pipeline', 'pipeline', 3600, 5, 96],
  ] as const)(
    'goes to the queue %s, with its priority and its patience',
    async (queue, kind, seconds, first, hours) => {
      const jobId = await job()
      const { over, wait, submitted } = await step({
        act: 'submit',
        jobId,
        attempt: 1,
        compute: kind,
        container: { ...container, seconds },
      })
      expect([over, wait]).toEqual([false, 0])
      expect(Date.parse(submitted.until) - Date.parse(submitted.at)).toBe(hours * 3600 * 1000)
      expect(of(jobId)).toHaveLength(1)
      expect(of(jobId)[0]).toMatchObject({
        jobId: submitted.handle,
        jobName: `${jobId}-1`,
        jobQueue: batch.queues[queue],
        submission: {
          jobDefinition: batch.definitions[queue],
          schedulingPriorityOverride: first,
          shareIdentifier: 'ada',
          timeout: { attemptDurationSeconds: seconds },
          containerOverrides: {
            environment: [{ name: 'CLOISTER_MANIFEST', value: 'http://signed/manifest' }],
            resourceRequirements: [
              { type: 'VCPU', value: '1' },
              { type: 'MEMORY', value: '3072' },
            ],
          },
        },
      })
    },
  )
  it('twice, also at once, is one container', async () => {
    const jobId = await job()
    const [one, other] = await Promise.all([submit(jobId), submit(jobId)])
    expect(one.submitted.handle).toBe(other.submitted.handle)
    expect((await submit(jobId)).submitted.handle).toBe(one.submitted.handle)
    expect(of(jobId).filter((j) => j.status !== 'FAILED')).toHaveLength(1)
  })
  it('takes up the container of an earlier attempt of a run, and begins none of a question’s', async () => {
    const run = await job({ kind: 'pipeline' })
    const first = await step({ act: 'submit', jobId: run, attempt: 1, compute: 'pipeline', container })
    await on.deps.table.update<JobItem>(keyOf.job(run), { set: { attempt: 2 } })
    const second = await step({ act: 'submit', jobId: run, attempt: 2, compute: 'pipeline', container })
    expect(second.submitted.handle).toBe(first.submitted.handle)
    const question = await job()
    await submit(question)
    await on.deps.table.update<JobItem>(keyOf.job(question), { set: { attempt: 2 } })
    await submit(question, {}, 2)
    expect([of(run).length, of(question).length]).toEqual([1, 2])
  })
  it.each([
    ['that is over', { state: 'cancelled' as const }],
    ['of which another attempt has begun', { attempt: 2 }],
  ])('does nothing for a job %s', async (_, now) => {
    const jobId = await job(now)
    expect(await submit(jobId)).toMatchObject({ over: true })
    expect(await submit('job_nobody')).toMatchObject({ over: true })
    expect(of(jobId)).toEqual([])
  })
  it('stops what was submitted after somebody had cancelled the job', async () => {
    const jobId = await job()
    batch.accepted = async () => {
      await on.deps.table.update<JobItem>(keyOf.job(jobId), { set: { state: 'cancelled' } })
    }
    expect(await submit(jobId)).toMatchObject({ over: true })
    expect(of(jobId)).toMatchObject([{ status: 'FAILED', statusReason: 'Stopped by Cloister' }])
  })
  it('fails by the name that the workflow retries or does not', async () => {
    const jobId = await job()
    batch.failure = { kind: 'ServerException', status: 500 }
    await expect(submit(jobId)).rejects.toThrow(expect.objectContaining({ name: 'ComputeUnavailable' }))
    batch.failure = undefined
    await expect(submit(jobId, { share: 'a b' })).rejects.toThrow(expect.objectContaining({ name: 'ContainerRefused' }))
  })
  it('is refused where there are no containers', async () => {
    const jobId = await job()
    const nowhere = createCompute({ ...on.deps, compute: noCompute })
    await expect(nowhere({ act: 'submit', jobId, attempt: 1, compute: 'container', container })).rejects.toThrow(
      expect.objectContaining({ name: 'ContainerRefused' }),
    )
  })
})

describe('looking', () => {
  it('waits longer the older a container is, and says where it stands in its queue', async () => {
    const jobId = await job()
    const progress = await submit(jobId)
    const waits: number[] = []
    for (const seconds of [0, 8, 72, 320]) {
      on.clock.advance(seconds)
      waits.push((await look(jobId, progress)).wait)
    }
    expect(waits).toEqual([1, 1, 10, 50])
    expect(logged('look')[0]).toMatchObject({ job: jobId, attempt: 1, state: 'waiting', ahead: expect.any(Number) })
    expect(await look(jobId, progress)).toEqual({ over: false, wait: 50, submitted: progress.submitted })
  })
  it('is over when the container is, and says why and where its log is unless it ended well', async () => {
    const [well, badly] = [await job(), await job()]
    const [first, second] = [await submit(well), await submit(badly)]
    of(well)[0]!.status = 'SUCCEEDED'
    Object.assign(of(badly)[0]!, {
      status: 'FAILED',
      container: {
        ...of(badly)[0]!.container,
        exitCode: 137,
        reason: 'OutOfMemoryError: Container killed due to memory usage',
        logStreamName: 'runner/default/one',
      },
    })
    expect([await look(well, first), await look(badly, second)]).toMatchObject([{ over: true }, { over: true }])
    expect(logged('container-end')).toEqual([
      { event: 'container-end', job: well, attempt: 1, end: 'succeeded' },
      {
        event: 'container-end',
        job: badly,
        attempt: 1,
        end: 'memory',
        exitCode: 137,
        log: '/cloister/test/runner:runner/default/one',
      },
    ])
  })
  it('goes on while the place is away, and ends no run because of it', async () => {
    const jobId = await job()
    const progress = await submit(jobId)
    batch.failure = { kind: 'ServerException', status: 500 }
    on.clock.advance(160)
    expect(await look(jobId, progress)).toEqual({ over: false, wait: 20, submitted: progress.submitted })
    expect(logged('look')).toMatchObject([{ job: jobId, state: 'unavailable' }])
    batch.failure = undefined
    expect(of(jobId)[0]!.status).toBe('RUNNABLE')
  })
  it('waits a minute for a container that the place does not know of yet, and no longer', async () => {
    const jobId = await job()
    const { submitted } = await submit(jobId)
    const unknown = { over: false, wait: 0, submitted: { ...submitted, handle: 'not-yet' } }
    expect(await look(jobId, unknown)).toMatchObject({ over: false, wait: 1 })
    on.clock.advance(61)
    // A clock that was set back keeps nothing that is lost.
    on.clock.advance(-86_400)
    expect(await look(jobId, unknown)).toMatchObject({ over: true })
    on.clock.advance(86_400)
    expect(await look(jobId, unknown)).toMatchObject({ over: true })
  })
  it('stops what was waited for too long', async () => {
    const jobId = await job()
    const progress = await submit(jobId)
    of(jobId)[0]!.status = 'RUNNING'
    on.clock.advance(4 * 3600 - 1)
    expect(await look(jobId, progress)).toMatchObject({ over: false, wait: 300 })
    on.clock.advance(1)
    expect(await look(jobId, progress)).toMatchObject({ over: true })
    expect(of(jobId)[0]).toMatchObject({ status: 'FAILED', statusReason: 'Stopped by Cloister' })
    expect(logged('container-end')).toMatchObject([{ job: jobId, end: 'waited-too-long' }])
  })
})

describe('stopping', () => {
  it('ends the container of this attempt, again without effect', async () => {
    const jobId = await job()
    await submit(jobId)
    for (let i = 0; i < 2; i++) expect(await step({ act: 'stop', jobId, attempt: 1 })).toEqual({})
    expect(of(jobId)).toMatchObject([{ status: 'FAILED', statusReason: 'Stopped by Cloister' }])
  })
})
