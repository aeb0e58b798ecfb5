import { describe, expect, it } from 'vitest'
import type { Report, RunReport } from '../release/run-report.ts'
import { sheetsOf } from '../release/outputs.ts'
import { parseOutputs } from '../release/parse-outputs.ts'
import type { Verdict } from '../release/verdict.ts'
import { defaultPolicy, type DisclosurePolicy } from '../release/policy.ts'
import { releaseScript } from './script-rules.ts'
import { errorPlace, failureOf } from './script-runs.ts'
import { camouflaged, cells, smugglers, type Smuggler, target, type Victim } from './testing/attacks.ts'
import {
  cohort,
  correlation,
  deviation,
  leaveOut,
  mean,
  type Person,
  quantile,
  random,
  regression,
  result,
  schema,
  twoSided,
  uniformOf,
  type Written,
} from './testing/cohorts.ts'

const code = 'people = 1; by = "group sex smoker smokers k v w t m h A B C female male x"; bins = [40, 50, 60, 70, 80]'
const gate = (
  people: readonly Person[],
  script: (p: readonly Person[]) => Written,
  seed = 1,
  policy: Partial<DisclosurePolicy> = {},
): Verdict =>
  releaseScript(
    leaveOut(people, script, seed),
    { ...defaultPolicy, ...policy },
    { code, schema, cohortSubjects: people.length, uniform: uniformOf(seed) },
  )
const ages = (p: readonly Person[]): number[] => p.map((x) => x.age)
const bmis = (p: readonly Person[]): number[] => p.map((x) => x.bmi)
const scores = (p: readonly Person[]): number[] => p.map((x) => x.score)
const table = (name: string, columns: readonly (string | object)[], rows: readonly unknown[][]): Written =>
  result({
    outputs: [{ type: 'table', name, columns: columns.map((c) => (typeof c === 'string' ? { name: c } : c)), rows }],
  })

/** What everyday analyses put out. `least` is the share of jobs that must be released. */
const honest: [string, (p: readonly Person[]) => Written, least: number][] = [
  [
    'means and deviations',
    (p) =>
      result({
        mean_age: mean(ages(p)),
        mean_bmi: mean(bmis(p)),
        sd_age: deviation(ages(p)),
        variance_bmi: deviation(bmis(p)) ** 2,
        n: p.length,
      }),
    1,
  ],
  [
    'a correlation with its p-value',
    (p) => {
      const r = correlation(ages(p), scores(p))
      return result({
        correlation: { r, t: r * Math.sqrt((p.length - 2) / (1 - r * r)), p: twoSided(r * Math.sqrt(p.length)) },
      })
    },
    0.95,
  ],
  [
    'a correlation of nothing',
    (p) => {
      const r = correlation(ages(p), bmis(p))
      return result({ r, p: twoSided(r * Math.sqrt(p.length)) })
    },
    0.95,
  ],
  [
    'a linear model',
    (p) =>
      result({
        outputs: [
          {
            type: 'model',
            name: 'model',
            n: p.length,
            terms: regression(
              scores(p),
              p.map((x) => [1, x.age, x.bmi, Number(x.smoker)]),
            ).map((t, i) => ({ term: ['(Intercept)', 'age', 'bmi', 'C(smoker)[T.True]'][i], ...t })),
          },
        ],
      }),
    0.95,
  ],
  ['medians', (p) => result({ median_bmi: quantile(bmis(p), 0.5), q1_score: quantile(scores(p), 0.25) }), 0.9],
  [
    'counts and means by group',
    (p) =>
      table(
        'by group',
        ['group', { name: 'n', kind: 'count' }, 'mean_bmi'],
        ['A', 'B', 'C'].map((g) => {
          const q = p.filter((x) => x.group === g)
          return [g, q.length, q.length ? mean(bmis(q)) : null]
        }),
      ),
    0.95,
  ],
  [
    'proportions',
    (p) =>
      result({
        smokers: p.filter((x) => x.smoker).length / p.length,
        female: mean(p.map((x) => Number(x.sex === 'female'))),
      }),
    0.95,
  ],
  [
    'a cross table',
    (p) =>
      table(
        'crosstab',
        ['sex', 'A', 'B', 'C'],
        ['female', 'male'].map((s) => [
          s,
          ...['A', 'B', 'C'].map((g) => p.filter((x) => x.sex === s && x.group === g).length),
        ]),
      ),
    0.7,
  ],
  [
    'a histogram',
    (p) =>
      result({
        outputs: [
          {
            type: 'histogram',
            name: 'age',
            edges: [40, 50, 60, 70, 80],
            counts: [40, 50, 60, 70].map((e) => p.filter((x) => x.age >= e && x.age < e + 10).length),
          },
        ],
      }),
    0.95,
  ],
  [
    'a difference of groups',
    (p) => {
      const a = bmis(p.filter((x) => x.smoker))
      const b = bmis(p.filter((x) => !x.smoker))
      return result({
        outputs: [
          {
            type: 'estimate',
            name: 'difference',
            estimate: mean(a) - mean(b),
            standardError: Math.sqrt(deviation(a) ** 2 / a.length + deviation(b) ** 2 / b.length),
            n: p.length,
          },
        ],
      })
    },
    0.95,
  ],
  [
    'a summary as a CSV file',
    (p) => ({
      'describe.csv': `,age,bmi\ncount,${p.length},${p.length}\nmean,${mean(ages(p))},${mean(bmis(p))}\nstd,${deviation(ages(p))},${deviation(bmis(p))}\nmin,${Math.min(...ages(p))},${Math.min(...bmis(p))}\n50%,${quantile(ages(p), 0.5)},${quantile(bmis(p), 0.5)}\nmax,${Math.max(...ages(p))},${Math.max(...bmis(p))}\n`,
    }),
    0.95,
  ],
]

describe('honest statistics', () => {
  it.each(honest)('%s leave, within a step of the truth', (_, script, least) => {
    for (const n of [60, 150, 1000]) {
      let released = 0
      let wrong = 0
      let numbers = 0
      const trials = 20
      for (let seed = 0; seed < trials; seed++) {
        const people = cohort(n, seed * 7 + n)
        const v = gate(people, script, seed + 1)
        if (v.outcome !== 'release') continue
        released++
        const files = Object.entries(script(people)).map(([file, text]) => ({
          file,
          bytes: new TextEncoder().encode(text as string),
        }))
        const truth = parseOutputs(files, { rows: 5000, bytes: 1e7 }).outputs.flatMap(sheetsOf)
        v.outputs.forEach((o, i) =>
          o.rows.forEach((r) =>
            r.forEach((c, at) => {
              if (typeof c.value !== 'number' || o.columns[at]!.kind === 'group') return
              const row = truth[i]!.rows.find((t) =>
                o.columns.every((col, g) => col.kind !== 'group' || t[g] === r[g]!.value),
              )!
              numbers++
              expect(c.precision).toBeGreaterThan(0)
              const p = /p(Value)?$/.test(o.columns[at]!.name) || /\bp$/.test(o.name)
              if (Math.abs(c.value - Math.max(row[at] as number, p ? 1e-4 : -Infinity)) > c.precision! * 1.0001) wrong++
            }),
          ),
        )
      }
      expect(released / trials, `${n} people`).toBeGreaterThanOrEqual(least)
      // A statistic that is not linear may stand a little off the mean of its runs, and then one in a hundred is
      // rounded past its neighbour.
      expect(wrong / numbers, `${n} people`).toBeLessThan(0.03)
    }
  })
  it('gives useful precision: a mean age of a thousand people to half a year', () => {
    const v = gate(cohort(1000, 3), (p) => result({ mean_age: mean(ages(p)) }))
    expect(v.outputs[0]!.rows[0]![0]!.precision).toBeLessThanOrEqual(0.5)
  })
})

/**
 * Share of the secret's bits that the attack's own decoder gets right, over many cohorts; where nothing can be decoded,
 * it tosses a coin.
 */
function accuracy(a: Smuggler, trials: number): { bits: number; exact: number } {
  let right = 0
  let exact = 0
  for (let s = 0; s < trials; s++) {
    const u = random(s * 31 + 5)
    const drawn = cohort(150, s).map((p) => ({ ...p, secret: Math.floor(u() * 256) }))
    const secret = drawn.find((p) => p.id === target)!.secret
    const people: Victim[] = drawn.map((p) => ({ ...p, tied: secret }))
    const guess = a.decode(gate(people, a.script as (p: readonly Person[]) => Written, s + 1))
    const known = guess !== undefined && Number.isFinite(guess)
    if (known && guess === secret) exact++
    for (let b = 0; b < 8; b++) right += known ? Number(((guess >> b) & 1) === ((secret >> b) & 1)) : 0.5
  }
  return { bits: right / (trials * 8), exact: exact / trials }
}

describe('attacks', () => {
  it('there are many', () => expect(smugglers.length).toBeGreaterThan(45))
  it.each(smugglers.map((a) => [a.name, a] as const))('%s: what is decoded is chance', (_, a) => {
    const { bits, exact } = accuracy(a, 16)
    expect(bits).toBeLessThan(0.63)
    expect(exact).toBeLessThan(0.13)
  })
  it('the decoders work: without a gate they read the secret', () => {
    const readable = new Set<string>()
    for (const a of smugglers) {
      const people: Victim[] = cohort(150, 9).map((p) => ({ ...p, secret: 181, tied: 181 }))
      const written = a.script(people)
      if ('end' in written && typeof written.end === 'string') continue
      const parsed = parseOutputs(
        Object.entries(written).map(([file, text]) => ({ file, bytes: new TextEncoder().encode(text as string) })),
        { rows: 5000, bytes: 1e7 },
      )
      const outputs = parsed.outputs.flatMap(sheetsOf).map((s) => ({
        name: s.name,
        type: s.type,
        columns: s.columns,
        rows: s.rows.map((r) => r.map((value) => ({ value }))),
      }))
      if (a.decode({ outcome: 'release', outputs, findings: [], guarantee: '' }) === 181) readable.add(a.name)
    }
    // The others read what only the gate makes: suppression, precision.
    expect(readable.size).toBeGreaterThan(smugglers.length * 0.75)
  })
  it('a jitter of the secret’s own size gets part of it through: the bound in the threat model', () => {
    for (const a of camouflaged) expect(accuracy(a, 16).bits, a.name).toBeLessThan(0.85)
  })
  it('what blocks a job says nothing but that', () => {
    const v = gate(cohort(150, 2), (p) => result({ a: mean(bmis(p)), v: p.find((x) => x.id === 7)?.bmi ?? 0 }))
    expect(v).toMatchObject({
      outcome: 'block',
      code: 'unstable',
      outputs: [],
      findings: [{ output: '(all)', rule: 'stability', outcome: 'fail' }],
    })
  })
})

describe('rules', () => {
  const people = cohort(150, 5)
  it('a small cohort gets nothing, whatever it writes', () =>
    expect(gate(people.slice(0, 9), () => result({ v: 1 }))).toMatchObject({
      outcome: 'block',
      code: 'cohort-too-small',
    }))
  it('small counts go with their row, and a lone one takes the next with it', () => {
    const v = gate(people, (p) =>
      table(
        'by group',
        ['group', { name: 'n', kind: 'count' }, 'mean_bmi'],
        [
          ['A', p.length - 4 - Math.round(p.length / 4), mean(bmis(p))],
          ['B', Math.round(p.length / 4), mean(bmis(p))],
          ['C', 4, 27],
        ],
      ),
    )
    expect(v.outcome).toBe('release')
    const rows = v.outputs[0]!.rows
    expect(rows[2]!.slice(1).every((c) => c.suppressed)).toBe(true)
    expect(rows[1]![1]!.suppressed).toBe(true)
    expect(rows[0]![1]!.value).not.toBeNull()
    expect(v.findings.map((f) => f.rule)).toEqual(expect.arrayContaining(['minimum-subjects', 'complementary']))
  })
  it('all but a few is as small as the few', () => {
    const v = gate(people, (p) =>
      table(
        't',
        ['group', { name: 'n', kind: 'count' }],
        [
          ['A', p.length],
          ['B', Math.round((p.length * 146) / 150)],
        ],
      ),
    )
    expect(cells(v).some((c) => typeof c.value === 'number' && c.value > 140 && c.value < 150)).toBe(false)
  })
  it('extremes are left out by name, the rest of the summary leaves', () => {
    const v = gate(people, (p) =>
      result({ mean_age: mean(ages(p)), max_age: Math.max(...ages(p)), min_age: Math.min(...ages(p)) }),
    )
    expect(v.outputs.map((o) => o.rows[0]![0]!.suppressed === true)).toEqual([false, true, true])
    expect(v.findings.filter((f) => f.rule === 'extreme')).toHaveLength(2)
  })
  it('models need degrees of freedom and few parameters', () => {
    const model =
      (terms: number, n: number) =>
      (p: readonly Person[]): Written =>
        result({
          outputs: [
            { type: 'scalar', name: 'n', value: p.length },
            {
              type: 'model',
              name: 'model',
              n: Math.min(n, p.length),
              terms: Array.from({ length: terms }, (_, i) => ({ term: `x${i}`, estimate: mean(bmis(p)) })),
            },
          ],
        })
    expect(gate(people, model(60, 150)).findings.some((f) => f.rule === 'parameters')).toBe(true)
    expect(gate(people.slice(0, 30), model(22, 30)).findings.some((f) => f.rule === 'residual-degrees')).toBe(true)
  })
  it('words must be known', () => {
    const v = gate(people, (p) => result({ mean_age: mean(ages(p)), note: 'Zaphod Beeblebrox', zqxjkv: mean(bmis(p)) }))
    expect(JSON.stringify(v)).not.toMatch(/Zaphod|zqxjkv/)
    expect(v.outcome).toBe('release')
    expect(v.findings.some((f) => f.rule === 'names')).toBe(true)
  })
  it('rounds and redacts counts as the policy says', () => {
    const v = gate(
      people,
      (p) =>
        table(
          't',
          ['group', { name: 'n', kind: 'count' }],
          [
            ['A', Math.round(p.length / 2)],
            ['B', Math.floor(p.length / 2)],
          ],
        ),
      1,
      { roundTo: 5 },
    )
    for (const r of v.outputs[0]!.rows) expect((r[1]!.value as number) % 5).toBe(0)
  })
  it('plots alone are not for rules', () =>
    expect(gate(people, () => ({ 'plot.svg': '<svg/>' }))).toMatchObject({ outcome: 'block', code: 'output-unsafe' }))
  it('ends that have a name of their own keep it, in the run on all', () => {
    for (const end of ['script-error', 'time-limit', 'memory-limit', 'process-limit', 'output-limit'] as const)
      expect(gate(people, () => ({ end })).code).toBe(end)
    expect(gate(people, (p) => (p.length < 150 ? { end: 'time-limit' } : result({ v: 1 }))).code).toBe('unstable')
    expect(gate(people, () => ({ 'result.json': '{' })).code).toBe('output-invalid')
    expect(gate(people, () => ({})).code).toBe('empty-result')
    expect(gate(people, () => ({ 'result.json': '{"__proto__": {"x": 1}}' })).code).toBe('output-invalid')
  })
  it('the numbering of blocks changes nothing', () => {
    const report = leaveOut(people, (p) => result({ mean_age: mean(ages(p)), mean_bmi: mean(bmis(p)) }), 3)
    const turned = {
      ...report,
      runs: [
        report.runs[0]!,
        ...report.runs
          .slice(1)
          .reverse()
          .map((r, i) => ({ ...r, run: i })),
      ],
    }
    const of = (r: typeof report): Verdict =>
      releaseScript(r, defaultPolicy, { code, schema, cohortSubjects: 150, uniform: uniformOf(9) })
    expect(of(turned)).toEqual(of(report))
  })
  it('too many numbers do not leave', () =>
    expect(gate(people, (p) => result({ v: Array.from({ length: 200 }, (_, i) => mean(bmis(p)) + i) })).code).toBe(
      'output-unsafe',
    ))
})

describe('how a script fails', () => {
  const run = (run: 'all' | number, more: Partial<RunReport> = {}): RunReport => ({
    run,
    subjects: 100,
    end: 'script-error',
    errorClass: 'KeyError',
    line: 3,
    outputs: [],
    stdout: '',
    stderr: '',
    seconds: 1,
    ...more,
  })
  const failed = (...runs: RunReport[]): Report => ({
    job: 'j',
    confinement: 'bubblewrap',
    image: 'local',
    cohort: 100,
    runs,
  })
  it('is told when every run fails alike, with what they have in common of class and line', () => {
    expect(failureOf(failed(run('all'), run(0), run(1)))).toBe('script-error')
    expect(errorPlace(failed(run('all'), run(0), run(1)))).toEqual({ errorClass: 'KeyError', line: 3 })
    expect(errorPlace(failed(run('all', { line: 62 }), run(0)))).toEqual({ errorClass: 'KeyError' })
    expect(errorPlace(failed(run('all', { cell: 2 }), run(0, { cell: 2, errorClass: 'ValueError' })))).toEqual({
      line: 3,
      cell: 2,
    })
    expect(errorPlace(failed(run('all', { cell: 2 }), run(0, { cell: 2, line: 4 })))).toEqual({
      errorClass: 'KeyError',
    })
  })
  it('says nothing more than that when one run fails otherwise, or not at all', () => {
    for (const other of [run(1, { end: 'finished' }), run(1, { end: 'memory-limit' })])
      expect(failureOf(failed(run('all'), run(0), other))).toBe('unstable')
    expect(failureOf(failed(run('all', { end: 'output-limit' }), run(0, { end: 'memory-limit' })))).toBe('unstable')
  })
  it('is the time limit once a run has met it, also where the run on all was ended with it', () => {
    expect(failureOf(failed(run('all', { end: 'time-limit' })))).toBe('time-limit')
    expect(failureOf(failed(run(0, { end: 'time-limit' })))).toBe('time-limit')
    expect(failureOf(failed())).toBe('infrastructure')
  })
})
