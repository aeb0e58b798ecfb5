/** Pipelines: versioned definitions, experiments that set them up, and runs that never change. */
import * as z from 'zod'
import {
  filePath,
  inputKinds,
  longestPath,
  mostResources,
  outputKinds,
  pipelineRuntimes,
  plainName,
} from '../domain/pipelines/definition.ts'
import { runCodes, type RunCode, runStates } from '../domain/pipelines/life.ts'
import { proposals } from '../domain/pipelines/parameters.ts'
import { mostAxes, mostRuns } from '../domain/pipelines/sweep.ts'
import { pipelineEntities } from './pipelines.entities.ts'
import { area, route } from './route.ts'
import {
  DatasetId,
  ExperimentId,
  Instant,
  JobId,
  Name,
  Nothing,
  OrganisationId,
  page,
  PageQuery,
  PipelineId,
  Rev,
  Sha256,
  Signed,
  UserId,
  Version,
} from './shapes.ts'

const shown = {
  title: z.string().max(120).optional(),
  description: z.string().max(1000).optional(),
  unit: z.string().max(60).optional(),
  group: z.string().max(60).optional(),
  advanced: z.boolean().optional(),
  propose: z.enum(proposals).optional(),
}
const range = {
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().optional(),
}
const numeric = <const T extends 'number' | 'integer'>(type: T) =>
  z.strictObject({
    type: z.literal(type),
    ...range,
    ...shown,
    default: z.number().optional(),
    enum: z.array(z.number()).min(1).max(200).optional(),
  })
const count = z.int().min(0).max(1000).optional()
/** One parameter: this much of JSON Schema and no more, so that nothing in a schema is silently ignored. */
export const Parameter = z.discriminatedUnion('type', [
  numeric('number'),
  numeric('integer'),
  z.strictObject({
    type: z.literal('string'),
    ...shown,
    default: z.string().max(1000).optional(),
    enum: z.array(z.string().max(200)).min(1).max(200).optional(),
    pattern: z.string().max(200).optional(),
    minLength: count,
    maxLength: count,
  }),
  z.strictObject({ type: z.literal('boolean'), ...shown, default: z.boolean().optional() }),
  z.strictObject({
    type: z.literal('array'),
    ...shown,
    items: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('number'), ...range }),
      z.strictObject({ type: z.literal('integer'), ...range }),
    ]),
    default: z.array(z.number()).max(1000).optional(),
    minItems: count,
    maxItems: count,
  }),
])
const parameterName = z.string().regex(plainName, 'A letter, then letters, digits and underscores, at most 60')
export const ParameterSchema = z.strictObject({
  type: z.literal('object'),
  properties: z.record(parameterName, Parameter).refine((p) => Object.keys(p).length <= 200, 'At most 200 parameters'),
  required: z.array(parameterName).max(200).optional(),
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60),
        title: z.string().min(1).max(120),
        description: z.string().max(1000).optional(),
      }),
    )
    .max(30)
    .optional(),
})
export const Resources = z.strictObject({
  cpus: z.int().min(1).max(mostResources.cpus),
  memoryMb: z.int().min(128).max(mostResources.memoryMb),
  gpus: z.int().min(0).max(mostResources.gpus),
  seconds: z.int().min(1).max(mostResources.seconds),
})
const FilePath = z
  .string()
  .min(1)
  .max(longestPath)
  .regex(filePath, 'A relative path of plain characters, no part of it beginning with a dot')
const PipelineName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,59}$/, 'A small letter, then small letters, digits and dashes, at most 60')
/** What `pipeline.json` holds in a folder that `cloister pipeline publish` takes. */
export const PipelineDefinition = z.strictObject({
  name: PipelineName.describe('Unique in the organisation'),
  title: Name,
  description: z.string().max(4000).default(''),
  runtime: z.enum(pipelineRuntimes),
  image: z
    .string()
    .max(300)
    .regex(/^[a-z0-9][A-Za-z0-9._/:@-]*$/, 'A reference of a container image')
    .optional(),
  command: z
    .array(
      z
        .string()
        .max(4000)
        .regex(/^[^\u0000]*$/),
    )
    .min(1)
    .max(200)
    .describe('Program and arguments, no shell: {{parameter}}, {{inputs.NAME}}, {{output}}, {{code}}, {{parameters}}'),
  inputs: z
    .array(
      z.strictObject({
        name: parameterName,
        kind: z.enum(inputKinds),
        title: z.string().max(120).optional(),
        help: z.string().max(1000).optional(),
        required: z.boolean().default(true),
      }),
    )
    .max(20)
    .default([]),
  outputs: z
    .array(
      z.strictObject({
        match: FilePath.or(
          z
            .string()
            .min(1)
            .max(longestPath)
            .regex(/^(?!\.)[A-Za-z0-9._ *+()@=,-]+(\/(?!\.)[A-Za-z0-9._ *+()@=,-]+)*$/),
        ).describe('A path below the output folder; * is anything but a slash'),
        kind: z.enum(outputKinds),
        title: z.string().max(120).optional(),
        help: z.string().max(1000).optional(),
      }),
    )
    .max(100)
    .default([]),
  resources: Resources.partial().default({}).describe('What is not said: 1 processor, 1024 MB, no GPU, 3600 seconds'),
  parameters: ParameterSchema.default({ type: 'object', properties: {} }),
})
const FullDefinition = PipelineDefinition.extend({ resources: Resources })
const CodeFile = z.object({
  path: FilePath,
  size: z
    .int()
    .min(0)
    .max(100 * 1024 ** 2),
  sha256: Sha256,
})
const InputFile = z.object({
  path: FilePath,
  size: z
    .int()
    .min(0)
    .max(50 * 1024 ** 3),
  sha256: Sha256,
})
const uploadOf = z.object({
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
const Inputs = z.record(parameterName, z.array(InputSource).max(5000)).describe('By the name of the pipeline’s input')
export const ExperimentInput = z.object({
  name: z.string(),
  files: z.array(InputFile.extend({ from: z.enum(['upload', 'release', 'run']), jobId: JobId.optional() })),
  dataset: z.object({ datasetId: DatasetId, name: z.string() }).optional(),
  bytes: z.int(),
  hash: Sha256.describe('Of paths and contents'),
})
/** Values as they are sent: what fits is said by the pipeline’s own schema. */
const Values = z
  .record(z.string().max(60), z.union([z.number(), z.string().max(1000), z.boolean(), z.array(z.number()).max(1000)]))
  .refine((v) => Object.keys(v).length <= 200, 'At most 200 parameters')
const OwnResources = Resources.partial().describe('In place of the pipeline’s own')

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

/** In a query: `true` and `false` as words. */
const yes = z.union([z.boolean(), z.stringbool()]).default(false)
const Start = z.object({
  parameters: Values.optional().describe(
    'In place of the experiment’s; what is not named keeps the experiment’s value',
  ),
  resources: OwnResources.optional(),
  title: Name.optional(),
})
const sorts = ['created', 'ended', 'seconds', 'state', 'title', 'number'] as const
const RunsQuery = PageQuery.extend({
  state: z.enum(runStates).optional(),
  pipelineId: PipelineId.optional(),
  sweep: z.string().max(80).optional(),
  text: z.string().max(120).optional().describe('In the title or the experiment’s'),
  since: Instant.optional(),
  sort: z
    .union([z.enum(sorts), z.string().regex(/^(metric|parameter):[^\p{Cc}]{1,100}$/u, 'metric:NAME or parameter:NAME')])
    .default('created'),
  direction: z.enum(['up', 'down']).default('down'),
})
const ExperimentsQuery = PageQuery.extend({
  whose: z.enum(['mine', 'all']).default('all'),
  pipelineId: PipelineId.optional(),
  archived: yes,
  text: z.string().max(120).optional(),
  sort: z.enum(['created', 'changed', 'title', 'runs']).default('created'),
  direction: z.enum(['up', 'down']).default('down'),
})

const organisation = z.object({ organisationId: OrganisationId }),
  pipeline = z.object({ pipelineId: PipelineId }),
  experiment = z.object({ experimentId: ExperimentId }),
  run = z.object({ jobId: JobId })
const reading = ['read ORG', 'read USER', 'read PIPELINE'] as const
const inExperiment = [...reading, 'read EXPERIMENT', 'read JOB', 'read DATASET'] as const
const chain = ['read AUDIT', 'write AUDIT'] as const
const starting = [
  ...inExperiment,
  'write EXPERIMENT',
  'write JOB',
  'get protected',
  'put protected',
  'get released',
  'start-job',
  ...chain,
] as const
const onPipelines = (permission: 'pipelines.list' | 'pipelines.publish' | 'experiments.create') =>
  ({ kind: 'organisation', permission }) as const

export const pipelines = area(
  'pipelines',
  'Pipelines: experiments with typed parameters, live logs, artifacts, comparison',
  pipelineEntities,
  {
    list: route({
      method: 'GET',
      path: '/api/organisations/{organisationId}/pipelines',
      function: 'pipelines',
      access: onPipelines('pipelines.list'),
      status: 200,
      summary: 'Pipelines of an organisation, newest first',
      params: organisation,
      query: PageQuery.extend({ archived: yes, text: z.string().max(120).optional() }),
      response: page(Pipeline),
      problems: [],
      grants: reading,
    }),
    uploads: route({
      method: 'POST',
      path: '/api/organisations/{organisationId}/pipelines/uploads',
      function: 'pipelines',
      access: onPipelines('pipelines.publish'),
      status: 200,
      summary: 'Links to upload a pipeline’s files before it is published',
      detail: 'Only what is not there yet gets a link. The links take exactly the bytes that were announced.',
      params: organisation,
      body: z.object({ name: PipelineName, files: z.array(CodeFile).max(500) }),
      response: z.object({ pipelineId: PipelineId, uploads: z.array(uploadOf) }),
      problems: [],
      grants: [...reading, 'get protected', 'put protected'],
    }),
    publish: route({
      method: 'POST',
      path: '/api/organisations/{organisationId}/pipelines',
      function: 'pipelines',
      access: onPipelines('pipelines.publish'),
      status: 201,
      summary: 'Publish a pipeline, or a new version of it',
      detail:
        'The name says which pipeline. The same definition and files again answer the version that is there. A version never changes.',
      params: organisation,
      body: z.object({
        definition: PipelineDefinition,
        files: z.array(CodeFile).max(500),
        note: z.string().trim().max(500).default(''),
        expects: z.int().min(0).optional().describe('The newest version you know of: another one refuses'),
      }),
      response: PipelineWithDefinition,
      problems: ['invalid-pipeline', 'asset-missing', 'changed-meanwhile'],
      grants: [...reading, 'write PIPELINE', 'get protected', ...chain],
    }),
    get: route({
      method: 'GET',
      path: '/api/pipelines/{pipelineId}',
      function: 'pipelines',
      access: { kind: 'pipeline', permission: 'pipeline.read' },
      status: 200,
      summary: 'A pipeline with its newest definition',
      params: pipeline,
      response: PipelineWithDefinition,
      problems: [],
      grants: reading,
    }),
    versions: route({
      method: 'GET',
      path: '/api/pipelines/{pipelineId}/versions',
      function: 'pipelines',
      access: { kind: 'pipeline', permission: 'pipeline.read' },
      status: 200,
      summary: 'Its versions, newest first',
      params: pipeline,
      query: PageQuery,
      response: page(PipelineVersion),
      problems: [],
      grants: reading,
    }),
    version: route({
      method: 'GET',
      path: '/api/pipelines/{pipelineId}/versions/{version}',
      function: 'pipelines',
      access: { kind: 'pipeline', permission: 'pipeline.read' },
      status: 200,
      summary: 'One version: definition, and its files with links',
      params: pipeline.extend({ version: Version }),
      response: PipelineVersion.extend({
        definition: FullDefinition,
        code: z.array(CodeFile.extend({ download: Signed })),
      }),
      problems: ['not-found'],
      grants: [...reading, 'get protected'],
    }),
    archive: route({
      method: 'PATCH',
      path: '/api/pipelines/{pipelineId}',
      function: 'pipelines',
      access: { kind: 'pipeline', permission: 'pipeline.publish' },
      status: 200,
      summary: 'Put a pipeline away, or take it out again',
      detail: 'Its runs and experiments stay; nothing new is set up with it.',
      params: pipeline,
      body: z.object({ rev: Rev, archived: z.boolean() }),
      response: Pipeline,
      problems: ['changed-meanwhile'],
      grants: [...reading, 'write PIPELINE', ...chain],
    }),

    experiments: route({
      method: 'GET',
      path: '/api/organisations/{organisationId}/experiments',
      function: 'pipelines',
      access: onPipelines('pipelines.list'),
      status: 200,
      summary: 'Experiments that one may see',
      params: organisation,
      query: ExperimentsQuery,
      response: page(Experiment),
      problems: [],
      grants: inExperiment,
    }),
    createExperiment: route({
      method: 'POST',
      path: '/api/organisations/{organisationId}/experiments',
      function: 'pipelines',
      access: onPipelines('experiments.create'),
      status: 201,
      summary: 'Set up an experiment',
      params: organisation,
      body: z.object({
        pipelineId: PipelineId,
        version: z.int().min(1).optional().describe('The newest when it is not said'),
        title: Name,
        description: z.string().max(4000).default(''),
        parameters: Values.default({}),
        resources: OwnResources.default({}),
        shared: z.boolean().default(false),
      }),
      response: ExperimentInFull,
      problems: ['invalid-run', 'wrong-state'],
      grants: [...inExperiment, 'write EXPERIMENT', ...chain],
    }),
    experiment: route({
      method: 'GET',
      path: '/api/experiments/{experimentId}',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.read' },
      status: 200,
      summary: 'An experiment: pipeline, parameters, inputs',
      params: experiment,
      response: ExperimentInFull,
      problems: [],
      grants: inExperiment,
    }),
    changeExperiment: route({
      method: 'PATCH',
      path: '/api/experiments/{experimentId}',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.edit' },
      status: 200,
      summary: 'Change an experiment; its runs stay as they were',
      detail: 'Parameters and inputs that are sent replace those that were there. Uploads must have arrived.',
      params: experiment,
      body: z.object({
        rev: Rev,
        version: z.int().min(1).optional(),
        title: Name.optional(),
        description: z.string().max(4000).optional(),
        parameters: Values.optional(),
        resources: OwnResources.optional(),
        inputs: Inputs.optional(),
        shared: z.boolean().optional(),
        archived: z.boolean().optional(),
      }),
      maxBody: 4 * 1024 * 1024,
      response: ExperimentInFull,
      problems: ['changed-meanwhile', 'asset-missing', 'invalid-run'],
      grants: [...inExperiment, 'write EXPERIMENT', 'get protected', 'put protected', 'get released', ...chain],
    }),
    deleteExperiment: route({
      method: 'DELETE',
      path: '/api/experiments/{experimentId}',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.edit' },
      status: 204,
      summary: 'Remove an experiment that has no runs',
      detail: 'One that has runs is put away instead (`archived`): runs and their logs stay.',
      params: experiment,
      response: Nothing,
      problems: ['wrong-state'],
      grants: [...inExperiment, 'write EXPERIMENT', ...chain],
    }),
    inputUploads: route({
      method: 'POST',
      path: '/api/experiments/{experimentId}/uploads',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.edit' },
      status: 200,
      summary: 'Links to upload files for an experiment’s inputs',
      params: experiment,
      body: z.object({ files: z.array(InputFile).min(1).max(5000) }),
      maxBody: 4 * 1024 * 1024,
      response: z.object({ uploads: z.array(uploadOf) }),
      problems: [],
      grants: [...inExperiment, 'get protected', 'put protected'],
    }),
    propose: route({
      method: 'POST',
      path: '/api/experiments/{experimentId}/proposal',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.edit' },
      status: 200,
      summary: 'Look at an input of images and propose parameters',
      detail: 'Reads heads of files alone. Files over 64 MB are looked at in the browser, before they are uploaded.',
      params: experiment,
      body: z.object({ input: parameterName }),
      response: z.object({
        kind: z.enum(['stack', 'stacks', 'folder']),
        files: z.int(),
        frames: z.int(),
        width: z.int(),
        height: z.int(),
        bits: z.int(),
        samples: z.int(),
        warnings: z.array(z.string()),
        parameters: z.record(z.string(), z.number()).describe('What the pipeline’s schema says can be proposed'),
      }),
      problems: ['invalid-run'],
      grants: [...inExperiment, 'get protected', 'get released'],
    }),

    start: route({
      method: 'POST',
      path: '/api/experiments/{experimentId}/runs',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.run' },
      status: 202,
      summary: 'Start a run',
      detail:
        'Everything is checked before a run exists. Send an `Idempotency-Key`: the same key and settings answer the same run, other settings under the same key are refused.',
      params: experiment,
      body: Start,
      response: PipelineRun,
      problems: ['invalid-run', 'wrong-state', 'too-many-jobs', 'already-exists'],
      grants: starting,
    }),
    sweep: route({
      method: 'POST',
      path: '/api/experiments/{experimentId}/sweeps',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.run' },
      status: 202,
      summary: `Start a run for every combination of the values of at most ${mostAxes} parameters`,
      params: experiment,
      body: Start.omit({ title: true }).extend({
        over: z
          .array(z.object({ parameter: z.string().max(60), values: z.array(z.json()).min(1).max(mostRuns) }))
          .max(10),
      }),
      response: z.object({ sweep: z.string(), runs: z.array(PipelineRun) }),
      problems: ['invalid-run', 'wrong-state', 'too-many-jobs', 'already-exists'],
      grants: starting,
    }),
    runsOf: route({
      method: 'GET',
      path: '/api/experiments/{experimentId}/runs',
      function: 'pipelines',
      access: { kind: 'experiment', permission: 'experiment.read' },
      status: 200,
      summary: 'Runs of an experiment, filtered and sorted',
      params: experiment,
      query: RunsQuery.omit({ pipelineId: true }),
      response: page(PipelineRun),
      problems: [],
      grants: inExperiment,
    }),
    runs: route({
      method: 'GET',
      path: '/api/pipeline-runs',
      function: 'pipelines',
      access: { kind: 'person' },
      status: 200,
      summary: 'Your own runs, filtered and sorted',
      query: RunsQuery,
      response: page(PipelineRun),
      problems: [],
      grants: inExperiment,
    }),
    queue: route({
      method: 'GET',
      path: '/api/organisations/{organisationId}/pipeline-queue',
      function: 'pipelines',
      access: onPipelines('pipelines.list'),
      status: 200,
      summary: 'Who is at work and in which order the others come',
      detail: 'Of other organisations only their number shows.',
      params: organisation,
      response: z.object({
        slots: z.int(),
        perOwner: z.int(),
        running: z.int(),
        waiting: z.array(
          z.object({
            position: z.int(),
            jobId: JobId.optional(),
            title: z.string().optional(),
            owner: z.string().optional(),
            mine: z.boolean(),
            created: Instant,
          }),
        ),
      }),
      problems: [],
      grants: inExperiment,
    }),
    compare: route({
      method: 'GET',
      path: '/api/pipeline-run-comparison',
      function: 'pipelines',
      access: { kind: 'person' },
      status: 200,
      summary: 'Two to six runs side by side',
      query: z.object({
        runs: z
          .string()
          .regex(/^job_[a-z2-7]{16,32}(,job_[a-z2-7]{16,32}){1,5}$/, 'Two to six ids with commas between them'),
      }),
      response: Comparison,
      problems: ['not-found', 'forbidden'],
      grants: [...inExperiment, 'get released'],
    }),
    run: route({
      method: 'GET',
      path: '/api/pipeline-runs/{jobId}',
      function: 'pipelines',
      access: { kind: 'pipeline-run', permission: 'experiment.read' },
      status: 200,
      summary: 'A run',
      params: run,
      response: PipelineRun,
      problems: [],
      grants: inExperiment,
    }),
    cancel: route({
      method: 'POST',
      path: '/api/pipeline-runs/{jobId}/cancellation',
      function: 'pipelines',
      access: { kind: 'pipeline-run', permission: 'experiment.stop' },
      status: 200,
      summary: 'Stop a run',
      params: run,
      response: PipelineRun,
      problems: ['wrong-state'],
      grants: [
        ...inExperiment,
        'write EXPERIMENT',
        'write JOB',
        'write DATASET',
        'list quarantine',
        'delete quarantine',
        'start-job',
        'stop-job',
        'stop-container',
        ...chain,
      ],
    }),
    again: route({
      method: 'POST',
      path: '/api/pipeline-runs/{jobId}/again',
      function: 'pipelines',
      access: { kind: 'pipeline-run', permission: 'experiment.run' },
      status: 202,
      summary: 'Run again: the same version, inputs and parameters, with edits if any',
      detail: 'Takes an `Idempotency-Key` as starting does.',
      params: run,
      body: Start.extend({ version: z.int().min(1).optional().describe('Another version of the pipeline') }),
      response: PipelineRun,
      problems: ['invalid-run', 'wrong-state', 'too-many-jobs', 'already-exists'],
      grants: starting,
    }),
    artifacts: route({
      method: 'GET',
      path: '/api/pipeline-runs/{jobId}/artifacts',
      function: 'pipelines',
      access: { kind: 'pipeline-run', permission: 'experiment.read' },
      status: 200,
      summary: 'What a run left in its output folder',
      params: run,
      response: z.object({ items: z.array(Artifact), leftOut: z.int().describe('Files that did not fit') }),
      problems: ['result-not-released'],
      grants: [...inExperiment, 'get released'],
    }),
    artifact: route({
      method: 'GET',
      path: '/api/pipeline-runs/{jobId}/artifact',
      function: 'pipelines',
      access: { kind: 'pipeline-run', permission: 'experiment.read' },
      status: 200,
      summary: 'A signed link to one artifact',
      detail: 'The link takes `Range`. Of a zipped one it leads to the archive.',
      params: run,
      query: z.object({ path: z.string().min(1).max(longestPath) }),
      response: z.object({ url: z.string(), filename: z.string(), size: z.int(), expires: Instant }),
      problems: ['result-not-released', 'not-found'],
      grants: [...inExperiment, 'get released'],
    }),

    log: route({
      method: 'GET',
      path: '/api/pipeline-runs/{jobId}/log',
      function: 'pipelinelog',
      access: { kind: 'pipeline-run', permission: 'experiment.log' },
      status: 200,
      summary: 'A page of a run’s log, while it is written and ever after',
      params: run,
      query: z.object({
        from: z.coerce.number().int().min(0).optional().describe('The place to read from; 0 is the beginning'),
        limit: z.coerce.number().int().min(1).max(5000).default(1000),
        tail: yes.describe('The last records before `from`, or of all'),
      }),
      response: LogPage,
      problems: [],
      grants: ['read ORG', 'read EXPERIMENT', 'read JOB', 'get released', 'read-log'],
    }),
    logDownload: route({
      method: 'GET',
      path: '/api/pipeline-runs/{jobId}/log/download',
      function: 'pipelinestream',
      access: { kind: 'pipeline-run', permission: 'experiment.log' },
      status: 200,
      stream: 'text',
      summary: 'The whole log as a file: as far as it is written',
      detail: '`text`: time, stream and line; `jsonl`: the records.',
      params: run,
      query: z.object({ format: z.enum(['text', 'jsonl']).default('text') }),
      response: z.string(),
      problems: [],
      grants: ['read ORG', 'read EXPERIMENT', 'read JOB', 'get released', 'read-log'],
    }),
    logEvents: route({
      method: 'GET',
      path: '/api/pipeline-runs/{jobId}/log/events',
      function: 'pipelinestream',
      access: { kind: 'pipeline-run', permission: 'experiment.log' },
      status: 200,
      stream: 'events',
      summary: 'The log as server-sent events',
      params: run,
      query: z.object({ from: z.coerce.number().int().min(0).optional() }),
      detail:
        'Each event’s id is the place of the record after it: send it back as `Last-Event-ID`. `event: end` is the last one. A comment comes every 15 seconds; when the connection ends without `end`, connect again.',
      response: LogRecord,
      problems: [],
      grants: ['read ORG', 'read EXPERIMENT', 'read JOB', 'get released', 'read-log'],
    }),
  },
)
