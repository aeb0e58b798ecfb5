/**
 * For tests: as much of Batch as the compute adapter speaks (REST, JSON). Jobs stand in their queue until the test has
 * them go on. It is as strict as the service where a mistake would be easy: names, queues, definitions, time limits.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Status = 'SUBMITTED' | 'PENDING' | 'RUNNABLE' | 'STARTING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED'
interface Submission {
  jobName: string
  jobQueue: string
  jobDefinition: string
  shareIdentifier: string
  schedulingPriorityOverride: number
  timeout: { attemptDurationSeconds: number }
  containerOverrides: {
    environment: { name: string; value: string }[]
    resourceRequirements: { type: string; value: string }[]
  }
}
export interface BatchJob {
  jobId: string
  jobArn: string
  jobName: string
  jobQueue: string
  createdAt: number
  status: Status
  statusReason?: string
  isTerminated?: true
  isCancelled?: true
  container: {
    exitCode?: number
    reason?: string
    logStreamName?: string
    logConfiguration: { logDriver: 'awslogs'; options: Record<string, string> }
  }
  attempts: { container: { exitCode?: number; reason?: string; logStreamName?: string }; statusReason?: string }[]
  submission: Submission
}
interface Body extends Submission {
  jobs: string[]
  jobId: string
  reason: string
  filters?: { name: string; values: string[] }[]
  nextToken?: string
}

class BatchError extends Error {
  override name = 'BatchError'
  readonly kind: string
  readonly status: number
  constructor(kind: 'ClientException' | 'ServerException' | 'TooManyRequestsException', status: number) {
    super(kind)
    this.kind = kind
    this.status = status
  }
}
const refused = (): BatchError => new BatchError('ClientException', 400)

export interface BatchServer {
  endpoint: string
  queues: { interactive: string; batch: string; pipeline: string }
  definitions: { interactive: string; batch: string; pipeline: string }
  /** Every job there ever was, oldest first. */
  jobs: BatchJob[]
  calls: { act: string; body: Body }[]
  /** Jobs on a page of a list. */
  pageSize: number
  /** Jobs that this one of the lists shows, counted from 0: lists may lag behind. */
  listed: (list: number) => readonly BatchJob[]
  /** Answers every request with this. */
  failure: { kind: 'ClientException' | 'ServerException' | 'TooManyRequestsException'; status: number } | undefined
  /** Called when a job has been accepted, before the submission is answered. */
  accepted: (job: BatchJob) => Promise<void> | void
  close(): Promise<void>
}

const arnOf = (kind: string, name: string): string => `arn:aws:batch:eu-central-1:111122223333:${kind}/${name}`

export async function startBatch(): Promise<BatchServer> {
  const queues = {
    interactive: arnOf('job-queue', 'cloister-test-jobs-interactive'),
    batch: arnOf('job-queue', 'cloister-test-jobs-batch'),
    pipeline: arnOf('job-queue', 'cloister-test-jobs-pipelines'),
  }
  const definitions = {
    interactive: arnOf('job-definition', 'cloister-test-jobs'),
    batch: arnOf('job-definition', 'cloister-test-jobs'),
    pipeline: arnOf('job-definition', 'cloister-test-jobs-pipelines'),
  }
  const queueOf = (given: string): string => {
    const found = Object.values(queues).find((q) => q === given || q.endsWith(`/${given}`))
    if (!found) throw refused()
    return found
  }
  let time = 1_772_442_000_000
  let lists = 0

  async function submit(body: Body): Promise<object> {
    if (!/^[A-Za-z0-9][\w-]{0,127}$/.test(body.jobName)) throw refused()
    if (!Object.values(definitions).includes(body.jobDefinition)) throw refused()
    if (!/^[A-Za-z0-9]{1,255}\*?$/.test(body.shareIdentifier)) throw refused()
    if (!(body.timeout.attemptDurationSeconds >= 60)) throw refused()
    if (!(body.schedulingPriorityOverride >= 0 && body.schedulingPriorityOverride <= 9999)) throw refused()
    const jobId = randomUUID()
    const job: BatchJob = {
      jobId,
      jobArn: arnOf('job', jobId),
      jobName: body.jobName,
      jobQueue: queueOf(body.jobQueue),
      createdAt: time++,
      status: 'RUNNABLE',
      container: {
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/cloister/test/runner' } },
      },
      attempts: [],
      submission: body,
    }
    server.jobs.push(job)
    await server.accepted(job)
    return { jobId, jobArn: job.jobArn, jobName: job.jobName }
  }

  function list(body: Body): object {
    const queue = queueOf(body.jobQueue)
    const [filter] = body.filters ?? []
    if (filter?.name !== 'JOB_NAME' || body.filters!.length !== 1) throw refused()
    // Like the service: regardless of case, and whatever the state.
    const asked = filter.values[0]!.toLowerCase()
    const matches = (name: string): boolean =>
      asked.endsWith('*') ? name.toLowerCase().startsWith(asked.slice(0, -1)) : name.toLowerCase() === asked
    const all = server
      .listed(lists++)
      .filter((j) => j.jobQueue === queue && matches(j.jobName))
      .sort((a, b) => b.createdAt - a.createdAt)
    const from = Number(body.nextToken ?? 0)
    const more = from + server.pageSize < all.length
    return {
      jobSummaryList: all.slice(from, from + server.pageSize).map(({ submission: _, attempts: __, ...j }) => j),
      ...(more ? { nextToken: String(from + server.pageSize) } : {}),
    }
  }

  function terminate(body: Body): object {
    const job = server.jobs.find((j) => j.jobId === body.jobId)
    if (!job || !body.reason) throw refused()
    if (job.status === 'SUCCEEDED' || job.status === 'FAILED') return {}
    if (job.status === 'STARTING' || job.status === 'RUNNING') job.isTerminated = true
    else job.isCancelled = true
    job.status = 'FAILED'
    job.statusReason = body.reason
    return {}
  }

  const acts: Record<string, (body: Body) => object | Promise<object>> = {
    '/v1/submitjob': submit,
    '/v1/listjobs': list,
    '/v1/terminatejob': terminate,
    '/v1/describejobs': (body) => ({ jobs: server.jobs.filter((j) => body.jobs.includes(j.jobId)) }),
    '/v1/getjobqueuesnapshot': (body) => ({
      frontOfQueue: {
        jobs: server.jobs
          .filter((j) => j.jobQueue === queueOf(body.jobQueue) && j.status === 'RUNNABLE')
          .slice(0, 100)
          .map((j) => ({ jobArn: j.jobArn, earliestTimeAtPosition: j.createdAt })),
      },
    }),
  }
  const http = createServer((request, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      response.setHeader('content-type', 'application/json')
      const path = request.url ?? ''
      const body = JSON.parse(text) as Body
      server.calls.push({ act: path, body })
      try {
        if (server.failure) throw new BatchError(server.failure.kind, server.failure.status)
        const act = acts[path]
        if (!act || request.method !== 'POST') throw refused()
        response.end(JSON.stringify(await act(body)))
      } catch (e) {
        const kind = e instanceof BatchError ? e.kind : 'ServerException'
        response.statusCode = e instanceof BatchError ? e.status : 500
        response.setHeader('x-amzn-errortype', kind)
        response.end(JSON.stringify({ message: 'refused' }))
      }
    })()
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: BatchServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    queues,
    definitions,
    jobs: [],
    calls: [],
    pageSize: 100,
    listed: () => server.jobs,
    failure: undefined,
    accepted: () => {},
    async close() {
      http.close()
      http.closeAllConnections()
      await once(http, 'close')
    },
  }
  return server
}
