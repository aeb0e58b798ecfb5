/**
 * The third step, the only one that reads quarantine: what may leave by the job's release mode, held for checkers, or
 * nothing.
 */
import { backstage } from '../../contracts/backstage.ts'
import { strictest } from '../../domain/release/policy.ts'
import { endOf } from '../../domain/release/job-codes.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { guarded } from '../kernel/grants.ts'
import { checkPipeline } from '../pipelines/workflow-steps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { cellsTooNear, remember, rememberRefused } from '../release/told-before.ts'
import { judge, type Judged } from '../release/judge.ts'
import {
  jobIfUndecided,
  decided,
  jsonBytes,
  move,
  objectOf,
  JobMovedOn,
  readJson,
  stepEnded,
  stepStarted,
  type StepInput,
} from './job-item.ts'
import { checkSynthesis } from '../synthesis/check.ts'
import type { Question } from '../jobs/admission.ts'
import { checkTrial, isTrial } from '../jobs/trial.ts'
import { type Decision, findingsKept, keepDecision, keptDecision, release } from '../release/decision.ts'

const refuse = (
  deps: Deps,
  job: Item<JobItem>,
  { problem, findings = [], confinement }: Pick<Judged, 'problem'> & Partial<Judged>,
): Promise<Item<JobItem>> =>
  move(deps, job, {
    set: {
      ...decided(job, endOf(problem!.code) as 'blocked' | 'failed', deps.now().toISOString(), problem),
      findings: findings.slice(0, findingsKept),
      ...(confinement ? { confinement } : {}),
    },
  })

/**
 * Whether the release would single out a few people together with an earlier one. What would be told is written down
 * first and compared then, so that of two jobs that are checked at the same moment at least one sees the other.
 */
async function singlesOut(
  deps: Deps,
  job: JobItem,
  decision: Decision,
  dataset: DatasetItem,
  version: DatasetVersionItem,
): Promise<boolean> {
  await remember(deps, job, decision.cells, deps.now().toISOString())
  const near = await cellsTooNear(
    deps,
    job,
    version,
    decision.cells,
    strictest(dataset.policy.disclosure).minimumSubjects,
  )
  if (near.length > 0) await rememberRefused(deps, job, decision.cells, near, deps.now().toISOString())
  return near.length > 0
}

async function check(deps: Deps, found: Item<JobItem>): Promise<void> {
  const at = deps.now().toISOString()
  let job = await move(deps, found, {
    to: 'checking',
    set: { steps: stepStarted(stepEnded(found.steps, 'compute', at), 'check', at) },
  })
  // Drawn or held before this step was killed: that decision counts, whatever would come of another look.
  let decision = await keptDecision(deps, job)
  if (!decision) {
    const [question, dataset, version] = await Promise.all([
      readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
      deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
      deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
    ])
    const judged = await judge(deps, { job, question, dataset: dataset!, version: version! })
    if (!judged) {
      await refuse(deps, job, { problem: { code: 'infrastructure', step: 'compute' } })
      return
    }
    await deps.objects.put('protected', objectOf.log(job.jobId), jsonBytes(judged.log), 'application/json')
    if (!judged.decision) {
      await refuse(deps, job, judged)
      return
    }
    const { confinement } = judged
    decision = judged.decision
    if (job.mode !== 'rules') ({ job, decision } = await keepDecision(deps, job, decision, { confinement }))
    else if (await singlesOut(deps, job, decision, dataset!, version!)) {
      await refuse(deps, job, { problem: { code: 'differencing', step: 'check' }, confinement })
      return
    } else job = { ...job, confinement }
  }
  if (job.mode === 'review')
    await move(deps, job, { set: { outcome: 'held', steps: stepEnded(job.steps, 'check', deps.now().toISOString()) } })
  else await release(deps, job, decision)
}

/**
 * The workflow's step: `(input) => {}`. Reading a dataset's files decides for itself (functions/datasets/registration/register.ts).
 */
export function createCheck(unguarded: Deps): (input: StepInput) => Promise<object> {
  const deps = guarded(unguarded, 'check', backstage.find((f) => f.area === 'jobs' && f.name === 'check')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await jobIfUndecided(deps, jobId, attempt)
    if (!job || (job.kind !== 'query' && job.kind !== 'script' && job.kind !== 'synthesis' && job.kind !== 'pipeline'))
      return {}
    try {
      await (job.kind === 'synthesis'
        ? checkSynthesis(deps, job)
        : job.kind === 'pipeline'
          ? checkPipeline(deps, job)
          : isTrial(job)
            ? checkTrial(deps, job)
            : check(deps, job))
    } catch (e) {
      if (!(e instanceof JobMovedOn)) throw e
    }
    return {}
  }
}
