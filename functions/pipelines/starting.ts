/** Starting runs: one, again with edits, or a sweep. Everything is checked before anything is written. */
import type { z } from 'zod'
import type { pipelines } from '../../contracts/pipelines.ts'
import { base32, canonical, sha256Hex } from '../../domain/hash.ts'
import { mostLive } from '../../domain/pipelines/fair.ts'
import type { Resources } from '../../domain/pipelines/definition.ts'
import { grid, sweepFaults, sweepLabel } from '../../domain/pipelines/sweep.ts'
import { type Item } from '../../ports/table.ts'
import { whoOf } from '../kernel/audit.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type Intent, intendedId } from '../kernel/intent.ts'
import {
  type ExperimentItem,
  indexKeyOf,
  type JobItem,
  keyOf,
  type PipelineItem,
  type PipelineRunFacts,
} from '../kernel/items.ts'
import type { InExperiment } from './resources.ts'
import { type DatasetInput, purposeOf, questionFor, withDataset } from './datasets.ts'
import { given } from './experiments.ts'
import { dispatch, queueStandingOf } from './queue.ts'
import { refuse, type SetUp, type Terms, runTermsOf, wantedVersion } from './admission.ts'
import { toRun } from './view.ts'
import { ownerPointer } from '../workflow/pointers.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import { Names } from '../kernel/names.ts'
import type { RunJob } from './run-job.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { retrying } from '../kernel/retry.ts'
import { takePlaces } from '../workflow/places.ts'
import { submit } from '../workflow/submit.ts'

type Routes = (typeof pipelines)['routes']
type Edits = Pick<z.output<NonNullable<Routes['start']['body']>>, 'parameters' | 'resources'>

const edited = (setUp: SetUp, { parameters, resources }: Edits): SetUp => ({
  ...setUp,
  parameters: { ...setUp.parameters, ...parameters },
  resources: { ...setUp.resources, ...given(resources ?? {}) } as Partial<Resources>,
})

/** Places among the live runs of a person for these; those that a repeated request made have theirs. */
async function takeRoom(deps: WorkflowDeps, { userId }: Caller, jobIds: readonly string[]): Promise<void> {
  if (await takePlaces(deps, { userId, line: 'runs', most: mostLive }, jobIds)) return
  const more = jobIds.length === 1 ? 'another' : `${jobIds.length} more`
  throw new Failure(
    'too-many-jobs',
    `At most ${mostLive} of your runs may wait or work at once, and there is no room for ${more}. Wait for some of them, or stop some.`,
  )
}

const notAway = async (deps: Deps, experiment: ExperimentItem): Promise<PipelineItem | undefined> => {
  if (experiment.archived)
    throw new Failure('wrong-state', 'This experiment was put away. Take it out again to run it.')
  const pipeline = await deps.table.get<PipelineItem>(keyOf.pipeline(experiment.pipelineId))
  if (pipeline?.archived)
    throw new Failure('wrong-state', 'Its pipeline was put away. Whoever publishes pipelines can take it out again.')
  return pipeline
}

interface One {
  jobId: string
  askHash: string
  terms: Terms
  title: string | undefined
  more: Partial<PipelineRunFacts>
  /** The protected dataset among its inputs. */
  on: DatasetInput | undefined
}

/**
 * Submits the run, then makes it the experiment's newest. It starts when its turn comes; killed before that, the watch
 * gives it its turn.
 */
async function write(
  deps: WorkflowDeps,
  { caller, experiment: found }: InExperiment,
  { jobId, askHash, terms, title, more, on }: One,
): Promise<{ job: Item<JobItem>; made: boolean }> {
  const { version, parameters, resources, hash } = terms
  const number = await takeNumber(deps, found.experimentId, jobId)
  const run: PipelineRunFacts = {
    experimentId: found.experimentId,
    pipelineId: version.pipelineId,
    pipeline: version.definition.title,
    version: version.version,
    number,
    codeHash: version.codeHash,
    parameters,
    resources,
    inputs: found.inputs.map(({ datasetId: _, ...i }) => i),
    ...(on ? { dataset: on.name } : {}),
    ...more,
  }
  const job: JobItem = {
    jobId,
    kind: 'pipeline',
    title: title ?? (more.sweep ? `Run ${number}: ${more.sweep.label}`.slice(0, 120) : `Run ${number}`),
    state: 'queued',
    waiting: 'turn',
    organisationId: found.organisationId,
    datasetId: '',
    datasetVersion: 0,
    userId: caller.userId,
    purpose: '',
    cohort: [],
    pin: hash,
    askHash,
    created: deps.now().toISOString(),
    attempt: 1,
    steps: {},
    run,
    // On a dataset it is one of the dataset's jobs.
    ...(on
      ? {
          datasetId: on.dataset.datasetId,
          datasetVersion: on.version.version,
          mode: 'review' as const,
          purpose: purposeOf(found),
        }
      : {}),
  }
  const question = on && (await questionFor(deps, on, found, terms))
  if (question) job.language = question.language
  const submitted = await submit(deps, {
    job,
    ask: question && jsonBytes(question),
    listed: indexKeyOf.job.ofExperiment({ ...job, experimentId: found.experimentId }),
    pointers: on ? [datasetPointer(job)] : [],
    event: {
      who: whoOf(caller),
      entry: {
        act: 'pipeline-run.started',
        object: `run ${jobId}`,
        detail: {
          experiment: found.experimentId,
          pipeline: version.pipelineId,
          version: version.version,
          hash,
          ...(on ? { dataset: job.datasetId, datasetVersion: job.datasetVersion } : {}),
        },
      },
    },
  })
  await deps.table.update<ExperimentItem>(keyOf.experiment(found.experimentId), {
    ...(submitted.made ? { set: { last: jobId } } : {}),
    remove: [numberTaken(jobId)],
  })
  return submitted
}

/** Where the experiment's item names the number of a run that is in the making. */
const numberTaken = (jobId: string): `taken_${string}` => `taken_${jobId}`

/** The run's number in its experiment: the same for the same run. */
const takeNumber = (deps: WorkflowDeps, experimentId: string, jobId: string): Promise<number> =>
  retrying(deps, async () => {
    const key = keyOf.experiment(experimentId)
    const now = await deps.table.get<ExperimentItem & { [name: `taken_${string}`]: number }>(key)
    if (!now || now.deleted) throw notFound()
    const taken = now[numberTaken(jobId)]
    if (taken !== undefined) return taken
    const runs = now.runs + 1
    const when = [{ attribute: 'rev', is: 'equal' as const, value: now.rev! }]
    await deps.table.update<ExperimentItem>(key, { set: { runs, [numberTaken(jobId)]: runs }, when })
    return runs
  })

/** A run on a dataset is one of the dataset's jobs: its lists find it by this. */
const datasetPointer = (job: JobItem): Item<{ jobId: string }> => ({
  ...keyOf.jobDataset(job.jobId),
  ...indexKeyOf.jobDataset.ofDataset(job),
  jobId: job.jobId,
})

/** The run, made now or by an earlier request of the same key. */
async function make(deps: WorkflowDeps, at: InExperiment, one: One): Promise<Item<JobItem>> {
  const found = await deps.table.get<JobItem>(keyOf.job(one.jobId))
  if (found) await createIfAbsent(deps, ownerPointer(deps, found))
  return found ?? (await write(deps, at, one)).job
}

async function shown(deps: Deps, { caller, subject }: InExperiment, jobs: readonly JobItem[]) {
  const waiting = jobs.filter((j) => j.state === 'queued')
  if (waiting.length > 0)
    await dispatch(deps, { also: waiting.map((j) => ({ run: j.jobId, owner: j.userId, created: j.created })) })
  const names = new Names(deps)
  const standing = await queueStandingOf(deps)
  return Promise.all(
    jobs.map(async (job) =>
      toRun(
        names,
        ((await deps.table.get<JobItem>(keyOf.job(job.jobId))) ?? job) as RunJob,
        { userId: caller.userId, subject },
        standing,
      ),
    ),
  )
}

async function startOne(
  deps: WorkflowDeps,
  at: InExperiment,
  setUp: SetUp,
  body: z.output<NonNullable<Routes['start']['body']>>,
  intent: Intent,
  more: Partial<PipelineRunFacts>,
) {
  const { experiment: found, caller } = at
  const askHash = await sha256Hex(canonical({ experiment: found.experimentId, body, ...more }))
  const jobId = await intendedId(intent, 'job')
  const before = intent.repeated && (await deps.table.get<JobItem>(keyOf.job(jobId)))
  if (before) {
    await createIfAbsent(deps, ownerPointer(deps, before))
    return (await shown(deps, at, [before]))[0]!
  }
  const pipeline = await notAway(deps, found)
  const version = await wantedVersion(deps, setUp.pipelineId, setUp.version, pipeline?.version ?? setUp.version)
  const { inputs, on } = await withDataset(deps, caller, found.organisationId, version.definition, setUp.inputs)
  const terms = await runTermsOf(deps, version, edited({ ...setUp, inputs }, body))
  await takeRoom(deps, caller, [jobId])
  return (
    await shown(deps, at, [
      await make(
        deps,
        { ...at, experiment: { ...found, inputs } },
        { jobId, askHash, terms, title: body.title, more, on },
      ),
    ])
  )[0]!
}

const setUpOf = (experiment: ExperimentItem): SetUp => ({
  pipelineId: experiment.pipelineId,
  version: experiment.version,
  parameters: experiment.parameters,
  resources: experiment.resources,
  inputs: experiment.inputs,
})

export const start: Implementation<Routes['start'], WorkflowDeps> = async ({ body, intent, ...at }, deps) =>
  startOne(deps, at, setUpOf(at.experiment), body, intent, {})

/** The same version, inputs and parameters as the earlier run had, whatever the experiment has come to since. */
export const again: Implementation<Routes['again'], WorkflowDeps> = async ({ body, intent, job, ...at }, deps) => {
  const { run } = job
  const { version, ...edits } = body
  // The earlier run's inputs, not the experiment's of today; a dataset as it is published now.
  const inputs = run.inputs.map((i) => (i.name === run.dataset ? { ...i, datasetId: job.datasetId } : i))
  const setUp: SetUp = {
    pipelineId: run.pipelineId,
    version: version ?? run.version,
    parameters: run.parameters,
    resources: run.resources,
    inputs,
  }
  return startOne(deps, { ...at, experiment: { ...at.experiment, inputs } }, setUp, edits, intent, {
    againOf: job.jobId,
    ...(version === undefined ? {} : { version }),
  })
}

export const sweep: Implementation<Routes['sweep'], WorkflowDeps> = async ({ body, intent, ...at }, deps) => {
  const { experiment: found, caller } = at
  const pipeline = await notAway(deps, found)
  const version = await wantedVersion(deps, found.pipelineId, found.version, pipeline?.version ?? found.version)
  const { inputs, on } = await withDataset(deps, caller, found.organisationId, version.definition, found.inputs)
  const setUp = { ...edited(setUpOf(found), body), inputs }
  const faults = sweepFaults(version.definition.parameters, setUp.parameters, body.over)
  if (faults.length > 0) throw refuse(faults.map((f) => ({ ...f, path: `/body${f.path}` })))
  const all = await Promise.all(
    grid(setUp.parameters, body.over).map((parameters) => runTermsOf(deps, version, { ...setUp, parameters })),
  )
  const id = `swp_${base32(await intent.bytes('sweep', 20))}`
  const askHash = await sha256Hex(canonical({ experiment: found.experimentId, body }))
  const ids = await Promise.all(all.map((_, n) => intendedId(intent, 'job', String(n + 1))))
  const made = intent.repeated && (await deps.table.get<JobItem>(keyOf.job(ids[0]!)))
  if (!made) await takeRoom(deps, caller, ids)
  const jobs: Item<JobItem>[] = []
  for (const [index, terms] of all.entries())
    jobs.push(
      await make(
        deps,
        { ...at, experiment: { ...found, inputs } },
        {
          jobId: ids[index]!,
          askHash,
          terms,
          title: undefined,
          on,
          more: { sweep: { id, label: sweepLabel(terms.parameters, body.over) } },
        },
      ),
    )
  return { sweep: id, runs: await shown(deps, at, jobs) }
}
