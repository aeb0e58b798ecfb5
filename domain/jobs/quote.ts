/** What a job would cost and which rules it will meet, said before it runs and without looking at data. */
import type { Language, ReleaseMode } from '../datasets/policy.ts'
import type { DisclosurePolicy, Rule } from '../release/policy.ts'
import {
  type CellRule,
  differencing,
  dominance,
  extreme,
  minimumSubjects,
  pRatio,
  residualDegrees,
  singleValue,
} from '../disclosure/cell-rules.ts'
import { parameters } from '../disclosure/model-rules.ts'
import { epsilonOf, type NanoRho } from '../privacy/accounting.ts'
import { blocksWanted } from '../privacy/sample-and-aggregate.ts'
import { defaultLimits, leaveOutBlocks, type Limits, type Plan } from './manifest.ts'

/**
 * How often a script runs, and on whom. Undefined when `noise` would need more blocks than can run
 * (`too-small-for-noise`).
 */
export function planOf(
  ask: { mode: ReleaseMode; epsilon?: number; declared?: readonly unknown[] },
  seconds: number,
): Plan | undefined {
  if (ask.mode === 'review') return { kind: 'whole' }
  if (ask.mode === 'rules') return { kind: 'leave-out', blocks: leaveOutBlocks }
  const blocks = blocksWanted(ask.epsilon ?? 1, ask.declared?.length ?? 1)
  // Each slot is always used up, so that time says nothing; together they may take as long as the job.
  return blocks === undefined
    ? undefined
    : { kind: 'blocks', blocks, slotSeconds: Math.max(1, Math.floor(seconds / blocks)) }
}
/** How often the code runs; a plan that cannot be is none. */
function runsOf(plan: Plan | undefined): number {
  switch (plan?.kind) {
    case undefined:
      return 0
    case 'whole':
      return 1
    case 'leave-out':
      return plan.blocks + 1
    case 'blocks':
      return plan.blocks
  }
}

/** US dollars, us-east-1, on demand, x86-64 (AWS price lists of November 2026; a guide, not a bill). */
export const prices = {
  lambdaGbSecond: 0.0000166667,
  lambdaRequest: 0.0000002,
  fargateCpuHour: 0.04048,
  fargateGbHour: 0.004445,
  stepTransition: 0.000025,
} as const
/** Seconds that a container needs before code runs, and that a run of an everyday script takes. */
const containerStart = 40
const usualRun = 4
const usualQuery = 2
const queryMemoryGb = 3

export interface QuoteInput {
  language: Language
  mode: ReleaseMode
  epsilon?: number
  declared?: readonly unknown[]
  policy: DisclosurePolicy
  limits?: Partial<Limits>
  /** Tried on the synthetic twin: once, and no rule applies. */
  twin?: true
  /** What would be charged, and what is available, in nano-rho; and the dataset's delta. */
  charge: NanoRho
  available: NanoRho
  delta: number
}
/** A rule, and the sentence with its threshold that people read. */
export interface QuotedRule {
  rule: Rule
  text: string
}
export interface QuoteFigures {
  cost: { nanoRho: number; epsilon: number; delta: number; left: number; minutes: number; dollars: number }
  rules: QuotedRule[]
  runs: number
}

/** Runs, seconds and dollars of a kind of job. */
interface Work {
  runs: number
  seconds: number
  dollars: number
}
const gbSeconds = (seconds: number): number => seconds * queryMemoryGb * prices.lambdaGbSecond + prices.lambdaRequest

const workOfQuery = (): Work => ({ runs: 1, seconds: usualQuery, dollars: gbSeconds(usualQuery) })

function workOfScript(input: QuoteInput): Work {
  const limits = { ...defaultLimits, ...input.limits }
  const plan: Plan | undefined = input.twin ? { kind: 'whole' } : planOf(input, limits.seconds)
  const runs = runsOf(plan)
  const running = plan?.kind === 'blocks' ? plan.blocks * plan.slotSeconds : Math.min(limits.seconds, runs * usualRun)
  const seconds = containerStart + running
  const hourly = limits.cpus * prices.fargateCpuHour + (limits.memoryMb / 1024) * prices.fargateGbHour
  return { runs, seconds, dollars: (seconds / 3600) * hourly }
}

/** Prepare, check and settle are Lambdas as well; a second each. */
const dollarsOfSteps = 3 * gbSeconds(1) + 8 * prices.stepTransition

/**
 * Cost, rules as sentences with their thresholds, and the number of runs. `left` is the epsilon that would remain, 0
 * when the budget does not cover it; minutes and dollars are rounded up. Throws a RangeError when delta is not between
 * 0 and 1.
 */
export function quoteOf(input: QuoteInput): QuoteFigures {
  const { charge, delta } = input
  const { runs, seconds, dollars } = input.language === 'sql' ? workOfQuery() : workOfScript(input)
  const left = input.available - charge
  return {
    cost: {
      nanoRho: Number(charge),
      epsilon: charge > 0n ? epsilonOf(charge, delta) : 0,
      delta,
      left: left > 0n ? epsilonOf(left, delta) : 0,
      minutes: Math.ceil((seconds / 60) * 10) / 10,
      dollars: Math.ceil((dollarsOfSteps + dollars) * 10_000) / 10_000,
    },
    rules: input.twin ? [] : rulesThatApply(input.language, input.mode, input.policy),
    runs,
  }
}

/** The rules that an answer of this kind meets, in the order in which they are applied, one sentence each. */
export function rulesThatApply(language: Language, mode: ReleaseMode, policy: DisclosurePolicy): QuotedRule[] {
  const say = (rule: Pick<CellRule, 'name' | 'words'>): QuotedRule => ({ rule: rule.name, text: rule.words(policy) })
  const cohort: QuotedRule = {
    rule: 'minimum-subjects',
    text: `The cohort must have at least ${policy.minimumSubjects} people.`,
  }
  const size: QuotedRule = {
    rule: 'size',
    text: `At most ${policy.rows} rows in a table and ${policy.bytes / 1_000_000} MB in all.`,
  }
  if (mode === 'noise') return [cohort, size]
  const counts = [say(minimumSubjects), ...countsAreShown(policy)]
  const models = [say(residualDegrees), say(parameters)]
  if (mode === 'review') return [cohort, ...counts, ...models, say(extreme), size, checkersLook]
  if (language !== 'sql') return [cohort, ...counts, ...models, ...leaveOut, say(extreme), size]
  return [
    cohort,
    ...counts,
    ...[dominance, pRatio, singleValue].map(say),
    complementary,
    say(differencing),
    say(extreme),
    size,
  ]
}

/** How counts are redacted and rounded, where the policy does either. */
function countsAreShown(policy: DisclosurePolicy): QuotedRule[] {
  const said: QuotedRule[] = []
  if (policy.redactUpTo > 0)
    said.push({ rule: 'minimum-subjects', text: `Counts of ${policy.redactUpTo} or less are left out.` })
  if (policy.roundTo > 1) said.push({ rule: 'rounding', text: `Counts are rounded to multiples of ${policy.roundTo}.` })
  return said
}

const checkersLook: QuotedRule = {
  rule: 'unknown-output',
  text: 'Two output checkers look at everything before it leaves.',
}
const complementary: QuotedRule = {
  rule: 'complementary',
  text: 'Further cells are left out where a hidden one could be worked out.',
}
/** The rules of leave-out agreement (domain/disclosure/agreement.ts). */
const leaveOut: readonly QuotedRule[] = [
  {
    rule: 'stability',
    text: `The script runs ${leaveOutBlocks + 1} times: on everybody, and without each eighth of the people. Numbers are rounded to what all runs agree on; an output that hangs on few people is left out. Do not round in the script: it makes numbers jump.`,
  },
  {
    rule: 'names',
    text: 'Names and categories must be declared in the dataset or written in the script, and be the same in every run.',
  },
  {
    rule: 'numbers',
    text: 'At most as many numbers as people (between 100 and 500) leave in one job; the more there are, the coarser each is rounded.',
  },
]
