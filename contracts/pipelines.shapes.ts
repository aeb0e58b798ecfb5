/** What is said of pipelines, experiments, their inputs, runs, artifacts and logs. */
import * as z from 'zod'
import { outputKinds, pipelineRuntimes } from '../domain/pipelines/definition.ts'
import { runCodes, type RunCode, runStates } from '../domain/pipelines/life.ts'
import { FilePath, parameterName, PipelineDefinition, Resources } from './pipelines.definition.ts'
import {
  DatasetId,
  ExperimentId,
  Instant,
  JobId,
  OrganisationId,
  PipelineId,
  Rev,
  Sha256,
  Signed,
  UserId,
} from './shapes.ts'

export const FullDefinition = PipelineDefinition.extend({ resources: Resources })
export const CodeFile = z.object({
  path: FilePath,
  size: z
    .int()
    .min(0)
    .max(100 * 1024 ** 2),
  sha256: Sha256,
})
export const InputFile = z.object({
  path: FilePath,
  size: z
    .int()
    .min(0)
    .max(50 * 1024 ** 3),
  sha256: Sha256,
})
export const uploadOf = z.object({
  path: z.string(),
  upload: Signed.optional().describe('Absent when these bytes are there already'),
})

const Person = z.object({ userId: UserId, name: z.string() })
export const PipelineVersion = z.object({
  version: z.int(),
  codeHash: Sha256.describe('Of definition and files'),
  note: z.string(),
  published: Instant,
  publishedBy: Person,
  files: z.int(),
  bytes: z.int(),
})
export const Pipeline = z.object({
  pipelineId: PipelineId,
  organisationId: OrganisationId,
  name: z.string(),
  title: z.string(),
  description: z.string(),
  runtime: z.enum(pipelineRuntimes),
  version: z.int().describe('The newest'),
  parameters: z.int().describe('How many it has'),
  archived: z.boolean(),
  created: Instant,
  changed: Instant,
  rev: Rev,
  may: z.array(z.enum(['publish', 'archive', 'run'])),
})
export const PipelineWithDefinition = Pipeline.extend({ definition: FullDefinition, newest: PipelineVersion })

/** Where an input's files come from. A folder is many uploads with paths of one folder. */
export const InputSource = z.discriminatedUnion('from', [
  z.object({ from: z.literal('upload'), path: FilePath, size: InputFile.shape.size, sha256: Sha256 }),
  z.object({
    from: z.literal('release'),
    jobId: JobId,
    output: z.string().max(200).optional().describe('One of its outputs by name; all when it is not said'),
  }),
  z.object({ from: z.literal('run'), jobId: JobId, path: FilePath.describe('An artifact of that run') }),
  z.object({ from: z.literal('dataset'), datasetId: DatasetId }),
])
export const Inputs = z
  .record(parameterName, z.array(InputSource).max(5000))
  .describe('By the name of the pipeline’s input')
export const ExperimentInput = z.object({
  name: z.string(),
  files: z.array(InputFile.extend({ from: z.enum(['upload', 'release', 'run']), jobId: JobId.optional() })),
  dataset: z.object({ datasetId: DatasetId, name: z.string() }).optional(),
  bytes: z.int(),
  hash: Sha256.describe('Of paths and contents'),
})
/** Values as they are sent: what fits is said by the pipeline’s own schema. */
export const Values = z
  .record(z.string().max(60), z.union([z.number(), z.string().max(1000), z.boolean(), z.array(z.number()).max(1000)]))
  .refine((v) => Object.keys(v).length <= 200, 'At most 200 parameters')
export const OwnResources = Resources.partial().describe('In place of the pipeline’s own')

export const RunProblem = z.object({
  code: z.enum(Object.keys(runCodes) as [RunCode, ...RunCode[]]),
  message: z.string(),
  todo: z.string().describe('What to do about it'),
})
const Metric = z.object({ name: z.string(), value: z.number(), step: z.number().optional() })
export const PipelineRun = z.object({
  jobId: JobId,
  number: z.int().describe('Counted within the experiment, from 1'),
  title: z.string(),
  experimentId: ExperimentId,
  experiment: z.string(),
  organisationId: OrganisationId,
  pipelineId: PipelineId,
  pipeline: z.string(),
  version: z.int(),
  owner: Person,
  state: z.enum(runStates),
  waiting: z.enum(['turn', 'approval', 'checkers', 'answer']).optional(),
  created: Instant,
  started: Instant.optional().describe('Of the command'),
  ended: Instant.optional(),
  seconds: z.number().optional(),
  parameters: z.record(z.string(), z.json()),
  resources: Resources,
  codeHash: Sha256,
  inputs: z.array(z.object({ name: z.string(), files: z.int(), bytes: z.int(), hash: Sha256 })),
  hash: Sha256.describe('Of code, inputs and parameters: equal runs have equal hashes'),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  problem: RunProblem.optional(),
  metrics: z.array(Metric),
  steps: z.array(z.object({ name: z.string(), at: Instant })),
  used: z.object({ cpuSeconds: z.number(), peakMemoryMb: z.number() }).optional(),
  artifacts: z.int(),
  bytes: z.int().describe('Of the artifacts'),
  confinement: z.string().optional(),
  image: z.string().optional(),
  queue: z
    .object({
      position: z.int().describe('1 is next'),
      waiting: z.int(),
      running: z.int(),
      slots: z.int(),
      mine: z.int().describe('Of the owner, at work'),
      perOwner: z.int(),
    })
    .optional()
    .describe('While it waits'),
  againOf: JobId.optional(),
  sweep: z.object({ id: z.string(), label: z.string() }).optional(),
  confidential: z.boolean().describe('A protected dataset is among its inputs: the log is the custodian’s alone'),
  may: z.array(z.enum(['cancel', 'again', 'log'])),
})
export const Experiment = z.object({
  experimentId: ExperimentId,
  organisationId: OrganisationId,
  pipelineId: PipelineId,
  pipeline: z.string(),
  version: z.int(),
  title: z.string(),
  description: z.string(),
  owner: Person,
  shared: z.boolean().describe('Whether the organisation’s researchers, analysts and custodians see it'),
  archived: z.boolean(),
  created: Instant,
  changed: Instant,
  rev: Rev,
  runs: z.int(),
  last: z.object({ jobId: JobId, state: z.enum(runStates), created: Instant }).optional(),
  may: z.array(z.enum(['edit', 'run'])),
})
export const ExperimentInFull = Experiment.extend({
  definition: FullDefinition,
  newestVersion: z.int(),
  parameters: z.record(z.string(), z.json()).describe('As they were set; defaults are not in it'),
  resources: OwnResources,
  inputs: z.array(ExperimentInput),
  faults: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .describe('Why it cannot run as it is; empty when it can'),
})
export const Artifact = z.object({
  path: z.string(),
  kind: z.enum(outputKinds),
  title: z.string().optional(),
  help: z.string().optional(),
  size: z.int(),
  sha256: Sha256,
  zipped: z.boolean().describe('In the archive of what was over 200 files'),
  declared: z.boolean(),
})
const Cells = <T extends z.ZodType>(value: T) =>
  z.array(
    z.object({
      name: z.string(),
      title: z.string().optional(),
      unit: z.string().optional(),
      values: z.array(value.nullable()).describe('One a run, in their order'),
      differs: z.boolean(),
    }),
  )
export const Comparison = z.object({
  runs: z.array(PipelineRun),
  parameters: Cells(z.json()),
  metrics: Cells(z.number()),
  inputs: Cells(Sha256),
  artifacts: z.array(
    z.object({ path: z.string(), kind: z.enum(outputKinds), hashes: z.array(Sha256.nullable()), differs: z.boolean() }),
  ),
  code: z.object({ hashes: z.array(Sha256), versions: z.array(z.int()), differs: z.boolean() }),
})
/** A record of a log with its place (domain/pipelines/log.ts). */
export const LogRecord = z.object({
  id: z.int(),
  next: z.int(),
  t: z.number().describe('Milliseconds since the epoch'),
  s: z.enum(['out', 'err', 'sys']),
  x: z.string(),
  p: z.union([z.literal(1), z.literal(2)]).optional(),
  u: z.tuple([z.number(), z.number()]).optional(),
  step: z.string().optional(),
  progress: z.tuple([z.number(), z.number()]).optional(),
  metric: z.union([z.tuple([z.string(), z.number()]), z.tuple([z.string(), z.number(), z.number()])]).optional(),
  end: z.string().optional(),
})
export const LogPage = z.object({
  records: z.array(LogRecord),
  first: z.int().describe('Where this page begins'),
  next: z.int().describe('Where the page after it begins'),
  ended: z.boolean().describe('Nothing will follow'),
})
