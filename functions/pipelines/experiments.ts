/** Experiments: a person's named set-up of a pipeline. */
import type { z } from 'zod'
import type { pipelines } from '../../contracts/pipelines.ts'
import type { ExperimentInFull } from '../../contracts/pipelines.shapes.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import { ConditionFailed, type Item, type QueryOptions } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { createOrFirst } from '../kernel/create-if-absent.ts'
import { intendedId, madeBefore } from '../kernel/intent.ts'
import { type DatasetItem, type ExperimentItem, indexKeyOf, keyOf, type PipelineItem } from '../kernel/items.ts'
import { inputFiles, storeInputs } from './inputs.ts'
import { refuse, setUpErrors, valueErrors, wantedVersion } from './admission.ts'
import { toExperiment } from './view.ts'
import { Names } from '../kernel/names.ts'
import { linkSeconds } from '../kernel/links.ts'
import { folderLeft } from '../stores/uploads.ts'
import { experimentUploads } from './uploads.ts'

type Routes = (typeof pipelines)['routes']
type Viewer = { userId: string; subject: Subject }

const changedMeanwhile = (): Failure =>
  new Failure(
    'changed-meanwhile',
    'The experiment was changed meanwhile. Load it again, and repeat your change if it is still wanted.',
  )

/** The experiment with its definition, inputs, and what stands in the way of a run. */
export async function inFull(
  deps: Deps,
  experiment: Item<ExperimentItem>,
  viewer: Viewer,
): Promise<z.input<typeof ExperimentInFull>> {
  const names = new Names(deps)
  const [brief, pipeline, version] = await Promise.all([
    toExperiment(names, experiment, viewer),
    deps.table.get<PipelineItem>(keyOf.pipeline(experiment.pipelineId)),
    wantedVersion(deps, experiment.pipelineId, experiment.version, experiment.version),
  ])
  const inputs = await Promise.all(
    experiment.inputs.map(async (input) => ({
      name: input.name,
      bytes: input.bytes,
      hash: input.hash,
      files: (await inputFiles(deps, experiment.experimentId, input)).map(({ slot: _, ...f }) => f),
      ...(input.datasetId
        ? {
            dataset: {
              datasetId: input.datasetId,
              name: (await deps.table.get<DatasetItem>(keyOf.dataset(input.datasetId)))?.name ?? input.datasetId,
            },
          }
        : {}),
    })),
  )
  const faults = setUpErrors(deps, version.definition, experiment).map(({ path, message }) => ({
    path: path.replace('/body', ''),
    message,
  }))
  return {
    ...brief,
    definition: version.definition,
    newestVersion: pipeline?.version ?? experiment.version,
    parameters: experiment.parameters as Record<string, z.core.util.JSONType>,
    resources: experiment.resources,
    inputs,
    faults:
      experiment.archived || pipeline?.archived
        ? [
            { path: '', message: experiment.archived ? 'The experiment was put away' : 'The pipeline was put away' },
            ...faults,
          ]
        : faults,
  }
}

export const createExperiment: Implementation<Routes['createExperiment']> = async (
  { params, body, caller, subject, intent },
  deps,
) => {
  const { organisationId } = params
  const pipeline = await deps.table.get<PipelineItem>(keyOf.pipeline(body.pipelineId))
  if (!pipeline || pipeline.organisationId !== organisationId)
    throw refuse([
      { path: '/body/pipelineId', message: 'The organisation has no such pipeline', value: body.pipelineId },
    ])
  if (pipeline.archived) throw new Failure('wrong-state', 'This pipeline was put away: nothing new is set up with it.')
  const { definition } = await wantedVersion(
    deps,
    pipeline.pipelineId,
    body.version ?? pipeline.version,
    pipeline.version,
  )
  const wrong = valueErrors(definition, body.parameters)
  if (wrong.length > 0) throw refuse(wrong)
  const experimentId = await intendedId(intent, 'exp')
  const before = await madeBefore<ExperimentItem>(deps, intent, keyOf.experiment(experimentId))
  if (before) return inFull(deps, before, { userId: caller.userId, subject })
  const at = deps.now().toISOString()
  const item: ExperimentItem = {
    experimentId,
    organisationId,
    pipelineId: pipeline.pipelineId,
    version: body.version ?? pipeline.version,
    userId: caller.userId,
    title: body.title,
    description: body.description,
    parameters: body.parameters,
    resources: given(body.resources),
    inputs: [],
    shared: body.shared,
    archived: false,
    created: at,
    changed: at,
    runs: 0,
  }
  await record(deps, organisationId, whoOf(caller), [
    {
      act: 'experiment.created',
      object: `experiment ${experimentId}`,
      detail: { pipeline: item.pipelineId, version: item.version },
    },
  ])
  const made = await createOrFirst<ExperimentItem>(deps, {
    ...item,
    ...keyOf.experiment(experimentId),
    ...indexKeyOf.experiment.ofOrganisation({ organisationId, created: at, experimentId }),
  })
  return inFull(deps, made, { userId: caller.userId, subject })
}

/** Without members that are not there: the table keeps no `undefined`. */
export const given = <T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

export const experiment: Implementation<Routes['experiment']> = async ({ experiment: e, caller, subject }, deps) =>
  inFull(deps, e, { userId: caller.userId, subject })

export const changeExperiment: Implementation<Routes['changeExperiment']> = async (
  { experiment: found, body, caller, subject },
  deps,
) => {
  if (body.rev !== found.rev) throw changedMeanwhile()
  const { rev, inputs: sources, resources, ...facts } = body
  const pipeline = await deps.table.get<PipelineItem>(keyOf.pipeline(found.pipelineId))
  const { definition } = await wantedVersion(
    deps,
    found.pipelineId,
    body.version ?? found.version,
    pipeline?.version ?? found.version,
  )
  const wrong = body.parameters || body.version ? valueErrors(definition, body.parameters ?? found.parameters) : []
  if (wrong.length > 0) throw refuse(wrong)
  const inputs = sources === undefined ? undefined : await storeInputs(deps, caller, found, definition, sources)
  // What an outsider could not know before, or who may see it: those changes are events.
  const told = {
    ...(body.shared === undefined || body.shared === found.shared ? {} : { shared: body.shared }),
    ...(body.archived === undefined || body.archived === found.archived ? {} : { archived: body.archived }),
    ...(inputs ? { inputs: inputs.map((i) => i.hash) } : {}),
  }
  if (Object.keys(told).length > 0)
    await record(deps, found.organisationId, whoOf(caller), [
      { act: 'experiment.changed', object: `experiment ${found.experimentId}`, detail: told },
    ])
  try {
    const now = await deps.table.update<ExperimentItem>(keyOf.experiment(found.experimentId), {
      set: {
        ...given(facts),
        ...(resources === undefined ? {} : { resources: given(resources) }),
        inputs,
        changed: deps.now().toISOString(),
      },
      when: [{ attribute: 'rev', is: 'equal', value: rev }],
    })
    return await inFull(deps, now, { userId: caller.userId, subject })
  } catch (error) {
    throw error instanceof ConditionFailed ? changedMeanwhile() : error
  }
}

export const deleteExperiment: Implementation<Routes['deleteExperiment']> = async (
  { experiment: found, caller },
  deps,
) => {
  const hasRuns = (runs: number): Failure =>
    new Failure(
      'wrong-state',
      `This experiment has ${runs === 1 ? 'a run' : `${runs} runs`}, and runs are kept. Put it away instead.`,
    )
  if (found.runs > 0) throw hasRuns(found.runs)
  await record(deps, found.organisationId, whoOf(caller), [
    { act: 'experiment.deleted', object: `experiment ${found.experimentId}` },
  ])
  try {
    // A run that begins at this moment either finds it deleted, or is counted first.
    await deps.table.update<ExperimentItem>(keyOf.experiment(found.experimentId), {
      set: { deleted: true },
      when: [{ attribute: 'runs', is: 'equal', value: 0 }],
    })
  } catch (e) {
    throw e instanceof ConditionFailed ? hasRuns(1) : e
  }
  // Its files go by the watch, once no link for them works any more.
  await folderLeft(deps, experimentUploads, found.experimentId, linkSeconds.transfer)
  await deps.table.remove(keyOf.experiment(found.experimentId))
}

type Filters = { whose: 'mine' | 'all'; pipelineId?: string | undefined; archived: boolean; text?: string | undefined }
const fits = (experiment: ExperimentItem, filters: Filters, viewer: Viewer): boolean =>
  may(
    { ...viewer.subject, owner: experiment.userId === viewer.userId, shared: experiment.shared },
    'experiment.read',
  ) &&
  (filters.whose === 'all' || experiment.userId === viewer.userId) &&
  (filters.pipelineId === undefined || experiment.pipelineId === filters.pipelineId) &&
  experiment.archived === filters.archived &&
  (filters.text === undefined ||
    `${experiment.title} ${experiment.description}`.toLowerCase().includes(filters.text.toLowerCase()))

/** Experiments that are looked through for a sorted list. */
const lookedThrough = 1000

/** How a list is sorted, by what its query says. */
function inOrder(sort: string, direction: 'up' | 'down'): (a: ExperimentItem, b: ExperimentItem) => number {
  const sign = direction === 'up' ? 1 : -1
  if (sort === 'runs') return (a, b) => sign * (a.runs - b.runs)
  if (sort === 'title') return (a, b) => sign * a.title.localeCompare(b.title)
  return (a, b) => sign * (a.changed < b.changed ? -1 : 1)
}

export const experiments: Implementation<Routes['experiments']> = async ({ params, query, caller, subject }, deps) => {
  const viewer = { userId: caller.userId, subject }
  const names = new Names(deps)
  const page = (options: Partial<QueryOptions>) =>
    deps.table.query<ExperimentItem>(indexKeyOf.experiment.ofOrganisation.partition(params.organisationId), {
      index: true,
      prefix: indexKeyOf.experiment.ofOrganisation.prefix(),
      backwards: query.direction === 'down',
      limit: 200,
      ...options,
    } as QueryOptions)
  const found: Item<ExperimentItem>[] = []
  if (query.sort === 'created') {
    let after = query.after
    do {
      const { items, next } = await page({ limit: query.limit, after })
      found.push(...items.filter((e) => fits(e, query, viewer)))
      after = next
    } while (found.length === 0 && after !== undefined)
    return {
      items: await Promise.all(found.map((e) => toExperiment(names, e, viewer))),
      next: after,
    }
  }
  let after: string | undefined
  let looked = 0
  do {
    const { items, next } = await page(after === undefined ? {} : { after })
    looked += items.length
    found.push(...items.filter((e) => fits(e, query, viewer)))
    after = next
  } while (after !== undefined && looked < lookedThrough)
  found.sort(inOrder(query.sort, query.direction))
  const from = offsetOf(query.after)
  return {
    items: await Promise.all(found.slice(from, from + query.limit).map((e) => toExperiment(names, e, viewer))),
    ...(from + query.limit < found.length ? { next: `at:${from + query.limit}` } : {}),
  }
}

/** The place in a sorted list that a page marker names. */
export function offsetOf(after: string | undefined): number {
  if (after === undefined) return 0
  const at = /^at:(\d{1,6})$/.exec(after)?.[1]
  if (at === undefined)
    throw new Failure('invalid-request', 'The page marker does not belong to this list. Start again without `after`.', [
      { path: '/query/after', message: 'Not a marker of this list', expected: '`next` of the page before' },
    ])
  return Number(at)
}
