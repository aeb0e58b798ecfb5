/**
 * For the walk over every route: a pipeline, an experiment and a run put straight into the table, and how each
 * documented problem of their routes is provoked.
 */
import { newId } from '../functions/kernel/ids.ts'
import {
  type ExperimentItem,
  type JobItem,
  type JobPlacesItem,
  keyOf,
  type PipelineItem,
  type PipelineVersionItem,
} from '../functions/kernel/items.ts'
import type { Harness } from '../functions/kernel/testing.ts'
import { mostLive } from '../domain/pipelines/fair.ts'
import type { ProblemAnswer, World } from './routes-datasets.ts'

const sha = '0'.repeat(64)
const resources = { cpus: 1, memoryMb: 512, gpus: 0, seconds: 60 }
export const definition = {
  name: 'planted',
  title: 'Secret pipeline',
  description: '',
  runtime: 'shell' as const,
  command: ['true', '{{width}}'],
  inputs: [{ name: 'notes', kind: 'files' as const, required: false }],
  outputs: [],
  resources,
  parameters: { type: 'object' as const, properties: { width: { type: 'integer' as const, minimum: 1, default: 1 } } },
}

export interface PlantedRun {
  pipelineId: string
  experimentId: string
  pipelineRunId: string
}

/** An experiment of a pipeline with one run, which has succeeded unless `over` says otherwise. */
export async function plantRun(
  harness: Harness,
  organisationId: string,
  over: { pipeline?: Partial<PipelineItem>; experiment?: Partial<ExperimentItem>; job?: Partial<JobItem> } = {},
): Promise<PlantedRun> {
  const { table } = harness.deps
  const at = harness.clock.now().toISOString()
  const pipelineId = newId(harness.deps, 'pip')
  const experimentId = newId(harness.deps, 'exp')
  const pipelineRunId = newId(harness.deps, 'job')
  await table.create<PipelineVersionItem>({
    ...keyOf.pipelineVersion(pipelineId, 1),
    pipelineId,
    version: 1,
    definition,
    files: [],
    codeHash: sha,
    note: '',
    published: at,
    publishedBy: 'user-ada',
  })
  await table.create<PipelineItem>({
    ...keyOf.pipeline(pipelineId),
    gpk: `ORG#${organisationId}`,
    gsk: `PIPELINE#${at}#${pipelineId}`,
    pipelineId,
    organisationId,
    name: 'planted',
    title: 'Secret pipeline',
    description: '',
    runtime: 'shell',
    version: 1,
    parameters: 1,
    archived: false,
    created: at,
    changed: at,
    ...over.pipeline,
  })
  await table.create<ExperimentItem>({
    ...keyOf.experiment(experimentId),
    gpk: `ORG#${organisationId}`,
    gsk: `EXPERIMENT#${at}#${experimentId}`,
    experimentId,
    organisationId,
    pipelineId,
    version: 1,
    userId: 'user-ada',
    title: 'Secret experiment',
    description: '',
    parameters: {},
    resources: {},
    inputs: [],
    shared: true,
    archived: false,
    created: at,
    changed: at,
    runs: 1,
    last: pipelineRunId,
    ...over.experiment,
  })
  await table.create<JobItem>({
    ...keyOf.job(pipelineRunId),
    gpk: `EXPERIMENT#${experimentId}`,
    gsk: `RUN#${at}#${pipelineRunId}`,
    jobId: pipelineRunId,
    kind: 'pipeline',
    title: 'Secret run',
    state: 'succeeded',
    organisationId,
    datasetId: '',
    datasetVersion: 0,
    userId: 'user-ada',
    purpose: '',
    cohort: [],
    pin: sha,
    askHash: sha,
    created: at,
    ended: at,
    attempt: 1,
    steps: {},
    run: {
      experimentId,
      pipelineId,
      pipeline: 'Secret pipeline',
      version: 1,
      number: 1,
      codeHash: sha,
      parameters: { width: 1 },
      resources,
      inputs: [],
    },
    ...over.job,
  })
  return { pipelineId, experimentId, pipelineRunId }
}

/** By `pipelines.route kind`. */
export function pipelineProblems(world: World): Record<string, () => Promise<ProblemAnswer>> {
  type Over = Parameters<typeof plantRun>[2]
  const as = world.custodian
  const file = { path: 'run.sh', size: 1, sha256: 'f'.repeat(64) }
  const publish = (over: object, more: object = {}): Promise<ProblemAnswer> =>
    world.answer('pipelines', 'publish', {
      as: as(),
      params: { organisationId: world.organisationId() },
      body: { definition: { ...definition, ...over }, files: [], ...more },
    })
  const on = async (route: string, over: Over, body?: unknown, more: object = {}): Promise<ProblemAnswer> => {
    const { pipelineId, experimentId, pipelineRunId } = await plantRun(world.h(), world.organisationId(), over)
    return world.answer('pipelines', route, {
      as: as(),
      params: { pipelineId, experimentId, jobId: pipelineRunId, version: 9 },
      ...(body === undefined ? {} : { body }),
      ...more,
    })
  }
  const create = async (over: Over, body: object): Promise<ProblemAnswer> =>
    world.answer('pipelines', 'createExperiment', {
      as: as(),
      params: { organisationId: world.organisationId() },
      body: { pipelineId: (await plantRun(world.h(), world.organisationId(), over)).pipelineId, title: 'T', ...body },
    })
  const wrong = { parameters: { width: 0 } }
  const sweepOver = { over: [{ parameter: 'width', values: [1, 2] }] }
  const away = { experiment: { archived: true } }
  /** With so many runs of the person waiting that there is no room for another. */
  const crowded = async (route: string, body: object): Promise<ProblemAnswer> => {
    const { deps, clock } = world.h()
    const key = keyOf.jobPlaces('user-ada', 'runs')
    const taken = Array.from({ length: mostLive }, () => [newId(deps, 'job'), clock.now().toISOString()])
    const before = await deps.table.get<JobPlacesItem>(key)
    await deps.table.remove(key)
    await deps.table.create({ ...key, line: 'runs', held: Object.fromEntries(taken) })
    try {
      return await on(route, {}, body)
    } finally {
      await deps.table.remove(key)
      if (before) await deps.table.create(before)
    }
  }
  const changedBetween = async (route: string, rev: number, body: object): Promise<ProblemAnswer> =>
    on(route, {}, { rev, ...body })
  const missing = `job_${'z'.repeat(32)}`
  const starts = (route: 'start' | 'again'): Record<string, () => Promise<ProblemAnswer>> => ({
    [`pipelines.${route} invalid-run`]: () => on(route, {}, wrong),
    [`pipelines.${route} wrong-state`]: () => on(route, away, {}),
    [`pipelines.${route} too-many-jobs`]: () => crowded(route, {}),
  })
  return {
    'pipelines.publish invalid-pipeline': () => publish({ command: ['true', '{{nothing}}'] }),
    'pipelines.publish asset-missing': () => publish({ title: 'With a file' }, { files: [file] }),
    'pipelines.publish changed-meanwhile': () => publish({ title: 'Late' }, { expects: 7 }),
    'pipelines.version not-found': () => on('version', {}),
    'pipelines.archive changed-meanwhile': () => changedBetween('archive', 99, { archived: true }),
    'pipelines.createExperiment invalid-run': () => create({}, { version: 5 }),
    'pipelines.createExperiment wrong-state': () => create({ pipeline: { archived: true } }, {}),
    'pipelines.changeExperiment changed-meanwhile': () => changedBetween('changeExperiment', 99, { title: 'New' }),
    'pipelines.changeExperiment asset-missing': () =>
      on('changeExperiment', {}, { rev: 1, inputs: { notes: [{ from: 'upload', ...file }] } }),
    'pipelines.changeExperiment invalid-run': () => on('changeExperiment', {}, { rev: 1, ...wrong }),
    'pipelines.deleteExperiment wrong-state': () => on('deleteExperiment', {}),
    'pipelines.propose invalid-run': () => on('propose', {}, { input: 'notes' }),
    ...starts('start'),
    ...starts('again'),
    'pipelines.sweep invalid-run': () => on('sweep', {}, { over: [{ parameter: 'width', values: [0] }] }),
    'pipelines.sweep wrong-state': () => on('sweep', away, sweepOver),
    'pipelines.sweep too-many-jobs': () => crowded('sweep', sweepOver),
    'pipelines.compare not-found': () =>
      world.answer('pipelines', 'compare', { as: as(), query: { runs: `${missing},${missing.replace('z', 'y')}` } }),
    'pipelines.compare forbidden': async () => {
      const ids = [
        await plantRun(world.h(), world.organisationId()),
        await plantRun(world.h(), world.organisationId()),
      ].map((p) => p.pipelineRunId)
      return world.answer('pipelines', 'compare', {
        as: world.h().person('ada', { scopes: [] }),
        query: { runs: ids.join(',') },
      })
    },
    'pipelines.compare internal': async () => {
      const { table } = world.h().deps
      const { get } = table
      table.get = async () => {
        throw new Error('marker-of-a-value')
      }
      try {
        return await world.answer('pipelines', 'compare', {
          as: as(),
          query: { runs: `${missing},${missing.replace('z', 'y')}` },
        })
      } finally {
        table.get = get
      }
    },
    'pipelines.cancel wrong-state': () => on('cancel', {}),
    'pipelines.artifacts result-not-released': () => on('artifacts', { job: { state: 'running' } }),
    'pipelines.artifact result-not-released': () =>
      on('artifact', { job: { state: 'running' } }, undefined, { query: { path: 'x.csv' } }),
    'pipelines.artifact not-found': () => on('artifact', {}, undefined, { query: { path: 'x.csv' } }),
  }
}
