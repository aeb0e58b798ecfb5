import { BatchClient } from '@aws-sdk/client-batch'
import { afterEach, describe, expect, it } from 'vitest'
import { computeContract } from '../../ports/compute.contract.ts'
import { type Compute, ComputeUnavailable, ContainerRefused, type ContainerRequest } from '../../ports/compute.ts'
import { awsCompute, endOf } from './compute.ts'
import { type BatchJob, type BatchServer, startBatch } from './testing/batch-server.ts'

const region = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
const over = (job: BatchJob): boolean => job.status === 'SUCCEEDED' || job.status === 'FAILED'

computeContract('Batch', async () => {
  const batch = await startBatch()
  const live = (jobId: string): BatchJob[] => batch.jobs.filter((j) => j.jobName.startsWith(`${jobId}-`) && !over(j))
  return {
    compute: awsCompute({ ...region, ...batch, pauses: Array.from({ length: 1000 }, () => 20) }),
    begin: (jobId) => {
      for (const job of live(jobId)) {
        job.status = 'RUNNING'
        job.container.logStreamName = `runner/default/${job.jobId}`
      }
    },
    finish: (jobId, exitCode) => {
      for (const job of live(jobId)) {
        job.status = exitCode === 0 ? 'SUCCEEDED' : 'FAILED'
        job.statusReason = 'Essential container in task exited'
        job.container.exitCode = exitCode
      }
    },
    expire: (jobId) => {
      for (const job of live(jobId)) {
        job.status = 'FAILED'
        job.isTerminated = true
        job.statusReason = 'Job attempt duration exceeded timeout'
      }
    },
    // Those that lost a race have not begun.
    told: (jobId) =>
      Promise.resolve(
        batch.jobs
          .filter((j) => j.jobName.startsWith(`${jobId}-`) && !j.isCancelled)
          .map(({ submission }) =>
            Object.fromEntries(submission.containerOverrides.environment.map((e) => [e.name, e.value])),
          ),
      ),
    close: batch.close,
  }
})

describe('Batch', () => {
  const open: BatchServer[] = []
  afterEach(async () => {
    for (const batch of open.splice(0)) await batch.close()
  })
  async function start(): Promise<{ batch: BatchServer; compute: Compute }> {
    const batch = await startBatch()
    open.push(batch)
    return { batch, compute: awsCompute({ ...region, ...batch, pauses: [20, 20] }) }
  }
  const request: ContainerRequest = {
    jobId: 'job_a',
    attempt: 2,
    oncePerJob: false,
    queue: 'interactive',
    share: 'ada',
    priority: 10,
    environment: { CLOISTER_MANIFEST: 'http://signed/manifest' },
    seconds: 300,
    memoryMb: 3072,
    cpus: 1,
  }
  const called = (batch: BatchServer, act: string): number => batch.calls.filter((c) => c.act === `/v1/${act}`).length

  it('is told who asked, how long and how large, and the container one thing', async () => {
    const { batch, compute } = await start()
    await compute.submit(request)
    expect(batch.jobs[0]!.submission).toEqual({
      jobName: 'job_a-2',
      jobDefinition: batch.definitions.interactive,
      jobQueue: batch.queues.interactive,
      shareIdentifier: 'ada',
      schedulingPriorityOverride: 10,
      timeout: { attemptDurationSeconds: 300 },
      containerOverrides: {
        environment: [{ name: 'CLOISTER_MANIFEST', value: 'http://signed/manifest' }],
        resourceRequirements: [
          { type: 'VCPU', value: '1' },
          { type: 'MEMORY', value: '3072' },
        ],
      },
    })
    await compute.submit({ ...request, queue: 'pipeline', priority: 5, seconds: 30 })
    expect(batch.jobs[1]!.submission).toMatchObject({
      jobDefinition: batch.definitions.pipeline,
      jobQueue: batch.queues.pipeline,
      schedulingPriorityOverride: 5,
      timeout: { attemptDurationSeconds: 60 },
    })
  })

  it('finds a container among others of like names, over several pages of a list', async () => {
    const { batch, compute } = await start()
    batch.pageSize = 1
    for (const jobId of ['JOB_A', 'job_a-1', 'job_ab']) await compute.submit({ ...request, jobId })
    const mine = await compute.submit(request)
    const later = await compute.submit({ ...request, attempt: 3 })
    expect(batch.jobs.map((j) => j.jobName)).toEqual(['JOB_A-2', 'job_a-1-2', 'job_ab-2', 'job_a-2', 'job_a-3'])
    expect(await compute.submit(request)).toEqual(mine)
    expect(await compute.submit({ ...request, attempt: 3 })).toEqual(later)
    await compute.stop('job_a', 3)
    expect(batch.jobs.map((j) => over(j))).toEqual([false, false, false, true, true])
  })

  it('keeps the older of two that were submitted at once, and ends the other', async () => {
    const { batch, compute } = await start()
    // Both have looked before either submits, and both are there before either is answered.
    const both = Promise.withResolvers<void>()
    batch.accepted = () => {
      if (batch.jobs.length === 2) both.resolve()
      return both.promise
    }
    const [one, other] = await Promise.all([compute.submit(request), compute.submit(request)])
    expect(one).toEqual(other)
    expect(one.handle).toBe(batch.jobs[0]!.jobId)
    expect(batch.jobs.map((j) => j.status)).toEqual(['RUNNABLE', 'FAILED'])
  })

  // Each of the two lists that follow shows one job alone: its own to both, or to each the other's.
  it.each([0, 1])('never ends both, even where each list lacks one of them (%i)', async (from) => {
    const { batch, compute } = await start()
    const both = Promise.withResolvers<void>()
    batch.accepted = () => {
      if (batch.jobs.length === 2) {
        let list = from
        batch.listed = () => [batch.jobs[list++ % 2]!]
        both.resolve()
      }
      return both.promise
    }
    const refs = await Promise.all([compute.submit(request), compute.submit(request)])
    const left = batch.jobs.filter((j) => !over(j)).map((j) => j.jobId)
    expect(left.length).toBeGreaterThan(0)
    for (const { handle } of refs) expect(left).toContain(handle)
  })

  it('says how many go before one that waits, where Batch tells it, and where its log is once it has one', async () => {
    const { batch, compute } = await start()
    await compute.submit({ ...request, jobId: 'job_before' })
    const container = await compute.submit(request)
    expect(await compute.state(container)).toEqual({ state: 'waiting', ahead: 1 })
    batch.jobs.shift()
    expect(await compute.state(container)).toEqual({ state: 'waiting', ahead: 0 })
    const [job] = batch.jobs as [BatchJob]
    for (const [status, state] of [
      ['SUBMITTED', 'waiting'],
      ['PENDING', 'waiting'],
      ['STARTING', 'starting'],
      ['RUNNING', 'running'],
    ] as const) {
      job.status = status
      expect(await compute.state(container)).toEqual({ state })
    }
    expect(await compute.logs(container)).toBeUndefined()
    job.container.logStreamName = 'runner/default/first'
    expect(await compute.logs(container)).toBe('/cloister/test/runner:runner/default/first')
    job.attempts.push({ container: { logStreamName: 'runner/default/second' } })
    expect(await compute.logs(container)).toBe('/cloister/test/runner:runner/default/second')
  })
  it('does without the place in the queue where the snapshot fails', async () => {
    const { batch, compute } = await start()
    const container = await compute.submit(request)
    batch.queues.interactive = 'gone'
    expect(await compute.state(container)).toEqual({ state: 'waiting' })
  })

  it('asks a few times while it has patience, and then says what it saw', async () => {
    const { batch, compute } = await start()
    const container = await compute.submit(request)
    expect(await compute.state(container, 60_000)).toMatchObject({ state: 'waiting' })
    expect(called(batch, 'describejobs')).toBe(3)
  })

  it.each([
    ['ServerException', 500],
    ['TooManyRequestsException', 429],
  ] as const)('is unavailable, not wrong, while it answers %s', async (kind, status) => {
    const { batch, compute } = await start()
    const container = await compute.submit(request)
    const once = awsCompute({
      ...batch,
      client: new BatchClient({ ...region, endpoint: batch.endpoint, maxAttempts: 1 }),
    })
    batch.failure = { kind, status }
    for (const act of [
      () => once.submit({ ...request, jobId: 'job_b' }),
      () => once.state(container),
      () => once.stop('job_a', 2),
      () => once.logs(container),
    ])
      await expect(act()).rejects.toThrow(ComputeUnavailable)
    batch.failure = undefined
    expect(await once.state(container)).toMatchObject({ state: 'waiting' })
  })
  it('is unavailable when it is not reached, and lets every other error through as it is', async () => {
    const { batch, compute } = await start()
    const container = await compute.submit(request)
    batch.failure = { kind: 'ClientException', status: 400 }
    await expect(compute.state(container)).rejects.toThrow(expect.objectContaining({ name: 'ClientException' }))
    const nowhere = awsCompute({ ...region, ...batch, endpoint: 'http://127.0.0.1:9' })
    await expect(nowhere.state(container)).rejects.toThrow(ComputeUnavailable)
  })
  it('refuses for good what it does not know or cannot run', async () => {
    const { batch, compute } = await start()
    await expect(compute.submit({ ...request, share: 'not alphanumeric' })).rejects.toThrow(ContainerRefused)
    const elsewhere = awsCompute({
      ...region,
      ...batch,
      definitions: { ...batch.definitions, interactive: 'another' },
    })
    await expect(elsewhere.submit(request)).rejects.toThrow(ContainerRefused)
    expect(batch.jobs).toEqual([])
  })
})

describe('the end of a job in Batch', () => {
  const failed = (more: object): Parameters<typeof endOf>[0] =>
    ({ status: 'FAILED', statusReason: 'Essential container in task exited', ...more }) as never
  it.each([
    ['an exit code', { container: { exitCode: 1 } }, { end: 'exit-code', exitCode: 1 }],
    [
      'an exit code that only the attempt has',
      { attempts: [{ container: { exitCode: 9 } }] },
      { end: 'exit-code', exitCode: 9 },
    ],
    [
      'memory',
      { container: { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' } },
      { end: 'memory', exitCode: 137 },
    ],
    [
      'its time',
      { statusReason: 'Job attempt duration exceeded timeout', isTerminated: true, container: { exitCode: 137 } },
      { end: 'time-limit', exitCode: 137 },
    ],
    ['a stop of ours', { statusReason: 'Stopped by Cloister', isTerminated: true }, { end: 'stopped' }],
    ['a stop by an operator', { statusReason: 'Not needed', isTerminated: true }, { end: 'stopped' }],
    ['a host that went away', { statusReason: 'Host EC2 (instance i-0abc) terminated.' }, { end: 'lost' }],
    [
      'an image that is not there',
      { container: { reason: 'CannotPullContainerError: pull image manifest has been retried 1 time(s)' } },
      { end: 'not-started' },
    ],
    [
      'secrets or logs out of reach',
      { container: { reason: 'ResourceInitializationError: unable to pull registry auth' } },
      { end: 'not-started' },
    ],
    [
      'no network',
      { statusReason: 'Timeout waiting for network interface provisioning to complete.' },
      { end: 'not-started' },
    ],
    [
      'a queue that has no such machine',
      { statusReason: 'Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT' },
      { end: 'not-started' },
    ],
    ['nothing that anybody knows', { statusReason: 'Task stopped' }, { end: 'lost' }],
  ])('is told from %s', (_, job, end) => expect(endOf(failed(job))).toEqual(end))
  it('is success when Batch says so', () =>
    expect(endOf({ status: 'SUCCEEDED', container: { exitCode: 0 } } as never)).toEqual({
      end: 'succeeded',
      exitCode: 0,
    }))
})
