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
  jobIfUndecided,
  JobMovedOn,
  move,
  objectOf,
  type StepInput,
  stepStarted,
} from '../../workflow/job-item.ts'
import { MayNotOpen } from './open-study.ts'
import { storeVersion } from './store-version.ts'
import type { RegistrationAsk } from '../../stores/registration-job.ts'
import { readJson } from '../../kernel/stored-json.ts'

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

async function register(
  deps: WorkflowDeps,
  job: Item<JobItem>,
  s: Item<DatasetItem>,
  ask: RegistrationAsk,
): Promise<void> {
  if (ask.act === 'store') {
    await storeVersion(deps, job, s, ask)
    await changeDataset(deps, job, { state: 'published', version: job.datasetVersion }, ['problem'])
    const published = { ...s, version: job.datasetVersion }
    for (const kind of Object.values(deps.kinds)) await kind.whenVersionStored(deps, published, job.userId)
    return
  }
  const { files, notes } = ask.act === 'read' ? { files: ask.files, notes: [] } : await studyFiles(deps, job, ask)
  await readFiles(deps, job, files, { fromStudy: ask.act === 'from-study', notes })
  // Beside a published version nothing changes for those who ask it.
  await changeDataset(deps, job, s.version === 0 ? { state: 'proposed' } : {}, ['problem'])
}

/**
 * What the custodian is told, and where that leaves the dataset: a schema that could not be stored stays proposed,
 * files that could not be read leave a draft.
 */
async function unreadable(
  deps: Deps,
  job: JobItem,
  s: DatasetItem,
  act: RegistrationAsk['act'],
  e: Unreadable | MayNotOpen,
): Promise<void> {
  const problem =
    e instanceof MayNotOpen
      ? { file: '', reason: 'Whoever asked for this may not open the study’s results any more.' }
      : // A reason may quote what stands in the custodian's own file, never what participants of a study recorded.
        {
          file: e.file,
          line: e.line,
          reason:
            act === 'from-study'
              ? 'The study’s records do not make a table that can be read.'
              : e.message.slice(0, 500),
        }
  await changeDataset(deps, job, {
    problem,
    ...(s.version === 0 && act !== 'store' ? { state: 'draft' as const } : {}),
  })
}

/**
 * The workflow's step: `(input) => {}`. Anything but an answer about the files is thrown, and the workflow tries again.
 */
export function createRegistration(unguarded: WorkflowDeps): (input: StepInput) => Promise<object> {
  const deps = guarded(
    unguarded,
    'registration',
    backstage.find((f) => f.area === 'jobs' && f.name === 'registration')!.grants,
  )
  return async ({ jobId, attempt }) => {
    const job = await jobIfUndecided(deps, jobId, attempt)
    if (!job || job.kind !== 'registration') return {}
    const at = (): string => deps.now().toISOString()
    const failed = async (code: JobCode): Promise<void> => {
      await move(deps, job, { set: decided({ ...job, steps: steps() }, 'failed', at(), { code, step: 'compute' }) })
    }
    const began = at()
    const steps = (): JobItem['steps'] => (job.steps.compute ? job.steps : stepStarted(job.steps, 'compute', began))
    try {
      const s = await deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId))
      const ask = await readJson<RegistrationAsk>(deps, 'protected', objectOf.ask(jobId))
      try {
        if (!s || s.state === 'retired' || s.readingJob !== jobId) throw new Superseded()
        try {
          await register(deps, job, s, ask)
        } catch (e) {
          if (!(e instanceof Unreadable || e instanceof MayNotOpen)) throw e
          await unreadable(deps, job, s, ask.act, e)
          await failed('unreadable')
          return {}
        }
      } catch (e) {
        if (!(e instanceof Superseded)) throw e
        await failed('cancelled')
        return {}
      }
      const ended = at()
      await move(deps, job, {
        to: 'checking',
        set: { outcome: 'succeeded', steps: { ...steps(), compute: { started: steps().compute!.started, ended } } },
      })
    } catch (e) {
      // A cancellation won, or another run of this step: it has the last word.
      if (!(e instanceof JobMovedOn)) throw e
    }
    return {}
  }
}
