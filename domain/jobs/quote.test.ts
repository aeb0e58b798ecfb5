/** What a job would cost, to the cent, and which rules it will meet, in order. */
import { describe, expect, it } from 'vitest'
import { epsilonOf } from '../privacy/accounting.ts'
import { defaultPolicy } from '../release/policy.ts'
import { planOf, prices, type QuoteInput, quoteOf, rulesThatApply } from './quote.ts'

const question: QuoteInput = {
  language: 'python',
  mode: 'rules',
  policy: defaultPolicy,
  charge: 0n,
  available: 1_000_000_000n,
  delta: 1e-6,
}
const cost = (more: Partial<QuoteInput> = {}) => quoteOf({ ...question, ...more }).cost
const roundedUp = (dollars: number): number => Math.ceil(dollars * 10_000) / 10_000
const lambda = (seconds: number): number => seconds * 3 * prices.lambdaGbSecond + prices.lambdaRequest
const steps = 3 * lambda(1) + 8 * prices.stepTransition
const container = (seconds: number, cpus = 1, gigabytes = 2): number =>
  (seconds / 3600) * (cpus * prices.fargateCpuHour + gigabytes * prices.fargateGbHour)

describe('time and money', () => {
  it('of a statement are two seconds of a function, and the steps', () => {
    expect(cost({ language: 'sql' })).toMatchObject({ minutes: 0.1, dollars: roundedUp(steps + lambda(2)) })
  })
  it('of a script are its container’s start and four seconds a run', () => {
    expect(cost({ mode: 'review' })).toMatchObject({ minutes: 0.8, dollars: roundedUp(steps + container(44)) })
    expect(cost()).toMatchObject({ minutes: 1.3, dollars: roundedUp(steps + container(76)) })
  })
  it('of a script are never more than its limit, and hang on what it may have', () => {
    expect(cost({ limits: { seconds: 10 } }).minutes).toBe(0.9)
    const large = { cpus: 4, memoryMb: 8192 }
    expect(cost({ limits: large }).dollars).toBe(roundedUp(steps + container(76, 4, 8)))
  })
  it('under noise are every slot, used up', () => {
    const noise = { mode: 'noise', epsilon: 1, declared: [1] } as const
    expect(cost(noise)).toMatchObject({ minutes: 5.7, dollars: roundedUp(steps + container(340)) })
    expect(quoteOf({ ...question, ...noise }).runs).toBe(100)
    expect(quoteOf({ ...question, ...noise, epsilon: 0.1 }).runs).toBe(0)
  })
  it('of a trial on the twin are one run, and no rule', () => {
    const trial = quoteOf({ ...question, twin: true })
    expect(trial).toMatchObject({ runs: 1, rules: [], cost: { minutes: 0.8 } })
  })
})

describe('the budget', () => {
  it('is charged in epsilon at the dataset’s delta, and says what is left', () => {
    const { available, delta } = question
    expect(cost({ charge: 125_000_000n })).toMatchObject({
      nanoRho: 125_000_000,
      delta,
      epsilon: epsilonOf(125_000_000n, delta),
      left: epsilonOf(available - 125_000_000n, delta),
    })
    expect(cost()).toMatchObject({ nanoRho: 0, epsilon: 0, left: epsilonOf(available, delta) })
  })
  it('is empty when the charge takes all of it, or more', () => {
    expect(cost({ charge: question.available }).left).toBe(0)
    expect(cost({ charge: question.available + 1n }).left).toBe(0)
    expect(cost({ charge: question.available - 1_000_000n }).left).toBeGreaterThan(0)
  })
})

describe('a plan under noise', () => {
  it('takes epsilon 1 and one output when nothing is said', () => {
    expect(planOf({ mode: 'noise' }, 300)).toEqual({ kind: 'blocks', blocks: 100, slotSeconds: 3 })
    expect(planOf({ mode: 'noise', epsilon: 2, declared: [1, 2, 3] }, 300)).toMatchObject({
      blocks: 150,
      slotSeconds: 2,
    })
  })
  it('gives each block a second at least', () => {
    expect(planOf({ mode: 'noise' }, 99)).toMatchObject({ slotSeconds: 1 })
    expect(planOf({ mode: 'noise' }, 200)).toMatchObject({ slotSeconds: 2 })
  })
})

describe('rules', () => {
  const names = (...asked: [QuoteInput['language'], QuoteInput['mode'], object?]): string[] =>
    rulesThatApply(asked[0], asked[1], { ...defaultPolicy, ...asked[2] }).map(({ rule }) => rule)

  it('are said in the order in which they are applied', () => {
    expect(names('sql', 'noise')).toEqual(['minimum-subjects', 'size'])
    expect(names('r', 'noise')).toEqual(['minimum-subjects', 'size'])
    expect(names('sql', 'rules')).toEqual([
      'minimum-subjects',
      'minimum-subjects',
      'dominance',
      'p-ratio',
      'single-value',
      'complementary',
      'differencing',
      'extreme',
      'size',
    ])
    expect(names('python', 'rules')).toEqual([
      'minimum-subjects',
      'minimum-subjects',
      'residual-degrees',
      'parameters',
      'stability',
      'names',
      'numbers',
      'extreme',
      'size',
    ])
    expect(names('sql', 'review')).toEqual([
      'minimum-subjects',
      'minimum-subjects',
      'residual-degrees',
      'parameters',
      'extreme',
      'size',
      'unknown-output',
    ])
  })
  it('say how counts are shown only where the policy changes them', () => {
    const said = (more: object): string[] =>
      rulesThatApply('sql', 'rules', { ...defaultPolicy, ...more })
        .map(({ text }) => text)
        .filter((text) => text.startsWith('Counts'))
    expect(said({ redactUpTo: 0, roundTo: 1 })).toEqual([])
    expect(said({ redactUpTo: 1, roundTo: 1 })).toEqual(['Counts of 1 or less are left out.'])
    expect(said({ redactUpTo: 0, roundTo: 2 })).toEqual(['Counts are rounded to multiples of 2.'])
  })
  it('say sizes in megabytes, and how often a script runs', () => {
    const texts = rulesThatApply('python', 'rules', { ...defaultPolicy, rows: 70, bytes: 3_000_000 })
      .map(({ text }) => text)
      .join(' ')
    expect(texts).toContain('At most 70 rows in a table and 3 MB in all.')
    expect(texts).toContain('The script runs 9 times')
  })
})
