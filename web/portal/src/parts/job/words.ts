/** Analyses in a person's words. */
import type { Rule } from '../../../../../domain/release/policy.ts'
import type { JobCode } from '../../../../../domain/release/job-codes.ts'
import type { JobStep } from '../../../../../domain/jobs/life.ts'
import type { Ask, Job } from '../../queries/jobs.ts'

export const stepWords: Record<JobStep, { name: string; doing: string }> = {
  prepare: { name: 'Prepare', doing: 'Checks the policy, makes the cohort and counts it' },
  compute: { name: 'Compute', doing: 'Runs the code where the data is' },
  check: { name: 'Check', doing: 'The privacy gate decides what may leave' },
  settle: { name: 'Settle', doing: 'Closes the accounts and empties the quarantine' },
}
const waits = {
  turn: 'waiting for its turn',
  approval: 'waiting for approval',
  checkers: 'with the checkers',
  answer: 'waiting for an answer',
} as const
/** The state of a job in a word or three: what it waits for says more than that it waits. */
export function stateWord({ state, waiting }: Pick<Job, 'state' | 'waiting'>): string {
  if (waiting && (state === 'queued' || state === 'held')) return waits[waiting]
  return state === 'succeeded' ? 'released' : state
}

export const waitingWords = {
  turn: 'It starts as soon as another analysis has finished.',
  approval:
    'The custodian has been shown exactly this code, these parameters and this cohort, and decides whether it may run.',
  checkers: 'Two output checkers look at the output. Nothing can be seen before they have released it.',
  answer: 'The checkers have a question.',
} as const

/** What to do next about a failure. */
export const nextStep: Partial<Record<JobCode, string>> = {
  'unknown-column': 'Look at the dataset’s schema for the right name.',
  'not-allowed': 'Write it with plain SELECT, joins and aggregates.',
  'not-an-aggregate': 'Group the rows and ask for counts, sums, means or quantiles.',
  'query-error': 'Types that do not fit together are the usual reason: compare with the schema.',
  'cohort-too-small': 'Widen the cohort: take a filter out, or make a range longer.',
  'empty-result': 'Look at the last lines of the script.',
  'script-error': 'Mend the line and run it again.',
  'time-limit': 'Raise the limit, or do less.',
  'memory-limit': 'Raise the limit, or read fewer columns.',
  'process-limit': 'Start fewer processes.',
  'output-limit': 'Write fewer rows or files.',
  'output-invalid': 'Write result.json or CSV tables of numbers.',
  'output-unsafe': 'Use fewer or larger groups, or ask for a review by people.',
  unstable: 'Use a statistic that does not hang on a few people, such as a median, or ask for a review.',
  differencing: 'Ask about other groups, or about the whole cohort.',
  'budget-exhausted': 'Use a smaller epsilon, or another way of release.',
  'too-small-for-noise': 'Widen the cohort or use a larger epsilon.',
  'approval-stale': 'Run it again to ask for a new approval.',
  'policy-changed': 'Look at the dataset’s policy for what is allowed now.',
  infrastructure: 'Run it again.',
  'confinement-missing': 'Ask the person who runs this installation.',
}
export const ruleWords: Record<Rule, string> = {
  'minimum-subjects': 'Too few people',
  dominance: 'A few people make up most of it',
  'p-ratio': 'One person’s value could be worked out closely',
  'single-value': 'Everybody has the same value',
  'residual-degrees': 'Too few degrees of freedom',
  parameters: 'Too many parameters for so few people',
  extreme: 'Belongs to a single person',
  rounding: 'Rounded',
  complementary: 'Could be recomputed from its neighbours or totals',
  differencing: 'Too close to a result you already have',
  stability: 'Depends on too few people',
  names: 'A name that is neither declared nor written in the code',
  numbers: 'More numbers than may leave',
  size: 'Too large',
  'unknown-output': 'Of a kind that rules cannot judge',
}
export const outcomeWords = {
  pass: 'passed',
  suppress: 'suppressed',
  round: 'rounded',
  review: 'for people to judge',
  fail: 'failed',
} as const

/** One filter of a cohort, as a sentence part. */
export function filterWords(filter: Ask['cohort'][number]): string {
  const of = `${filter.table}.${filter.column}`
  switch (filter.is) {
    case 'equal':
      return `${of} is ${String(filter.value)}`
    case 'not-equal':
      return `${of} is not ${String(filter.value)}`
    case 'in':
      return `${of} is one of ${filter.values.join(', ')}`
    case 'not-in':
      return `${of} is none of ${filter.values.join(', ')}`
    case 'between':
      if (filter.from === undefined) return `${of} at most ${filter.to ?? ''}`
      return filter.to === undefined ? `${of} at least ${filter.from}` : `${of} from ${filter.from} to ${filter.to}`
    case 'known':
      return `${of} is known`
    case 'missing':
      return `${of} is missing`
  }
}
/** A cohort in a sentence's words: every one of its filters, or everybody. */
export const cohortWords = (cohort: Ask['cohort']): string =>
  cohort.length === 0 ? 'Everybody in the dataset' : `Subjects with ${cohort.map(filterWords).join('; and ')}`
export const kindWords = {
  query: 'Query',
  script: 'Script',
  registration: 'Registration',
  synthesis: 'Synthesis',
  pipeline: 'Pipeline',
} as const
