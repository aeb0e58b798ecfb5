/**
 * The third step of what people ask a dataset: what may leave by the job's release mode, held for checkers, or nothing.
 */
import { strictest } from '../../domain/release/policy.ts'
import { endOf } from '../../domain/release/job-codes.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import { type Decision, findingsKept, keepDecision, keptDecision, release } from '../release/decision.ts'
import type { Judged, Place } from '../release/judge.ts'
import type { Question } from '../release/question.ts'
import { cellsTooNear, remember, rememberRefused } from '../release/told-before.ts'
import { decided, move, objectOf, startCheck, stepEnded } from '../workflow/job-item.ts'

/** Judges what is in quarantine; undefined when nothing is: the platform failed. */
export type Judge = (deps: Deps, place: Place) => Promise<Judged | undefined>

const refuse = (
  deps: Deps,
  job: Item<JobItem>,
  { problem, findings = [], confinement }: Pick<Judged, 'problem'> & Partial<Judged>,
): Promise<Item<JobItem>> =>
  move(deps, job, {
    set: {
      ...decided(job, endOf(problem!.code) as 'blocked' | 'failed', deps.now().toISOString(), problem),
      findings: findings.slice(0, findingsKept),
      confinement,
    },
  })

/**
 * Whether the release would single out a few people together with an earlier one. What would be told is written down
 * first and compared then, so that of two jobs that are checked at the same moment at least one sees the other.
 */
async function singlesOut(deps: Deps, decision: Decision, { job, dataset, version }: Place): Promise<boolean> {
  await remember(deps, job, decision.cells, deps.now().toISOString())
  const { minimumSubjects } = strictest(dataset.policy.disclosure)
  const near = await cellsTooNear(deps, job, version, decision.cells, minimumSubjects)
  if (near.length > 0) await rememberRefused(deps, job, decision.cells, near, deps.now().toISOString())
  return near.length > 0
}

interface Decided {
  job: Item<JobItem>
  decision: Decision
}

/** A first look: judged, and the decision kept where it may not be made twice. Undefined when the job was refused. */
async function decide(deps: Deps, job: Item<JobItem>, judge: Judge): Promise<Decided | undefined> {
  const [question, dataset, version] = await Promise.all([
    readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
  ])
  const place: Place = { job, question, dataset: dataset!, version: version! }
  const judged = await judge(deps, place)
  if (!judged) {
    await refuse(deps, job, { problem: { code: 'infrastructure', step: 'compute' } })
    return undefined
  }
  await deps.objects.put('protected', objectOf.log(job.jobId), jsonBytes(judged.log), 'application/json')
  const { decision, confinement } = judged
  if (!decision) {
    await refuse(deps, job, judged)
    return undefined
  }
  if (job.mode !== 'rules') return keepDecision(deps, job, decision, { confinement })
  if (await singlesOut(deps, decision, place)) {
    await refuse(deps, job, { problem: { code: 'differencing', step: 'check' }, confinement })
    return undefined
  }
  return { job: { ...job, confinement }, decision }
}

/** Decides the job, once. */
export async function checkQuestion(deps: Deps, found: Item<JobItem>, judge: Judge): Promise<void> {
  const started = await startCheck(deps, found)
  // Drawn or held before this step was killed: that decision counts, whatever would come of another look.
  const kept = await keptDecision(deps, started)
  const made = kept ? { job: started, decision: kept } : await decide(deps, started, judge)
  if (!made) return
  const { job, decision } = made
  if (job.mode !== 'review') {
    await release(deps, job, decision)
    return
  }
  await move(deps, job, { set: { outcome: 'held', steps: stepEnded(job.steps, 'check', deps.now().toISOString()) } })
}
