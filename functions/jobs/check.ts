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
import { checkPipeline } from '../pipelines/steps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { differing, remember, rememberRefused } from './differencing.ts'
import { judge, type Judged } from './judging.ts'
import {
  atWork,
  decided,
  jsonBytes,
  move,
  objectOf,
  Overtaken,
  readJson,
  stepEnded,
  stepStarted,
  type StepInput,
} from './standing.ts'
import { checkSynthesis } from './synthesis-check.ts'
import type { Question } from './terms.ts'
import { checkTrial, isTrial } from './twin.ts'
import { type Decision, findingsKept, keep, kept, release } from './verdict.ts'

const refuse = (
  d: Deps,
  job: Item<JobItem>,
  { problem, findings = [], confinement }: Pick<Judged, 'problem'> & Partial<Judged>,
): Promise<Item<JobItem>> =>
  move(d, job, {
    set: {
      ...decided(job, endOf(problem!.code) as 'blocked' | 'failed', d.now().toISOString(), problem),
      findings: findings.slice(0, findingsKept),
      ...(confinement ? { confinement } : {}),
    },
  })

/**
 * Whether the release would single out a few people together with an earlier one. What would be told is written down
 * first and compared then, so that of two jobs that are checked at the same moment at least one sees the other.
 */
async function singlesOut(
  d: Deps,
  job: JobItem,
  decision: Decision,
  dataset: DatasetItem,
  version: DatasetVersionItem,
): Promise<boolean> {
  await remember(d, job, decision.cells, d.now().toISOString())
  const near = await differing(d, job, version, decision.cells, strictest(dataset.policy.disclosure).minimumSubjects)
  if (near.length > 0) await rememberRefused(d, job, decision.cells, near, d.now().toISOString())
  return near.length > 0
}

async function check(d: Deps, found: Item<JobItem>): Promise<void> {
  const at = d.now().toISOString()
  let job = await move(d, found, {
    to: 'checking',
    set: { steps: stepStarted(stepEnded(found.steps, 'compute', at), 'check', at) },
  })
  // Drawn or held before this step was killed: that decision counts, whatever would come of another look.
  let decision = await kept(d, job)
  if (!decision) {
    const [question, dataset, version] = await Promise.all([
      readJson<Question>(d, 'protected', objectOf.ask(job.jobId)),
      d.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
      d.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
    ])
    const judged = await judge(d, { job, question, dataset: dataset!, version: version! })
    if (!judged) {
      await refuse(d, job, { problem: { code: 'infrastructure', step: 'compute' } })
      return
    }
    await d.objects.put('protected', objectOf.log(job.jobId), jsonBytes(judged.log), 'application/json')
    if (!judged.decision) {
      await refuse(d, job, judged)
      return
    }
    const { confinement } = judged
    decision = judged.decision
    if (job.mode !== 'rules') ({ job, decision } = await keep(d, job, decision, { confinement }))
    else if (await singlesOut(d, job, decision, dataset!, version!)) {
      await refuse(d, job, { problem: { code: 'differencing', step: 'check' }, confinement })
      return
    } else job = { ...job, confinement }
  }
  if (job.mode === 'review')
    await move(d, job, { set: { outcome: 'held', steps: stepEnded(job.steps, 'check', d.now().toISOString()) } })
  else await release(d, job, decision)
}

/**
 * The workflow's step: `(input) => {}`. Reading a dataset's files decides for itself (functions/jobs/registration.ts).
 */
export function createCheck(deps: Deps): (input: StepInput) => Promise<object> {
  const d = guarded(deps, 'check', backstage.find((f) => f.area === 'jobs' && f.name === 'check')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await atWork(d, jobId, attempt)
    if (!job || (job.kind !== 'query' && job.kind !== 'script' && job.kind !== 'synthesis' && job.kind !== 'pipeline'))
      return {}
    try {
      await (job.kind === 'synthesis'
        ? checkSynthesis(d, job)
        : job.kind === 'pipeline'
          ? checkPipeline(d, job)
          : isTrial(job)
            ? checkTrial(d, job)
            : check(d, job))
    } catch (e) {
      if (!(e instanceof Overtaken)) throw e
    }
    return {}
  }
}
