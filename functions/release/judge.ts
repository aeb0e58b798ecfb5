/**
 * The privacy gate at work on one job: what is in quarantine, through the rules of its release mode (domain/disclosure,
 * domain/privacy). How an answer is judged and how a report is: judge-query.ts, judge-script.ts.
 */
import type { Verdict } from '../../domain/release/verdict.ts'
import type { JobProblem } from '../../domain/release/job-codes.ts'
import type { JobStep } from '../../domain/jobs/life.ts'
import { Uniform } from '../../domain/privacy/randomness.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetItem, DatasetVersionItem, JobItem } from '../kernel/items.ts'
import type { Log } from '../workflow/job-item.ts'
import type { Decision } from './decision.ts'
import type { Question } from './question.ts'

export interface Judged {
  /** What would leave; absent when nothing does. */
  decision?: Decision & { outcome: 'release' | 'hold' }
  problem?: JobProblem
  findings: Verdict['findings']
  confinement: NonNullable<JobItem['confinement']>
  log: Log
}
export interface Place {
  job: JobItem
  question: Question
  dataset: DatasetItem
  version: DatasetVersionItem
}

/** True randomness: noise. */
export const drawn = (deps: Pick<Deps, 'random'>): Uniform =>
  new Uniform((bytes) => {
    bytes.set(deps.random(bytes.length))
  })
const computeCodes = new Set([
  'script-error',
  'time-limit',
  'memory-limit',
  'process-limit',
  'output-limit',
  'empty-result',
  'confinement-missing',
  'infrastructure',
  'query-error',
  'unknown-column',
  'not-allowed',
  'not-an-aggregate',
])
const stepOf = (code: string): JobStep => (computeCodes.has(code) ? 'compute' : 'check')

/**
 * A verdict as what becomes of the job; `held` when checkers decide. Under noise, a block says nothing but its code:
 * positions would depend on the data.
 */
export function outcomeOf(
  job: JobItem,
  verdict: Verdict,
  held: boolean,
  more: Pick<Decision, 'cells' | 'image' | 'files'> & { raw: () => Decision['outputs'] },
): Pick<Judged, 'decision' | 'problem' | 'findings'> {
  const { raw, ...kept } = more
  if (!held && verdict.outcome !== 'release') {
    const code = verdict.code ?? 'output-unsafe'
    return { problem: { code, step: stepOf(code) }, findings: job.mode === 'noise' ? [] : verdict.findings }
  }
  const guarantee = held
    ? 'Two output checkers, neither of them the author, looked at the output and at what the rules say of it, and each approved it.'
    : verdict.guarantee
  return {
    decision: {
      ...kept,
      outcome: held ? 'hold' : 'release',
      outputs: held ? raw() : verdict.outputs,
      findings: verdict.findings,
      guarantee,
    },
    findings: verdict.findings,
  }
}
