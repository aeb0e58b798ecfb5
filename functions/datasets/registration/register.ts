/**
 * The compute step of registration: reads a custodian's files and proposes a schema, or stores the tables of a
 * confirmed one. It moves the dataset itself; what becomes of the job is said in its `outcome` and made true by
 * settling. Killed anywhere and run again, it ends the same.
 */
import type { WorkflowDeps } from '../../workflow/job-kind.ts'
import { backstage } from '../../../contracts/backstage.ts'
import type { JobCode } from '../../../domain/release/job-codes.ts'
import { ConditionFailed, type Item } from '../../../ports/table.ts'
import { Unreadable } from '../../../ports/engine.ts'
import type { Deps } from '../../kernel/deps.ts'
import { guarded } from '../../kernel/grants.ts'
import { type DatasetItem, type JobItem, keyOf } from '../../kernel/items.ts'
import { readFiles, studyFiles } from './read-files.ts'
import {
  decided,
  begins,
  jobIfUndecided,
  JobMovedOn,
  move,
  objectOf,
  stepEnded,
  type StepInput,
  stepStarted,
} from '../../workflow/job-item.ts'
import { MayNotOpen } from './open-study.ts'
import { storeVersion } from './store-version.ts'
import type { RegistrationAsk } from '../../stores/registration-job.ts'
import { readJson } from '../../kernel/stored-json.ts'

/**
 * Called when a version of a dataset was stored and published on behalf of a person: what follows of it elsewhere. May
 * be called again for the same version.
 */
export type WhenVersionStored = (deps: WorkflowDeps, dataset: DatasetItem, userId: string) => Promise<void>
interface RegistrationDeps extends WorkflowDeps {
  whenVersionStored: WhenVersionStored
}

/** Another job has taken the dataset over, or it was retired: this one has nothing left to say about it. */
class Superseded extends Error {
  override name = 'Superseded'
}

/** Changes the dataset as long as this job is the one that it waits for. */
async function changeDataset(
  deps: Deps,
  job: JobItem,
  set: Partial<DatasetItem>,
  remove: (keyof DatasetItem)[] = [],
): Promise<void> {
  try {
    await deps.table.update<DatasetItem>(keyOf.dataset(job.datasetId), {
      set: { ...set, changed: deps.now().toISOString() },
      remove,
      when: [
        { attribute: 'readingJob', is: 'equal', value: job.jobId },
        { attribute: 'state', is: 'different', value: 'retired' },
      ],
    })
  } catch (e) {
    throw e instanceof ConditionFailed ? new Superseded() : e
  }
}

async function register(deps: RegistrationDeps, job: Item<JobItem>, dataset: Item<DatasetItem>, ask: RegistrationAsk) {
  if (ask.act === 'store') {
    await storeVersion(deps, job, dataset, ask)
    await changeDataset(deps, job, { state: 'published', version: job.datasetVersion }, ['problem'])
    await deps.whenVersionStored(deps, { ...dataset, version: job.datasetVersion }, job.userId)
    return
  }
  const { files, notes } = ask.act === 'read' ? { files: ask.files, notes: [] } : await studyFiles(deps, job, ask)
  await readFiles(deps, job, files, { fromStudy: ask.act === 'from-study', notes })
  // Beside a published version nothing changes for those who ask it.
  await changeDataset(deps, job, dataset.version === 0 ? { state: 'proposed' } : {}, ['problem'])
}

/** In the custodian's words. A reason may quote what stands in their own file, never what participants recorded. */
function problemOf(act: RegistrationAsk['act'], error: Unreadable | MayNotOpen): NonNullable<DatasetItem['problem']> {
  if (error instanceof MayNotOpen)
    return { file: '', reason: 'Whoever asked for this may not open the study’s results any more.' }
  const reason =
    act === 'from-study' ? 'The study’s records do not make a table that can be read.' : error.message.slice(0, 500)
  return { file: error.file, reason, ...(error.line === undefined ? {} : { line: error.line }) }
}

/**
 * What the custodian is told, and where that leaves the dataset: a schema that could not be stored stays proposed,
 * files that could not be read leave a draft.
 */
async function unreadable(
  deps: Deps,
  job: JobItem,
  dataset: DatasetItem,
  act: RegistrationAsk['act'],
  error: Unreadable | MayNotOpen,
): Promise<void> {
  const leavesDraft = dataset.version === 0 && act !== 'store'
  await changeDataset(deps, job, { problem: problemOf(act, error), ...(leavesDraft ? { state: 'draft' } : {}) })
}

/** Does what was asked; answers why it came to nothing. Anything but an answer about the files is thrown. */
async function outcomeOf(deps: RegistrationDeps, job: Item<JobItem>): Promise<JobCode | undefined> {
  const [dataset, ask] = await Promise.all([
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    readJson<RegistrationAsk>(deps, 'protected', objectOf.ask(job.jobId)),
  ])
  try {
    if (!dataset || dataset.state === 'retired' || dataset.readingJob !== job.jobId) throw new Superseded()
    try {
      await register(deps, job, dataset, ask)
      return undefined
    } catch (e) {
      if (!(e instanceof Unreadable || e instanceof MayNotOpen)) throw e
      await unreadable(deps, job, dataset, ask.act, e)
      return 'unreadable'
    }
  } catch (e) {
    if (!(e instanceof Superseded)) throw e
    return 'cancelled'
  }
}

/** Decides the job, by what has become of the dataset. */
async function run(deps: RegistrationDeps, job: Item<JobItem>): Promise<void> {
  const at = (): string => deps.now().toISOString()
  const steps = job.steps.compute ? job.steps : stepStarted(job.steps, 'compute', at())
  const code = await outcomeOf(deps, job)
  if (code !== undefined) {
    await move(deps, job, { set: decided({ ...job, steps }, 'failed', at(), { code, step: 'compute' }) })
    return
  }
  await move(deps, job, { to: 'checking', set: { outcome: 'succeeded', steps: stepEnded(steps, 'compute', at()) } })
}

/**
 * The workflow's step: `(input) => {}`. Anything but an answer about the files is thrown, and the workflow tries again.
 */
export function createRegistration(
  unguarded: WorkflowDeps,
  whenVersionStored: WhenVersionStored,
): (input: StepInput) => Promise<object> {
  const { grants } = backstage.find((f) => f.area === 'jobs' && f.name === 'registration')!
  const deps: RegistrationDeps = { ...guarded(unguarded, 'registration', grants), whenVersionStored }
  return async ({ jobId, attempt }) => {
    const job = await jobIfUndecided(deps, jobId, attempt)
    if (!job || job.kind !== 'registration') return {}
    try {
      await begins(deps, job)
      await run(deps, job)
    } catch (e) {
      // A cancellation won, or another run of this step: it has the last word.
      if (!(e instanceof JobMovedOn)) throw e
    }
    return {}
  }
}
