import { describe, expect, it } from 'vitest'
import { cohort, disjoint, mean, result, uniformOf } from '../disclosure/testing/cohorts.ts'
import { epsilonOf } from './accounting.ts'
import {
  aggregateBlocks,
  blocksFor,
  blocksWanted,
  gridSteps,
  medianOnGrid,
  scriptCharge,
} from './sample-and-aggregate.ts'

/** Mass of each grid point, from the definition: exp(-epsilon/2 * max(below, above)), normalised. */
function mass(answers: readonly number[], steps: number, epsilon: number): number[] {
  const weights = Array.from({ length: steps + 1 }, (_, g) =>
    Math.exp((-epsilon / 2) * Math.max(answers.filter((a) => a < g).length, answers.filter((a) => a > g).length)),
  )
  const sum = weights.reduce((s, x) => s + x, 0)
  return weights.map((x) => x / sum)
}

describe('blocks', () => {
  it('are a hundred over epsilon, each of twenty people, or none', () => {
    expect(blocksFor({ epsilon: 1, subjects: 2000, outputs: 1 })).toBe(100)
    expect(blocksFor({ epsilon: 1, subjects: 1999, outputs: 1 })).toBeUndefined()
    expect(blocksFor({ epsilon: 10, subjects: 400, outputs: 1 })).toBe(20)
    expect(blocksFor({ epsilon: 10, subjects: 150, outputs: 1 })).toBeUndefined()
    expect(blocksFor({ epsilon: 2, subjects: 4000, outputs: 3 })).toBe(150)
    expect(blocksWanted(0.1, 1)).toBeUndefined()
  })
  it('cost what an exponential mechanism costs, rounded up', () => {
    expect(scriptCharge(1)).toBe(125_000_000n)
    expect(scriptCharge(0.001)).toBe(125n)
    expect(scriptCharge(0.000_001)).toBe(1n)
    // Never less than epsilon-DP promises at any delta a dataset may have.
    for (const epsilon of [0.5, 1, 2]) expect(epsilonOf(scriptCharge(epsilon), 1e-6)).toBeGreaterThan(epsilon)
  })
})

describe('limits of blocks', () => {
  it('five hundred are the most, and no output counts as one', () => {
    expect(blocksWanted(0.2, 1)).toBe(500)
    expect(blocksWanted(0.1999, 1)).toBeUndefined()
    expect(blocksWanted(1, 0)).toBe(100)
    expect(blocksWanted(5, 1)).toBe(20)
    expect(blocksWanted(4.9, 1)).toBe(21)
    expect(blocksFor({ epsilon: 0.1, subjects: 1_000_000, outputs: 1 })).toBeUndefined()
  })
})

describe('the private median', () => {
  it('has the exact distribution: chi-squared at fixed seeds', () => {
    const answers = [3, 3, 4, 7, 7, 8, 12, 15, 15, 19]
    const steps = 20
    const draws = 40_000
    for (const [epsilon, share] of [
      [1_000_000n, 1n],
      [2_000_000n, 3n],
    ] as const) {
      const expected = mass(answers, steps, Number(epsilon) / 1e6 / Number(share))
      const seen = new Array<number>(steps + 1).fill(0)
      const uniform = uniformOf(Number(share) + 40)
      for (let i = 0; i < draws; i++) seen[medianOnGrid(answers, steps, epsilon, share, uniform)]!++
      const chi = seen.reduce((s, o, g) => s + (o - draws * expected[g]!) ** 2 / (draws * expected[g]!), 0)
      // 99.9th percentile of chi-squared with 20 degrees of freedom.
      expect(chi).toBeLessThan(45.3)
    }
  })
  it('one answer moves no chance by more than e^epsilon, by the mass function', () => {
    const answers = [2, 2, 9, 9, 10, 10, 11, 18]
    const epsilon = 0.8
    const probabilities = mass(answers, 20, epsilon)
    for (let i = 0; i < answers.length; i++)
      for (let value = 0; value <= 20; value++) {
        const others = mass(
          answers.map((a, j) => (j === i ? value : a)),
          20,
          epsilon,
        )
        for (let point = 0; point <= 20; point++)
          expect(Math.abs(Math.log(probabilities[point]! / others[point]!))).toBeLessThanOrEqual(epsilon + 1e-9)
      }
  })
  it('an audit on neighbouring inputs finds no more than was charged', () => {
    // The worst pair for a median: half below, half above, and one that goes over. The event is what the mass function
    // separates best.
    const epsilon = 1
    const draws = 20_000
    const first = [...Array.from({ length: 10 }, () => 0), ...Array.from({ length: 9 }, () => 20), 0]
    const second = [...first.slice(0, 19), 20]
    const probabilities = mass(first, 20, epsilon)
    const others = mass(second, 20, epsilon)
    const event = new Set(probabilities.flatMap((x, g) => (x > others[g]! ? [g] : [])))
    const hits = (answers: readonly number[], seed: number): number => {
      const uniform = uniformOf(seed)
      let rounds = 0
      for (let i = 0; i < draws; i++) if (event.has(medianOnGrid(answers, 20, 1_000_000n, 1n, uniform))) rounds++
      return rounds
    }
    // Clopper-Pearson's normal approximation, at 97.5 % each: 95 % together.
    const bound = (rounds: number, side: number): number => {
      const ratio = rounds / draws
      return ratio + side * 1.96 * Math.sqrt((ratio * (1 - ratio)) / draws)
    }
    const lower = Math.log(bound(hits(first, 5), -1) / bound(hits(second, 6), 1))
    expect(lower).toBeGreaterThan(0.3)
    expect(lower).toBeLessThanOrEqual(epsilon)
  })
})

describe('a release', () => {
  const people = cohort(2000, 11)
  const script = (p: readonly { age: number; score: number }[]): ReturnType<typeof result> =>
    result({ mean_age: mean(p.map((x) => x.age)), nested: { score: mean(p.map((x) => x.score)) } })
  const declared = [{ name: 'mean_age', low: 18, high: 100 }]
  const options = (seed: number, epsilon = 1): { epsilon: number; uniform: ReturnType<typeof uniformOf> } => ({
    epsilon,
    uniform: uniformOf(seed),
  })
  it('is near the truth at epsilon 1 with 2,000 people in 100 blocks', () => {
    const report = disjoint(people, script, 100, 1)
    const truth = mean(people.map((p) => p.age))
    const errors = Array.from(
      { length: 20 },
      (_, i) =>
        (aggregateBlocks(report, declared, options(i)).verdict.outputs[0]!.rows[0]![0]!.value as number) - truth,
    )
    expect(Math.sqrt(mean(errors.map((e) => e * e)))).toBeLessThan(1)
  })
  it('charges all of it, and names several outputs', () => {
    const report = disjoint(people, script, 100, 1)
    const { verdict, charged } = aggregateBlocks(
      report,
      [...declared, { name: 'nested.score', low: 0, high: 100 }],
      options(1, 2),
    )
    expect(verdict.outcome).toBe('release')
    expect(verdict.outputs.map((o) => o.name)).toEqual(['mean_age', 'nested.score'])
    expect(charged).toBe(scriptCharge(2))
    expect(verdict.guarantee).toContain('ε = 2')
  })
  it('counts what is missing, broken or out of range inside the range, and never says so', () => {
    const report = disjoint(
      people,
      ([first]) => {
        if (first!.id % 3 === 0) return { end: 'script-error' }
        return first!.id % 3 === 1 ? { 'result.json': '{' } : result({ mean_age: 1e9 })
      },
      100,
      1,
    )
    const { verdict, charged } = aggregateBlocks(report, declared, options(3))
    expect(verdict).toMatchObject({ outcome: 'release', findings: [] })
    expect(verdict.outputs[0]!.rows[0]![0]!.value).toBeGreaterThanOrEqual(18)
    expect(verdict.outputs[0]!.rows[0]![0]!.value).toBeLessThanOrEqual(100)
    expect(charged).toBe(scriptCharge(1))
    expect(aggregateBlocks({ ...report, runs: report.runs.slice(0, 3) }, declared, options(3)).verdict.outcome).toBe(
      'release',
    )
  })
  it('refuses what would need too many blocks, a bad range and what did not run, and then charges nothing', () => {
    const report = disjoint(people, script, 100, 1)
    expect(aggregateBlocks(report, declared, options(1, 0.1))).toMatchObject({
      verdict: { code: 'too-small-for-noise' },
      charged: 0n,
    })
    expect(aggregateBlocks(report, [{ name: 'x', low: 1, high: 1 }], options(1))).toMatchObject({
      verdict: { code: 'output-invalid' },
      charged: 0n,
    })
    expect(aggregateBlocks({ ...report, refused: 'confinement-missing' }, declared, options(1))).toMatchObject({
      verdict: { code: 'confinement-missing' },
      charged: 0n,
    })
  })
  it('releases points of the grid only', () => {
    const value = aggregateBlocks(disjoint(people, script, 100, 1), declared, options(8)).verdict.outputs[0]!
      .rows[0]![0]!.value as number
    expect(Math.abs(((value - 18) / 82) * gridSteps - Math.round(((value - 18) / 82) * gridSteps))).toBeLessThan(1e-6)
  })
})

describe('what a release reads, with so much epsilon that it is the median itself', () => {
  // 20 blocks of one person each are enough here: how many people a block has is not this function's to judge.
  const people = cohort(20, 5)
  const released = (value: unknown, names: readonly string[], low = 0, high = 1000): unknown[] => {
    const declared = names.map((name) => ({ name, low, high }))
    const report = disjoint(people, () => result(value), 20, 1)
    const { outputs } = aggregateBlocks(report, declared, { epsilon: 1000, uniform: uniformOf(3) }).verdict
    return outputs.map(({ rows }) => rows[0]![0]!.value)
  }
  it('numbers and truth values by their own names; texts and what is missing count as the middle', () => {
    expect(released({ a: 7, yes: true, text: 'x' }, ['a', 'yes', 'text', 'absent'])).toEqual([7, 1, 500, 500])
  })
  it('clamped to the range, and on its grid', () => {
    expect(released({ low: -5, high: 5000, between: 7.4 }, ['low', 'high', 'between'])).toEqual([0, 1000, 7])
    expect(released({ a: 30 }, ['a'], 20, 120)).toEqual([30])
  })
  it('cells of tables by keys and column, of one row by column', () => {
    const outputs = [
      {
        type: 'table',
        name: 't',
        columns: [{ name: 'g', kind: 'group' }, 'v'],
        rows: [
          ['a', 11],
          ['b', 12],
        ],
      },
      { type: 'table', name: 'single', columns: ['v', 'w'], rows: [[13, 14]] },
    ]
    expect(released({ outputs }, ['t.a.v', 't.b.v', 'single.v', 'single.w', 'single'])).toEqual([11, 12, 13, 14, 13])
  })
  it('terms and figures of a model by their names; an estimate by its own', () => {
    const outputs = [
      { type: 'model', name: 'm', terms: [{ term: 'age', estimate: 21, standardError: 3 }], fit: { r2: 22 } },
      { type: 'estimate', name: 'e', estimate: 23, low: 20 },
    ]
    const names = ['m.age', 'm.age.standardError', 'm fit.r2', 'e', 'e.low']
    expect(released({ outputs }, names)).toEqual([21, 3, 22, 23, 20])
  })
  it('reports that cannot be of these blocks are the platform’s fault, and declarations that cannot be met the analyst’s', () => {
    const report = disjoint(people, () => result({ a: 7 }), 20, 1)
    const declared = [{ name: 'a', low: 0, high: 1000 }]
    const options = { epsilon: 1000, uniform: uniformOf(3) }
    const codeOf = (of: typeof report, outputs = declared): unknown =>
      aggregateBlocks(of, outputs, options).verdict.code
    expect(codeOf(report)).toBeUndefined()
    const [first] = report.runs
    expect(codeOf({ ...report, runs: [...report.runs, { ...first!, run: 20 }] })).toBe('infrastructure')
    expect(codeOf({ ...report, runs: [...report.runs.slice(1), report.runs[1]!] })).toBe('infrastructure')
    expect(codeOf({ ...report, runs: [...report.runs, { ...first!, run: 'all' }] })).toBeUndefined()
    expect(codeOf(report, [])).toBe('output-invalid')
    expect(codeOf(report, [...declared, ...declared])).toBe('output-invalid')
    for (const [low, high] of [
      [Number.NaN, 1],
      [0, Infinity],
      [-Infinity, 0],
      [1, 0],
      [-1e308, 1e308],
    ] as const)
      expect(codeOf(report, [{ name: 'a', low, high }])).toBe('output-invalid')
  })
})
