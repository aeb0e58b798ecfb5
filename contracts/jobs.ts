/** Jobs: asking a dataset, watching the steps, taking what was released; and the output checkers' queue. */
import * as z from 'zod'
import { languages, releaseModes } from '../domain/datasets/policy.ts'
import { outcomes, rules } from '../domain/release/policy.ts'
import { jobCodes, type JobCode } from '../domain/release/job-codes.ts'
import { jobKinds, jobStates, jobSteps } from '../domain/jobs/life.ts'
import { confinements } from '../domain/release/run-report.ts'
import { outputTypes } from '../domain/release/outputs.ts'
import { jobEntities } from './jobs.entities.ts'
import { area, route, starting } from './route.ts'
import { DatasetId, Instant, JobId, Name, OrganisationId, page, Sha256, UserId } from './shapes.ts'

const FilterValue = z.union([z.string().max(200), z.number(), z.boolean()])
const column = z.string().min(1).max(200)
const table = z.string().regex(/^[a-z][a-z0-9_]{0,59}$/)
export const Filter = z.union([
  z.object({ table, column, is: z.enum(['equal', 'not-equal']), value: FilterValue }),
  z.object({
    table,
    column,
    is: z.enum(['in', 'not-in']),
    values: z
      .array(z.union([z.string().max(200), z.number()]))
      .min(1)
      .max(1000),
  }),
  z.object({
    table,
    column,
    is: z.literal('between'),
    from: z.union([z.number(), z.string().max(40)]).optional(),
    to: z.union([z.number(), z.string().max(40)]).optional(),
  }),
  z.object({ table, column, is: z.enum(['known', 'missing']) }),
])
/** For `noise` with a script: what it will answer, and the range each number is clamped to, chosen before looking. */
export const Declared = z.object({
  name: z.string().regex(/^[A-Za-z_][\w. -]{0,79}$/),
  low: z.number(),
  high: z.number(),
})
export const Ask = z.object({
  dataset: z.string().max(80).describe('The dataset’s id, or its catalogue name within your organisations'),
  cohort: z.array(Filter).max(50).default([]),
  language: z.enum(languages),
  code: z.string().min(1).max(1_000_000).describe('SQL text, a script, or a notebook’s JSON (.ipynb)'),
  parameters: z.record(z.string(), z.json()).default({}),
  mode: z.enum(releaseModes),
  purpose: z
    .string()
    .trim()
    .max(1000)
    .default('')
    .describe('Needed for `review` and where the policy asks for approval'),
  epsilon: z.number().gt(0).max(100).optional().describe('For `noise`: what this may spend (default 1)'),
  declared: z.array(Declared).max(50).default([]).describe('For `noise` with a script'),
  limits: z
    .object({ seconds: z.int().min(1).max(3600), memoryMb: z.int().min(128).max(16_384) })
    .partial()
    .default({}),
  title: Name.optional(),
  on: z
    .enum(['data', 'twin'])
    .optional()
    .describe(
      '`twin`: a script is tried on the dataset’s synthetic twin instead, once, with full logs; it costs nothing and is no answer about the data (default `data`)',
    ),
})
/** Said early, with line numbers; safety never depends on it. */
export const Advice = z.object({
  level: z.enum(['error', 'warning', 'hint']),
  message: z.string(),
  line: z.int().optional(),
  cell: z.int().optional(),
  code: z.string().optional(),
})
export const Quote = z.object({
  acceptable: z.boolean().describe('Whether the job would be accepted as it stands'),
  advice: z.array(Advice),
  approval: z.enum(['not-needed', 'needed', 'given']),
  pin: Sha256.describe('Hash of code, parameters, cohort, image and dataset version'),
  cost: z.object({
    nanoRho: z.int(),
    epsilon: z.number(),
    delta: z.number(),
    left: z.number().describe('Epsilon left afterwards'),
    minutes: z.number(),
    dollars: z.number().describe('In AWS; nothing on a laptop'),
  }),
  rules: z
    .array(z.object({ rule: z.enum(rules), text: z.string() }))
    .describe('The rules that will apply, with their thresholds'),
  runs: z.int().describe('How often the code runs'),
})
export const JobProblem = z.object({
  code: z.enum(Object.keys(jobCodes) as [JobCode, ...JobCode[]]),
  message: z.string(),
  step: z.enum(jobSteps),
  errorClass: z.string().optional(),
  line: z.int().optional(),
  cell: z.int().optional(),
  names: z.array(z.string()).optional(),
})
export const Finding = z.object({
  output: z.string(),
  cell: z.string().optional(),
  rule: z.enum(rules),
  outcome: z.enum(outcomes),
})
const Step = z.object({
  step: z.enum(jobSteps),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
  started: Instant.optional(),
  ended: Instant.optional(),
})
export const Job = z.object({
  jobId: JobId,
  kind: z.enum(jobKinds),
  title: z.string(),
  state: z.enum(jobStates),
  waiting: z.enum(['turn', 'approval', 'checkers', 'answer']).optional().describe('What a live job waits for'),
  datasetId: DatasetId,
  dataset: z.string(),
  datasetVersion: z.int(),
  organisationId: OrganisationId,
  owner: z.object({ userId: UserId, name: z.string() }),
  language: z.enum(languages).optional(),
  mode: z.enum(releaseModes).optional(),
  purpose: z.string(),
  cohort: z.array(Filter),
  epsilon: z.number().optional(),
  created: Instant,
  ended: Instant.optional(),
  steps: z.array(Step),
  problem: JobProblem.optional(),
  findings: z.array(Finding),
  confinement: z.enum([...confinements, 'duckdb']).optional(),
  pin: Sha256,
  hasResult: z.boolean(),
  may: z.array(z.enum(['cancel', 'approve', 'inspect', 'check', 'answer'])),
  on: z.literal('twin').optional().describe('Tried on the synthetic twin'),
  checks: z
    .object({
      votes: z.int(),
      needed: z.int(),
      questions: z.array(z.object({ by: z.enum(['checker', 'analyst']), text: z.string(), at: Instant })),
    })
    .optional(),
})
const Cell = z.object({
  value: z.union([z.number(), z.string(), z.boolean(), z.null()]),
  suppressed: z.literal(true).optional(),
  precision: z.number().optional(),
})
export const Released = z.object({
  name: z.string(),
  type: z.enum(outputTypes),
  columns: z.array(
    z.object({ name: z.string(), kind: z.enum(['group', 'count', 'value']).optional(), unit: z.string().optional() }),
  ),
  rows: z.array(z.array(Cell)),
})
export const ReleaseCard = z.object({
  jobId: JobId,
  asked: z.string(),
  purpose: z.string(),
  dataset: z.object({ datasetId: DatasetId, name: z.string(), title: z.string(), version: z.int(), hash: Sha256 }),
  cohort: z.array(Filter),
  mode: z.enum([...releaseModes, 'twin']),
  guarantee: z.string(),
  cost: z.object({ nanoRho: z.int(), epsilon: z.number(), delta: z.number() }),
  suppressed: z.array(z.object({ rule: z.enum(rules), cells: z.int() })),
  released: Instant,
  subjects: z.string().describe('Of the cohort, as the policy lets it be shown'),
  hashes: z.object({ code: Sha256, parameters: Sha256, image: z.string(), result: Sha256 }),
  confinement: z.string(),
  checkers: z.int().optional(),
})
export const Result = z.object({
  outputs: z.array(Released),
  files: z
    .array(z.object({ name: z.string(), type: z.string(), url: z.string() }))
    .describe('Plots that checkers released, by signed links'),
  card: ReleaseCard,
})

/** What runs printed and how they ended. */
const Log = z.object({
  subjects: z.int().optional(),
  runs: z.array(
    z.object({
      run: z.string(),
      subjects: z.int(),
      end: z.string(),
      exitCode: z.int().optional(),
      seconds: z.number(),
      stdout: z.string(),
      stderr: z.string(),
    }),
  ),
  message: z.string().optional(),
})

const job = z.object({ jobId: JobId })
const base = ['read ORG', 'read DATASET', 'read JOB'] as const
const chain = ['read AUDIT', 'write AUDIT'] as const
/** What follows from a job's end. */
const emptying = ['list quarantine', 'delete quarantine'] as const
const ListQuery = z.object({
  after: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  state: z.enum(jobStates).optional(),
  datasetId: DatasetId.optional(),
  language: z.enum(languages).optional(),
})

export const jobs = area('jobs', 'Jobs: code goes to the data, checked aggregates come back', jobEntities, {
  quote: route({
    method: 'POST',
    path: '/api/quotes',
    function: 'jobs',
    access: { kind: 'person' },
    status: 200,
    summary: 'What a job would cost, which rules will apply, and what is wrong with it',
    detail: 'Takes what `POST /api/jobs` takes. Touches no data.',
    body: Ask,
    response: Quote,
    maxBody: 2 * 1024 * 1024,
    problems: ['not-found', 'policy-forbids', 'forbidden'],
    grants: [...base, 'read SYN', 'engine', 'read USER'],
  }),
  ask: route({
    method: 'POST',
    path: '/api/jobs',
    function: 'jobs',
    access: { kind: 'person' },
    status: 202,
    summary: 'Ask a dataset',
    detail:
      'Send an `Idempotency-Key` header: the same key and question answer the same job, another question under the same key is refused.',
    body: Ask,
    response: Job,
    maxBody: 2 * 1024 * 1024,
    starts: 'found',
    problems: [
      'not-found',
      'policy-forbids',
      'forbidden',
      'invalid-cohort',
      'invalid-query',
      'budget-exhausted',
      'too-many-jobs',
    ],
    grants: [
      ...starting,
      ...base,
      'read SYN',
      'write JOB',
      'put protected',
      'engine',
      'start-job',
      'read USER',
      ...chain,
    ],
  }),
  list: route({
    method: 'GET',
    path: '/api/jobs',
    function: 'jobs',
    access: { kind: 'person' },
    status: 200,
    summary: 'Your jobs, newest first',
    query: ListQuery,
    response: page(Job),
    problems: [],
    grants: [...base, 'read USER'],
  }),
  ofDataset: route({
    method: 'GET',
    path: '/api/datasets/{datasetId}/jobs',
    function: 'jobs',
    access: { kind: 'dataset', permission: 'dataset.manage' },
    status: 200,
    summary: 'All jobs on a dataset, newest first, for its custodian',
    params: z.object({ datasetId: DatasetId }),
    query: ListQuery.omit({ datasetId: true }),
    response: page(Job),
    problems: [],
    grants: [...base, 'read USER'],
  }),
  get: route({
    method: 'GET',
    path: '/api/jobs/{jobId}',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.read' },
    status: 200,
    summary: 'A job with its steps',
    params: job,
    response: Job,
    problems: [],
    grants: [...base, 'read USER'],
  }),
  question: route({
    method: 'GET',
    path: '/api/jobs/{jobId}/question',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.read' },
    status: 200,
    summary: 'What was asked: code, parameters, limits',
    params: job,
    response: Ask,
    problems: [],
    grants: [...base, 'get protected'],
  }),
  cancel: route({
    method: 'POST',
    path: '/api/jobs/{jobId}/cancellation',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.steer' },
    status: 200,
    summary: 'Stop a job',
    params: job,
    response: Job,
    problems: ['wrong-state'],
    grants: [...base, 'write JOB', 'write DATASET', ...emptying, 'stop-job', 'stop-container', 'read USER', ...chain],
  }),
  approve: route({
    method: 'POST',
    path: '/api/jobs/{jobId}/approval',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.approve' },
    status: 200,
    summary: 'Approve or refuse an analysis',
    detail: 'The approval is for exactly the pinned hash; any edit voids it.',
    params: job,
    body: z.object({ pin: Sha256, approve: z.boolean(), comment: z.string().max(2000).default('') }),
    response: Job,
    starts: 'kept',
    problems: ['wrong-state', 'changed-meanwhile', 'own-output'],
    grants: [...starting, ...base, 'write JOB', 'write DATASET', ...emptying, 'start-job', 'read USER', ...chain],
  }),
  result: route({
    method: 'GET',
    path: '/api/jobs/{jobId}/result',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.read' },
    status: 200,
    summary: 'What was released, with its release card',
    params: job,
    response: Result,
    problems: ['result-not-released'],
    grants: [...base, 'get released'],
  }),
  download: route({
    method: 'GET',
    path: '/api/jobs/{jobId}/downloads/{format}',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.read' },
    status: 200,
    summary: 'A signed link to the release as JSON, CSV or a Five Safes RO-Crate (zip)',
    params: z.object({ jobId: JobId, format: z.enum(['json', 'csv', 'ro-crate']) }),
    response: z.object({ url: z.string(), filename: z.string(), expires: Instant }),
    problems: ['result-not-released'],
    grants: [...base, 'read USER', 'get released', 'put released', 'get protected'],
  }),
  log: route({
    method: 'GET',
    path: '/api/jobs/{jobId}/log',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.read' },
    status: 200,
    summary: 'What a job on the synthetic twin printed, whole',
    params: job,
    response: Log,
    problems: ['result-not-released'],
    grants: [...base, 'get released'],
  }),
  inspect: route({
    method: 'GET',
    path: '/api/jobs/{jobId}/inspection',
    function: 'jobs',
    access: { kind: 'job', permission: 'job.inspect', recentLogin: true },
    status: 200,
    summary: 'For the custodian: logs, exact cohort, and what failed',
    detail: 'One audit event each time.',
    params: job,
    response: Log,
    problems: [],
    grants: [...base, 'get protected', ...chain],
  }),
  reviews: route({
    method: 'GET',
    path: '/api/organisations/{organisationId}/reviews',
    function: 'reviews',
    access: { kind: 'organisation', permission: 'outputs.check' },
    status: 200,
    summary: 'Outputs that wait for checkers',
    params: z.object({ organisationId: OrganisationId }),
    query: z.object({
      after: z.string().max(500).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      state: z.enum(['open', 'all']).default('open'),
    }),
    response: page(
      z.object({
        jobId: JobId,
        title: z.string(),
        dataset: z.string(),
        owner: z.string(),
        purpose: z.string(),
        held: Instant,
        state: z.enum(jobStates),
        votes: z.int(),
        voted: z.boolean().describe('Whether you have'),
        own: z.boolean(),
        waiting: z.enum(['checkers', 'answer']).optional(),
      }),
    ),
    problems: [],
    grants: [...base, 'read USER'],
  }),
  review: route({
    method: 'GET',
    path: '/api/jobs/{jobId}/review',
    function: 'reviews',
    access: { kind: 'job', permission: 'job.check' },
    status: 200,
    summary: 'For a checker: code, purpose, outputs and machine findings',
    detail: 'Votes of others are hidden until you have voted.',
    params: job,
    response: z.object({
      job: Job,
      question: Ask,
      findings: z.array(Finding),
      subjects: z.int(),
      outputs: z.array(Released),
      files: z.array(z.object({ name: z.string(), type: z.string(), base64: z.string() })),
      votes: z.array(
        z.object({ name: z.string(), vote: z.enum(['approve', 'reject']), comment: z.string(), at: Instant }),
      ),
      mine: z.object({ vote: z.enum(['approve', 'reject']), comment: z.string() }).optional(),
      questions: z.array(z.object({ by: z.enum(['checker', 'analyst']), text: z.string(), at: Instant })),
    }),
    problems: ['own-output', 'wrong-state'],
    grants: [...base, 'get protected', 'held-outputs', 'read USER', ...chain],
  }),
  vote: route({
    method: 'POST',
    path: '/api/jobs/{jobId}/votes',
    function: 'reviews',
    access: { kind: 'job', permission: 'job.check' },
    status: 200,
    summary: 'Approve, reject, or return with a question',
    detail:
      'Two approvals release, two rejections block; after one of each, both see the other’s vote and may change theirs, or a third checker decides.',
    params: job,
    body: z.object({ vote: z.enum(['approve', 'reject', 'ask']), comment: z.string().trim().max(4000).default('') }),
    response: Job,
    problems: ['own-output', 'wrong-state'],
    grants: [
      ...base,
      'write JOB',
      'write DATASET',
      ...emptying,
      'held-outputs',
      'get protected',
      'put released',
      'read USER',
      ...chain,
    ],
  }),
  answer: route({
    method: 'POST',
    path: '/api/jobs/{jobId}/answers',
    function: 'reviews',
    access: { kind: 'job', permission: 'job.steer' },
    status: 200,
    summary: 'The analyst answers the checkers’ question',
    params: job,
    body: z.object({ text: z.string().trim().min(1).max(4000) }),
    response: Job,
    problems: ['wrong-state'],
    grants: [...base, 'write JOB', 'read USER'],
  }),
})
