/** Datasets: what a custodian registers, what the catalogue shows, and its budget. */
import * as z from 'zod'
import { columnRoles, columnTypes } from '../domain/datasets/schema.ts'
import { datasetStates } from '../domain/datasets/life.ts'
import { languages, releaseModes } from '../domain/datasets/policy.ts'
import { datasetEntities } from './datasets.entities.ts'
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
  StudyId,
  UserId,
} from './shapes.ts'

const Bound = z.union([z.number(), z.string().max(40)])
/** Any name a CSV header can have that people can read; SQL quotes it. */
const ColumnName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'Without control characters')
export const Column = z.object({
  name: ColumnName,
  type: z.enum(columnTypes),
  role: z.enum(columnRoles).optional(),
  unit: z.string().max(60).optional(),
  minimum: Bound.optional(),
  maximum: Bound.optional(),
  categories: z.array(z.string().max(200)).max(10_000).optional(),
  meaning: z.string().max(1000).optional(),
  nullable: z.boolean().optional(),
})
/** A relative path of a dataset's file, as scripts see it below `catalogs/<dataset>/`. */
export const FilePath = z
  .string()
  .min(1)
  .max(300)
  .regex(
    /^(?!\.)[A-Za-z0-9._ -]+(\/(?!\.)[A-Za-z0-9._ -]+)*$/,
    'A relative path of letters, digits, dots, dashes and underscores',
  )
export const TableSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/),
  file: FilePath,
  meaning: z.string().max(1000).optional(),
  columns: z.array(Column).min(1).max(2000),
  oneRowPerSubject: z.boolean(),
})
export const ImageFolder = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/),
  kind: z.literal('nifti'),
  table: z.string(),
  path: ColumnName,
  masks: z.array(FilePath).max(100),
  meaning: z.string().max(1000).optional(),
})
export const DatasetSchema = z.object({
  tables: z.array(TableSchema).min(1).max(50),
  images: z.array(ImageFolder).max(20).default([]),
})

const positive = z.number().min(0)
export const Disclosure = z
  .object({
    minimumSubjects: z.int().min(5, 'The platform’s floor is 5'),
    dominanceCount: z.int().min(1).max(10),
    dominanceShare: z.number().gt(0).max(1),
    pRatio: z.number().min(0).max(1),
    residualDegrees: z.int().min(0),
    parametersPerSubject: positive.max(1),
    roundTo: z.int().min(1).max(1000),
    redactUpTo: z.int().min(0).max(1000),
    atRisk: z.int().min(0),
    rows: z.int().min(1),
    bytes: z.int().min(1),
  })
  .partial()
export const Policy = z.object({
  people: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('analysts') }),
    z.object({ kind: z.literal('named'), userIds: z.array(UserId).max(500) }),
  ]),
  languages: z.array(z.enum(languages)).max(4),
  modes: z.array(z.enum(releaseModes)).max(3),
  disclosure: Disclosure,
  budget: z.object({ epsilon: z.number().min(0).max(1000), delta: z.number().gt(0).max(1e-3) }),
  expires: z.iso.date().optional(),
  approval: z.boolean(),
  listed: z.boolean(),
  twin: z
    .object({ epsilon: z.number().gt(0).max(100) })
    .optional()
    .describe('Of each version a synthetic twin of each table is made at this epsilon each, and shared'),
})
/**
 * A budget in people's words. `left` is what could still be spent at the budget's delta; nano-rho is what the ledger
 * counts.
 */
export const Budget = z.object({
  epsilon: z.number(),
  delta: z.number(),
  left: z.number().describe('Epsilon that could still be spent'),
  limitNanoRho: z.int(),
  spentNanoRho: z.int(),
  reservedNanoRho: z.int(),
})

/** What the catalogue shows to those who may see the dataset: declared things, never a value. */
export const Dataset = z.object({
  datasetId: DatasetId,
  organisationId: OrganisationId,
  name: z.string().describe('The catalogue name: files lie in catalogs/<name>/'),
  title: z.string(),
  description: z.string(),
  state: z.enum(datasetStates),
  version: z.int().describe('0 before the first is published'),
  created: Instant,
  changed: Instant,
  rev: Rev,
  schema: DatasetSchema.optional(),
  policy: Policy,
  budget: Budget,
  declaredSubjects: z.string().optional().describe('How many, in words of the custodian; never counted'),
  mayAnalyse: z.boolean().describe('Whether you may ask it, now'),
  why: z.string().optional().describe('Why not'),
  study: StudyId.optional().describe('The study it was made from'),
  problem: z.string().optional().describe('For the custodian: why its files could not be read'),
})
export const UploadFile = z.object({
  path: FilePath,
  size: z
    .int()
    .min(1)
    .max(50 * 1024 ** 3),
  sha256: Sha256,
})
const dataset = z.object({ datasetId: DatasetId })
const reading = ['read ORG', 'read DATASET'] as const

export const datasets = area(
  'datasets',
  'Datasets: registered by a custodian, asked by analysts, never downloaded',
  datasetEntities,
  {
    discovery: route({
      method: 'GET',
      path: '/api/discovery',
      function: 'catalogue',
      access: { kind: 'anyone' },
      status: 200,
      summary: 'This node and its listed datasets',
      detail:
        'Descriptions, declared schemas and policies of datasets whose custodian lists them. Never a value and never a count.',
      response: z.object({
        node: z.object({
          name: z.string(),
          origin: z.string(),
          version: z.string(),
          languages: z.array(z.enum(languages)),
          modes: z.array(z.enum(releaseModes)),
          api: z.string(),
        }),
        datasets: z.array(
          z.object({
            datasetId: DatasetId,
            organisation: z.string(),
            name: z.string(),
            title: z.string(),
            description: z.string(),
            version: z.int(),
            schema: DatasetSchema,
            languages: z.array(z.enum(languages)),
            modes: z.array(z.enum(releaseModes)),
            minimumSubjects: z.int(),
            approval: z.boolean(),
            expires: z.string().optional(),
          }),
        ),
      }),
      problems: [],
      grants: ['read DATASET', 'read ORG'],
    }),
    list: route({
      method: 'GET',
      path: '/api/organisations/{organisationId}/datasets',
      function: 'catalogue',
      access: { kind: 'organisation', permission: 'datasets.list' },
      status: 200,
      summary: 'Datasets of the organisation',
      detail: 'Custodians see drafts as well.',
      params: z.object({ organisationId: OrganisationId }),
      query: PageQuery,
      response: page(Dataset),
      problems: [],
      grants: [...reading],
    }),
    get: route({
      method: 'GET',
      path: '/api/datasets/{datasetId}',
      function: 'catalogue',
      access: { kind: 'dataset', permission: 'dataset.read' },
      status: 200,
      summary: 'A dataset’s catalogue entry',
      params: dataset,
      response: Dataset,
      problems: [],
      grants: [...reading],
    }),
    create: route({
      method: 'POST',
      path: '/api/organisations/{organisationId}/datasets',
      function: 'datasets',
      access: { kind: 'organisation', permission: 'datasets.create' },
      status: 201,
      summary: 'Register a dataset: a name, nothing else yet',
      params: z.object({ organisationId: OrganisationId }),
      body: z.object({
        name: z.string().regex(/^[a-z][a-z0-9_-]{1,59}$/, 'Lower-case letters, digits, - and _'),
        title: Name,
        description: z.string().max(10_000).default(''),
        declaredSubjects: z.string().max(60).optional(),
      }),
      response: Dataset,
      starts: 'kept',
      problems: ['already-exists'],
      grants: [...starting, ...reading, 'write DATASET', 'read AUDIT', 'write AUDIT'],
    }),
    change: route({
      method: 'PATCH',
      path: '/api/datasets/{datasetId}',
      function: 'datasets',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 200,
      summary: 'Change title, description or policy',
      detail:
        'A budget can be raised or lowered to what is spent, never under it. A stricter policy holds for jobs that have not been released yet.',
      params: dataset,
      body: z.object({
        rev: Rev,
        title: Name.optional(),
        description: z.string().max(10_000).optional(),
        declaredSubjects: z.string().max(60).optional(),
        policy: Policy.optional(),
      }),
      response: Dataset,
      problems: ['changed-meanwhile', 'wrong-state'],
      grants: [...reading, 'write DATASET', 'read AUDIT', 'write AUDIT'],
    }),
    uploads: route({
      method: 'POST',
      path: '/api/datasets/{datasetId}/uploads',
      function: 'datasets',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 200,
      summary: 'Signed links for the dataset’s files',
      detail: 'Bytes go straight into the protected bucket; nothing can be read back through the API.',
      params: dataset,
      body: z.object({ files: z.array(UploadFile).min(1).max(2000) }),
      response: z.object({
        uploads: z.array(z.object({ path: FilePath, present: z.boolean(), upload: Signed.optional() })),
      }),
      problems: ['wrong-state'],
      grants: [...reading, 'write DATASET', 'get protected', 'put protected'],
    }),
    read: route({
      method: 'POST',
      path: '/api/datasets/{datasetId}/reading',
      function: 'datasets',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 202,
      summary: 'Read the uploaded files and propose a schema',
      detail: 'A job reads them; look at `reading` until it is there. Nothing is published.',
      params: dataset,
      body: z.object({ files: z.array(UploadFile).min(1).max(20_000) }),
      maxBody: 5 * 1024 * 1024,
      response: z.object({ jobId: JobId }),
      starts: 'kept',
      problems: ['asset-missing', 'wrong-state', 'changed-meanwhile'],
      grants: [
        ...starting,
        ...reading,
        'write DATASET',
        'write JOB',
        'read JOB',
        'get protected',
        'put protected',
        'start-job',
        'read AUDIT',
        'write AUDIT',
      ],
    }),
    reading: route({
      method: 'GET',
      path: '/api/datasets/{datasetId}/reading',
      function: 'datasets',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 200,
      summary: 'What was read, for the custodian: counts, examples, a proposed schema',
      params: dataset,
      response: z.object({
        state: z.enum(['none', 'reading', 'ready', 'failed']),
        jobId: JobId.optional(),
        problem: z.object({ file: z.string(), line: z.int().optional(), reason: z.string() }).optional(),
        tables: z.array(
          z.object({
            file: z.string(),
            rows: z.int(),
            columns: z.array(Column.extend({ distinct: z.int(), missing: z.int(), examples: z.array(z.string()) })),
            warnings: z.array(z.string()),
          }),
        ),
        other: z.array(z.object({ path: z.string(), size: z.int() })).describe('Files that are no tables'),
        proposed: DatasetSchema.optional(),
      }),
      problems: [],
      grants: [...reading, 'get protected', 'read JOB'],
    }),
    publish: route({
      method: 'POST',
      path: '/api/datasets/{datasetId}/versions',
      function: 'datasets',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 202,
      summary: 'Confirm the schema and publish: a job stores the tables, then the version is in the catalogue',
      params: dataset,
      body: z.object({ rev: Rev, schema: DatasetSchema, policy: Policy }),
      response: z.object({ jobId: JobId }),
      starts: 'kept',
      problems: ['changed-meanwhile', 'wrong-state', 'invalid-schema'],
      grants: [
        ...starting,
        ...reading,
        'write DATASET',
        'write JOB',
        'read JOB',
        'start-job',
        'read AUDIT',
        'write AUDIT',
        'get protected',
        'put protected',
      ],
    }),
    retire: route({
      method: 'POST',
      path: '/api/datasets/{datasetId}/retirement',
      function: 'datasets',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 200,
      summary: 'No more questions; released results stay',
      params: dataset,
      body: z.object({ rev: Rev }),
      response: Dataset,
      problems: ['changed-meanwhile', 'wrong-state'],
      grants: [...reading, 'write DATASET', 'read AUDIT', 'write AUDIT'],
    }),
    ledger: route({
      method: 'GET',
      path: '/api/datasets/{datasetId}/ledger',
      function: 'catalogue',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 200,
      summary: 'Every charge of the privacy budget, newest first',
      params: dataset,
      query: PageQuery,
      response: page(
        z.object({
          at: Instant,
          jobId: JobId,
          userId: UserId,
          name: z.string(),
          what: z.enum(['reserved', 'committed', 'returned']),
          nanoRho: z.int(),
          epsilon: z.number(),
        }),
      ),
      problems: [],
      grants: [...reading, 'read USER'],
    }),
    fromStudy: route({
      method: 'POST',
      path: '/api/studies/{studyId}/datasets',
      function: 'datasets',
      access: { kind: 'study', permission: 'runs.open', recentLogin: true },
      status: 202,
      summary: 'Make a study’s results available for analysis',
      detail:
        'Completed runs are opened inside confinement only: nobody’s machine sees them. One audit event names the runs and the purpose. The custodian then confirms the schema like any other.',
      params: z.object({ studyId: StudyId }),
      body: z.object({
        name: z.string().regex(/^[a-z][a-z0-9_-]{1,59}$/),
        title: Name,
        purpose: z.string().trim().min(10).max(500),
      }),
      response: z.object({ datasetId: DatasetId, jobId: JobId }),
      starts: 'kept',
      problems: ['already-exists', 'wrong-state'],
      grants: [
        ...starting,
        'read ORG',
        'read STUDY',
        'read RUN',
        'read DATASET',
        'write DATASET',
        'write JOB',
        'read JOB',
        'put protected',
        'start-job',
        'read AUDIT',
        'write AUDIT',
      ],
    }),
    history: route({
      method: 'GET',
      path: '/api/datasets/{datasetId}/history',
      function: 'catalogue',
      access: { kind: 'dataset', permission: 'dataset.manage' },
      status: 200,
      summary: 'What was done to a dataset, newest first',
      params: dataset,
      query: z.object({ before: z.coerce.number().int().min(1).optional() }),
      response: z.object({
        items: z.array(
          z.object({
            seq: z.int(),
            at: Instant,
            act: z.string(),
            who: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
            object: z.string(),
            detail: z.record(z.string(), z.unknown()),
          }),
        ),
        next: z.int().optional(),
      }),
      problems: [],
      grants: [...reading, 'read AUDIT', 'read USER'],
    }),
  },
)
