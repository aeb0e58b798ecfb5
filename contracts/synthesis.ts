/** Synthetic data: infer, preview, confirm, make, evaluate, download. */
import * as z from 'zod'
import { synthesisDefaults, synthesisMethods } from '../domain/synthesis/plan.ts'
import { synthesisStates } from '../domain/synthesis/life.ts'
import { synthesisEntities } from './synthesis.entities.ts'
import { area, route, starting } from './route.ts'
import {
  DatasetId,
  Instant,
  JobId,
  Name,
  OrganisationId,
  page,
  PageQuery,
  Rev,
  Sha256,
  Signed,
  SynthesisId,
  UserId,
} from './shapes.ts'

const columnName = z.string().min(1).max(200)
const missing = z.boolean().default(true)
const buy = z.literal(true).optional()
const bins = z.int().min(1).max(1000).default(synthesisDefaults.bins)
export const PlannedColumn = z.discriminatedUnion('kind', [
  z.object({
    name: columnName,
    kind: z.enum(['categorical', 'ordinal']),
    categories: z.array(z.string().max(200)).max(10_000).optional(),
    open: z.boolean().optional(),
    missing,
    buy,
  }),
  z.object({
    name: columnName,
    kind: z.literal('numeric'),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    bins,
    integer: z.boolean(),
    missing,
    buy,
  }),
  z.object({
    name: columnName,
    kind: z.literal('date'),
    minimum: z.iso.date().optional(),
    maximum: z.iso.date().optional(),
    bins,
    missing,
    buy,
  }),
  z.object({ name: columnName, kind: z.literal('identifier'), use: z.enum(['drop', 'recreate']) }),
])
const choices = z.record(columnName, z.array(z.string().max(200)).min(1).max(1000))
export const SynthesisRule = z.discriminatedUnion('rule', [
  z.object({ rule: z.literal('impossible'), values: choices }),
  z.object({ rule: z.literal('implied'), when: choices, then: choices }),
])
export const SynthesisPlan = z.object({
  columns: z.array(PlannedColumn).min(1).max(500),
  rules: z.array(SynthesisRule).max(100).default([]),
  rowsPerPerson: z.int().min(1).max(10_000).default(1),
  rowsDeclared: z.int().min(1).max(100_000_000),
  method: z.enum(synthesisMethods).default(synthesisDefaults.method),
  epsilon: z.number().gt(0).max(100).default(synthesisDefaults.epsilon),
  delta: z.number().gt(0).max(1e-3).default(synthesisDefaults.delta),
  rare: z
    .number()
    .min(0)
    .max(0.5)
    .default(synthesisDefaults.rare)
    .describe('Share of the rows below which a category of an open column becomes `other`, under noise'),
  rows: z.int().min(1).max(5_000_000).optional(),
  wishes: z
    .array(z.object({ columns: z.array(columnName).min(1).max(4), weight: z.number().min(1).max(1000) }))
    .max(50)
    .default([]),
})
const Fault = z.object({ column: z.string().optional(), message: z.string() })
export const SynthesisQuote = z.object({
  feasible: z.boolean(),
  faults: z.array(Fault),
  method: z.enum(synthesisMethods),
  why: z.string(),
  modelMb: z.number(),
  memoryMb: z.number(),
  minutes: z.number(),
  nanoRho: z.int(),
  epsilonLeft: z.number(),
  expected: z
    .object({ tvd1: z.number(), tvd2: z.number(), words: z.string() })
    .describe('Error to expect from rows and epsilon alone; no data was looked at'),
  bought: z.array(z.object({ what: z.string(), nanoRho: z.int(), error: z.string() })),
})
export const Round = z.object({
  round: z.int(),
  rounds: z.int(),
  columns: z.array(z.string()),
  error: z.number(),
  spent: z.number().describe('Share of the budget'),
})
/**
 * Agreement of the synthetic with the real table. `charged` figures may be shown to anybody; the others only to the
 * custodian.
 */
export const Evaluation = z.object({
  kind: z.enum(['agreement', 'model']),
  charged: z.boolean(),
  at: Instant,
  tvd1: z.array(z.object({ column: z.string(), tvd: z.number() })).optional(),
  tvd2: z.array(z.object({ columns: z.tuple([z.string(), z.string()]), tvd: z.number() })).optional(),
  model: z.object({ target: z.string(), aucReal: z.number().optional(), aucSynthetic: z.number() }).optional(),
  noise: z.number().optional().describe('Standard deviation that the price added'),
})
export const SynthesisCard = z.object({
  synthesisId: SynthesisId,
  title: z.string(),
  dataset: z.object({ datasetId: DatasetId, name: z.string(), version: z.int(), table: z.string() }),
  method: z.string(),
  why: z.string(),
  epsilon: z.number(),
  delta: z.number(),
  nanoRho: z.int(),
  unit: z.string(),
  guarantee: z.string(),
  drawn: z.array(
    z.object({ what: z.string(), columns: z.array(z.string()), nanoRho: z.int(), sigma: z.number().optional() }),
  ),
  notMeasured: z.string(),
  rows: z.int(),
  columns: z.array(
    z.object({ name: z.string(), kind: z.string(), meaning: z.string().optional(), unit: z.string().optional() }),
  ),
  planHash: Sha256,
  fileHash: Sha256,
  made: Instant,
  expires: Instant,
})
export const Synthesis = z.object({
  synthesisId: SynthesisId,
  organisationId: OrganisationId,
  title: z.string(),
  state: z.enum(synthesisStates),
  created: Instant,
  changed: Instant,
  expires: Instant.optional(),
  rev: Rev,
  owner: z.object({ userId: UserId, name: z.string() }),
  datasetId: DatasetId,
  dataset: z.string(),
  datasetVersion: z.int(),
  table: z.string(),
  shared: z.boolean(),
  plan: SynthesisPlan.optional().describe('Proposed, then confirmed'),
  planHash: Sha256.optional(),
  hints: z.record(z.string(), z.string()).optional().describe('What was read of a column; for the custodian alone'),
  jobId: JobId.optional(),
  rounds: z.array(Round),
  card: SynthesisCard.optional(),
  evaluations: z.array(Evaluation),
  problem: z.string().optional(),
  faults: z
    .array(Fault)
    .optional()
    .describe('What was wrong with the file or the table, by column; for the custodian alone'),
  may: z
    .array(z.enum(['confirm', 'evaluate', 'share', 'download', 'cancel']))
    .describe('`cancel` is `POST /api/jobs/{jobId}/cancellation`'),
})
const synthesisParams = z.object({ synthesisId: SynthesisId })
const reading = ['read ORG', 'read DATASET', 'read SYN', 'read USER'] as const
const writing = [...reading, 'write SYN', 'read AUDIT', 'write AUDIT'] as const

export const synthesis = area(
  'synthesis',
  'Synthetic data: differentially private twins of protected tables',
  synthesisEntities,
  {
    begin: route({
      method: 'POST',
      path: '/api/synthesis',
      function: 'synthesis',
      access: { kind: 'person' },
      status: 201,
      summary: 'Begin: from a table of a registered dataset, from a file, or another version of what was begun before',
      detail:
        'With `file` answers a signed link; put the bytes there, then `POST /api/synthesis/{synthesisId}/inference`. From a dataset the plan is proposed from its declared schema at once; with `from` the earlier plan is proposed again.',
      body: z.union([
        z.object({ from: SynthesisId, title: Name.optional() }),
        z.object({ datasetId: DatasetId, table: z.string().max(60), title: Name.optional() }),
        z.object({
          organisationId: OrganisationId,
          title: Name,
          file: z.object({
            path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._ -]{0,100}\.(csv|parquet)$/i, 'A CSV or Parquet file'),
            size: z
              .int()
              .min(0)
              .max(50 * 1024 ** 3),
            sha256: Sha256,
          }),
        }),
      ]),
      response: Synthesis.extend({ upload: Signed.optional() }),
      starts: 'found',
      problems: ['not-found', 'forbidden', 'wrong-state'],
      grants: [...starting, ...writing, 'read JOB', 'write DATASET', 'get protected', 'put protected'],
    }),
    infer: route({
      method: 'POST',
      path: '/api/synthesis/{synthesisId}/inference',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.make' },
      status: 202,
      summary: 'Read the uploaded file and propose a plan',
      params: synthesisParams,
      response: Synthesis,
      starts: 'kept',
      problems: ['wrong-state', 'asset-missing'],
      grants: [
        ...starting,
        ...writing,
        'write DATASET',
        'read JOB',
        'write JOB',
        'get protected',
        'put protected',
        'start-job',
      ],
    }),
    list: route({
      method: 'GET',
      path: '/api/organisations/{organisationId}/syntheses',
      function: 'synthesis',
      access: { kind: 'organisation', permission: 'syntheses.list' },
      status: 200,
      summary: 'Synthetic tables of the organisation that one may see, newest first',
      params: z.object({ organisationId: OrganisationId }),
      query: PageQuery.extend({ datasetId: DatasetId.optional() }),
      response: page(Synthesis),
      problems: [],
      grants: [...reading, 'read JOB', 'get protected'],
    }),
    get: route({
      method: 'GET',
      path: '/api/synthesis/{synthesisId}',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.read' },
      status: 200,
      summary: 'A synthesis: plan, rounds, card, evaluations',
      params: synthesisParams,
      response: Synthesis,
      problems: [],
      grants: [...reading, 'read JOB', 'get protected', 'get released'],
    }),
    quote: route({
      method: 'POST',
      path: '/api/synthesis/{synthesisId}/quote',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.make' },
      status: 200,
      summary: 'What a plan would cost and be worth, before anything is charged',
      params: synthesisParams,
      body: SynthesisPlan,
      response: SynthesisQuote,
      problems: ['wrong-state'],
      grants: [...reading, 'get protected'],
    }),
    confirm: route({
      method: 'POST',
      path: '/api/synthesis/{synthesisId}/confirm',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.make' },
      status: 202,
      summary: 'Confirm the plan: it is stored, hashed, charged and made',
      detail: 'The same plan again answers the same job and charges nothing more.',
      params: synthesisParams,
      body: z.object({ rev: Rev, plan: SynthesisPlan }),
      response: Synthesis,
      starts: 'kept',
      problems: ['changed-meanwhile', 'wrong-state', 'invalid-plan', 'budget-exhausted'],
      grants: [
        ...starting,
        ...writing,
        'write DATASET',
        'read JOB',
        'write JOB',
        'put protected',
        'get protected',
        'start-job',
      ],
    }),
    evaluate: route({
      method: 'POST',
      path: '/api/synthesis/{synthesisId}/evaluate',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.make' },
      status: 202,
      summary: 'Compare with the real table: charged, or for the custodian only',
      params: synthesisParams,
      body: z.object({
        kind: z.enum(['agreement', 'model']),
        target: columnName.optional(),
        charge: z.number().min(0).max(10).default(0).describe('Epsilon; 0 means for the custodian only'),
      }),
      response: z.object({ jobId: JobId }),
      starts: 'kept',
      problems: ['wrong-state', 'budget-exhausted', 'invalid-plan'],
      grants: [
        ...starting,
        ...writing,
        'write DATASET',
        'read JOB',
        'write JOB',
        'put protected',
        'get protected',
        'start-job',
      ],
    }),
    share: route({
      method: 'PATCH',
      path: '/api/synthesis/{synthesisId}',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.make' },
      status: 200,
      summary: 'Title, expiry, and whether the organisation’s analysts may have it',
      params: synthesisParams,
      body: z.object({
        rev: Rev,
        title: Name.optional(),
        shared: z.boolean().optional(),
        expires: z.iso.date().optional(),
      }),
      response: Synthesis,
      problems: ['changed-meanwhile', 'wrong-state'],
      grants: [...writing, 'read JOB', 'get protected', 'get released'],
    }),
    download: route({
      method: 'GET',
      path: '/api/synthesis/{synthesisId}/download',
      function: 'synthesis',
      access: { kind: 'synthesis', permission: 'synthesis.read' },
      status: 200,
      summary: 'A signed link: CSV, Parquet, or everything with dictionary, Croissant metadata and card',
      params: synthesisParams,
      query: z.object({ format: z.enum(['csv', 'parquet', 'dictionary', 'croissant', 'card']).default('csv') }),
      response: z.object({ url: z.string(), filename: z.string(), expires: Instant }),
      problems: ['result-not-released'],
      grants: [...writing, 'read JOB', 'get released'],
    }),
  },
)
