/**
 * Containers on AWS Batch. Batch has no token by which a second submission would be known for the first, so a container
 * is found by its name: `<job>-<attempt>`, looked for before a submission and after it.
 *
 * What a race costs: two submissions at the same moment may both see nothing and both submit. Each then lists the name
 * again, and the one that was created first stays; the other is terminated, as a rule before it has a machine. Where
 * the list lags behind so far that neither sees the other, two containers compute the same: both write the same report,
 * which is judged once, and whoever stops the job stops both. It costs their time, never a second release.
 */
import {
  ClientException,
  DescribeJobsCommand,
  GetJobQueueSnapshotCommand,
  type JobDetail,
  SubmitJobCommand,
} from '@aws-sdk/client-batch'
import {
  type Compute,
  type ContainerEnd,
  type ContainerQueue,
  ContainerRefused,
  type ContainerRequest,
  type ContainerState,
} from '../../ports/compute.ts'
import { executionName } from '../../ports/workflow.ts'
import { asking, batchJobs, type BatchOptions, type FoundJob, isOver, stopReason } from './batch-jobs.ts'

export interface AwsComputeOptions extends BatchOptions {
  /** Names or ARNs of the job definitions of the queues' containers. */
  definitions: Readonly<Record<ContainerQueue, string>>
  /** Milliseconds between the looks of one call of `state` that waits for the end. */
  pauses?: readonly number[]
}

/** Batch terminates nothing earlier. */
const leastSeconds = 60
/**
 * A call of `state` waits for the end no longer than this, whatever patience it is told to have: a function is paid for
 * while it waits, and 15 seconds of it (256 MB) cost less than the three transitions of another look.
 */
const defaultPauses = [2000, 3000, 5000, 5000]

/**
 * What Batch and ECS say of a container that did not end by itself, by the end that it means.
 * https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html,
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const endsByReason: readonly (readonly [RegExp, ContainerEnd])[] = [
  [/attempt duration exceeded timeout/i, 'time-limit'],
  [/OutOfMemory/i, 'memory'],
  [/^Host EC2|SpotInterruption|Task stopped by.*(infrastructure|host)/im, 'lost'],
  [
    /CannotPull|CannotStart|CannotCreate|CannotInspect|ResourceInitializationError|network interface|MISCONFIGURATION:|TaskFailedToStart/i,
    'not-started',
  ],
]

/** How a job that is over came to its end, from all that Batch says of it. */
export function endOf(job: JobDetail): { end: ContainerEnd; exitCode?: number } {
  const last = job.attempts?.at(-1)
  const exitCode = job.container?.exitCode ?? last?.container?.exitCode
  const code = exitCode === undefined ? {} : { exitCode }
  if (job.status === 'SUCCEEDED') return { end: 'succeeded', ...code }
  if (job.statusReason === stopReason) return { end: 'stopped', ...code }
  const said = [job.statusReason, job.container?.reason, last?.statusReason, last?.container?.reason].join('\n')
  const known = endsByReason.find(([pattern]) => pattern.test(said))
  if (known) return { end: known[1], ...code }
  if (job.isTerminated || job.isCancelled) return { end: 'stopped', ...code }
  return exitCode === undefined ? { end: 'lost' } : { end: 'exit-code', exitCode }
}

/** The one that was created first; the same one for everybody who asks. */
const oldest = (found: readonly FoundJob[]): FoundJob | undefined =>
  [...found].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))[0]

/** The containers of an installation. */
export function awsCompute({ definitions, pauses = defaultPauses, ...options }: AwsComputeOptions): Compute {
  const { queues } = options
  const { client: batch, find, terminate, stop } = batchJobs(options)

  const describe = async (id: string): Promise<JobDetail | undefined> =>
    (await asking(() => batch.send(new DescribeJobsCommand({ jobs: [id] })))).jobs?.[0]

  async function begin(request: ContainerRequest): Promise<string> {
    try {
      const { jobId } = await asking(() =>
        batch.send(
          new SubmitJobCommand({
            jobName: executionName(request.jobId, request.attempt),
            jobDefinition: definitions[request.queue],
            jobQueue: queues[request.queue],
            shareIdentifier: request.share,
            schedulingPriorityOverride: request.priority,
            timeout: { attemptDurationSeconds: Math.max(leastSeconds, Math.ceil(request.seconds)) },
            containerOverrides: {
              environment: Object.entries(request.environment).map(([name, value]) => ({ name, value })),
              resourceRequirements: [
                { type: 'VCPU', value: String(request.cpus) },
                { type: 'MEMORY', value: String(request.memoryMb) },
              ],
            },
          }),
        ),
      )
      return jobId!
    } catch (e) {
      throw e instanceof ClientException ? new ContainerRefused(e.name, { cause: e }) : e
    }
  }

  /**
   * How many go before this job, if it is among the first hundred. To know it is a courtesy: a failure is no answer.
   */
  async function ahead(job: JobDetail): Promise<{ ahead?: number }> {
    try {
      const { frontOfQueue } = await batch.send(new GetJobQueueSnapshotCommand({ jobQueue: job.jobQueue }))
      const place = frontOfQueue?.jobs?.findIndex((j) => j.jobArn === job.jobArn) ?? -1
      return place < 0 ? {} : { ahead: place }
    } catch {
      return {}
    }
  }

  async function stateOf(job: JobDetail | undefined): Promise<ContainerState> {
    switch (job?.status) {
      case undefined:
        return { state: 'unknown' }
      case 'SUCCEEDED':
      case 'FAILED':
        return { state: 'ended', ...endOf(job) }
      case 'RUNNING':
        return { state: 'running' }
      case 'STARTING':
        return { state: 'starting' }
      case 'RUNNABLE':
        return { state: 'waiting', ...(await ahead(job)) }
      default:
        return { state: 'waiting' }
    }
  }

  return {
    async submit(request) {
      const { jobId, attempt, queue } = request
      const mine = async (): Promise<FoundJob[]> =>
        (await find(queue, jobId)).filter((f) => request.oncePerJob || f.attempt === attempt)
      const before = oldest(await mine())
      if (before) return { jobId, attempt, handle: before.id }
      const id = await begin(request)
      const rivals = (await mine()).filter((f) => f.id !== id)
      if (rivals.length === 0) return { jobId, attempt, handle: id }
      // When it was created is asked of the job itself: the list may not have it yet, and both sides must agree.
      const own = await describe(id)
      const first = oldest([
        ...rivals,
        { id, attempt, createdAt: own?.createdAt ?? Number.MAX_SAFE_INTEGER, over: false },
      ])!
      if (first.id !== id) await terminate(id)
      return { jobId, attempt, handle: first.id }
    },
    async state({ handle }, patience = 0) {
      const until = performance.now() + patience
      let job = await describe(handle)
      for (const pause of pauses) {
        const left = until - performance.now()
        if (isOver(job?.status) || left <= 0) break
        await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)))
        job = await describe(handle)
      }
      return stateOf(job)
    },
    stop,
    async logs({ handle }) {
      const job = await describe(handle)
      const stream = job?.attempts?.at(-1)?.container?.logStreamName ?? job?.container?.logStreamName
      const group = job?.container?.logConfiguration?.options?.['awslogs-group'] ?? '/aws/batch/job'
      return stream === undefined ? undefined : `${group}:${stream}`
    },
  }
}
