/**
 * Containers on Batch by the name of their job: finding them and ending them. Apart from what submits (compute.ts), so
 * that functions that only cancel carry nothing that could.
 */
import {
  BatchClient,
  type BatchClientConfig,
  type JobSummary,
  ListJobsCommand,
  TerminateJobCommand,
} from '@aws-sdk/client-batch'
import { type Compute, ComputeUnavailable, type ContainerQueue } from '../../ports/compute.ts'
import { executionName } from '../../ports/workflow.ts'

export interface BatchOptions extends Pick<BatchClientConfig, 'endpoint' | 'region' | 'credentials'> {
  /** Names or ARNs of Batch's queues. */
  queues: Readonly<Record<ContainerQueue, string>>
  client?: BatchClient
}

/** A job of Batch that computes for an attempt of one of ours. */
export interface FoundJob {
  id: string
  attempt: number
  /** Milliseconds since 1970. */
  createdAt: number
  over: boolean
}

/** What Batch then says of the job. */
export const stopReason = 'Stopped by Cloister'

const transient = new Set(['ServerException', 'TooManyRequestsException', 'ThrottlingException', 'TimeoutError'])

/** Whether another try may help: the service's own failures, too many requests, and a service that was not reached. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { $fault, $metadata } = error as { $fault?: string; $metadata?: { httpStatusCode?: number } }
  if (transient.has(error.name) || $fault === 'server') return true
  return $metadata?.httpStatusCode === undefined && 'code' in error
}

/** Asks Batch; throws `ComputeUnavailable` where another try may help, and every other error as it is. */
export async function asking<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (e) {
    throw isTransient(e) ? new ComputeUnavailable((e as Error).name, { cause: e }) : e
  }
}

export const isOver = (status: string | undefined): boolean => status === 'SUCCEEDED' || status === 'FAILED'

/** What finds and ends the containers of an installation. */
export interface BatchJobs {
  client: BatchClient
  /** Those of a queue that compute for this job, whatever their state. */
  find(queue: ContainerQueue, jobId: string): Promise<FoundJob[]>
  terminate(id: string): Promise<void>
  stop: Compute['stop']
}

export function batchJobs({ queues, client: given, ...options }: BatchOptions): BatchJobs {
  const client =
    given ??
    new BatchClient({ ...options, maxAttempts: 4, requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000 } })

  async function find(queue: ContainerQueue, jobId: string): Promise<FoundJob[]> {
    const found: JobSummary[] = []
    let nextToken: string | undefined
    do {
      const filters = [{ name: 'JOB_NAME', values: [`${jobId}-*`] }]
      const command = new ListJobsCommand({ jobQueue: queues[queue], filters, nextToken })
      const page = await asking(() => client.send(command))
      found.push(...(page.jobSummaryList ?? []))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    // Names are compared again: Batch ignores case, and what follows the star.
    return found.flatMap((summary) => {
      const attempt = Number(/-(\d+)$/.exec(summary.jobName ?? '')?.[1])
      if (summary.jobName !== executionName(jobId, attempt)) return []
      return [{ id: summary.jobId!, attempt, createdAt: summary.createdAt ?? 0, over: isOver(summary.status) }]
    })
  }

  async function terminate(id: string): Promise<void> {
    await asking(() => client.send(new TerminateJobCommand({ jobId: id, reason: stopReason })))
  }

  return {
    client,
    find,
    terminate,
    async stop(jobId, attempt) {
      const everywhere = Object.keys(queues) as ContainerQueue[]
      const found = (await Promise.all(everywhere.map((queue) => find(queue, jobId)))).flat()
      await Promise.all(found.filter((f) => !f.over && f.attempt <= attempt).map((f) => terminate(f.id)))
    },
  }
}
