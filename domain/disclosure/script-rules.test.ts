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
  script: (people: readonly Person[]) => Written,
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
const honest: [string, (people: readonly Person[]) => Written, least: number][] = [
  [
    'means and deviations',
    (people) =>
      result({
        mean_age: mean(ages(people)),
        mean_bmi: mean(bmis(people)),
        sd_age: deviation(ages(people)),
        variance_bmi: deviation(bmis(people)) ** 2,
        n: people.length,
      }),
    1,
  ],
  [
    'a correlation with its p-value',
    (people) => {
      const coefficient = correlation(ages(people), scores(people))
      return result({
        correlation: {
          r: coefficient,
          t: coefficient * Math.sqrt((people.length - 2) / (1 - coefficient * coefficient)),
          p: twoSided(coefficient * Math.sqrt(people.length)),
        },
      })
    },
    0.95,
  ],
  [
    'a correlation of nothing',
    (people) => {
      const coefficient = correlation(ages(people), bmis(people))
      return result({ r: coefficient, p: twoSided(coefficient * Math.sqrt(people.length)) })
    },
    0.95,
  ],
  [
    'a linear model',
    (people) =>
      result({
        outputs: [
          {
            type: 'model',
            name: 'model',
            n: people.length,
            terms: regression(
              scores(people),
              people.map((x) => [1, x.age, x.bmi, Number(x.smoker)]),
            ).map((t, i) => ({ term: ['(Intercept)', 'age', 'bmi', 'C(smoker)[T.True]'][i], ...t })),
          },
        ],
      }),
    0.95,
  ],
  ['medians', (p) => result({ median_bmi: quantile(bmis(p), 0.5), q1_score: quantile(scores(p), 0.25) }), 0.9],
  [
    'counts and means by group',
    (people) =>
      table(
        'by group',
        ['group', { name: 'n', kind: 'count' }, 'mean_bmi'],
        ['A', 'B', 'C'].map((group) => {
          const members = people.filter((x) => x.group === group)
          return [group, members.length, members.length ? mean(bmis(members)) : null]
        }),
      ),
    0.95,
  ],
  [
    'proportions',
    (people) =>
      result({
        smokers: people.filter((x) => x.smoker).length / people.length,
        female: mean(people.map((x) => Number(x.sex === 'female'))),
      }),
    0.95,
  ],
  [
    'a cross table',
    (people) =>
      table(
        'crosstab',
        ['sex', 'A', 'B', 'C'],
        ['female', 'male'].map((sex) => [
          sex,
          ...['A', 'B', 'C'].map((g) => people.filter((x) => x.sex === sex && x.group === g).length),
        ]),
      ),
    0.7,
  ],
  [
    'a histogram',
    (people) =>
      result({
        outputs: [
          {
            type: 'histogram',
            name: 'age',
            edges: [40, 50, 60, 70, 80],
            counts: [40, 50, 60, 70].map((e) => people.filter((x) => x.age >= e && x.age < e + 10).length),
          },
        ],
      }),
    0.95,
  ],
  [
    'a difference of groups',
    (people) => {
      const first = bmis(people.filter((x) => x.smoker))
      const second = bmis(people.filter((x) => !x.smoker))
      return result({
        outputs: [
          {
            type: 'estimate',
            name: 'difference',
            estimate: mean(first) - mean(second),
            standardError: Math.sqrt(deviation(first) ** 2 / first.length + deviation(second) ** 2 / second.length),
            n: people.length,
          },
        ],
      })
    },
    0.95,
  ],
  [
    'a summary as a CSV file',
    (people) => {
      const columns = [ages(people), bmis(people)]
      const line = (name: string, of: (values: number[]) => number): string => `${name},${columns.map(of).join(',')}\n`
      return {
        'describe.csv': [
          ',age,bmi\n',
          line('count', (values) => values.length),
          line('mean', mean),
          line('std', deviation),
          line('min', (values) => Math.min(...values)),
          line('50%', (values) => quantile(values, 0.5)),
          line('max', (values) => Math.max(...values)),
        ].join(''),
      }
    },
    0.95,
  ],
]

describe('honest statistics', () => {
  it.each(honest)('%s leave, within a step of the truth', (_, script, least) => {
    for (const size of [60, 150, 1000]) {
      let released = 0
      let wrong = 0
      let numbers = 0
      const trials = 20
      for (let seed = 0; seed < trials; seed++) {
        const people = cohort(size, seed * 7 + size)
        const verdict = gate(people, script, seed + 1)
        if (verdict.outcome !== 'release') continue
        released++
        const files = Object.entries(script(people)).map(([file, text]) => ({
          file,
          bytes: new TextEncoder().encode(text as string),
        }))
        const truth = parseOutputs(files, { rows: 5000, bytes: 1e7 }).outputs.flatMap(sheetsOf)
        verdict.outputs.forEach((output, place) =>
          output.rows.forEach((cells) =>
            cells.forEach((cell, at) => {
              if (typeof cell.value !== 'number' || output.columns[at]!.kind === 'group') return
              const row = truth[place]!.rows.find((t) =>
                output.columns.every((col, g) => col.kind !== 'group' || t[g] === cells[g]!.value),
              )!
              numbers++
              expect(cell.precision).toBeGreaterThan(0)
              const plots = /p(Value)?$/.test(output.columns[at]!.name) || /\bp$/.test(output.name)
              if (
                Math.abs(cell.value - Math.max(row[at] as number, plots ? 1e-4 : -Infinity)) >
                cell.precision! * 1.0001
              )
                wrong++
            }),
          ),
        )
      }
      expect(released / trials, `${size} people`).toBeGreaterThanOrEqual(least)
      // A statistic that is not linear may stand a little off the mean of its runs, and then one in a hundred is
      // rounded past its neighbour.
      expect(wrong / numbers, `${size} people`).toBeLessThan(0.03)
    }
  })
  it('gives useful precision: a mean age of a thousand people to half a year', () => {
    const verdict = gate(cohort(1000, 3), (p) => result({ mean_age: mean(ages(p)) }))
    expect(verdict.outputs[0]!.rows[0]![0]!.precision).toBeLessThanOrEqual(0.5)
  })
})

/**
 * Share of the secret's bits that the attack's own decoder gets right, over many cohorts; where nothing can be decoded,
 * it tosses a coin.
 */
function accuracy(attack: Smuggler, trials: number): { bits: number; exact: number } {
  let right = 0
  let exact = 0
  for (let seed = 0; seed < trials; seed++) {
    const draw = random(seed * 31 + 5)
    const drawn = cohort(150, seed).map((p) => ({ ...p, secret: Math.floor(draw() * 256) }))
    const secret = drawn.find((p) => p.id === target)!.secret
    const people: Victim[] = drawn.map((p) => ({ ...p, tied: secret }))
    const guess = attack.decode(gate(people, attack.script as (people: readonly Person[]) => Written, seed + 1))
    const known = guess !== undefined && Number.isFinite(guess)
    if (known && guess === secret) exact++
    for (let bit = 0; bit < 8; bit++) right += known ? Number(((guess >> bit) & 1) === ((secret >> bit) & 1)) : 0.5
  }
  return { bits: right / (trials * 8), exact: exact / trials }
}

describe('attacks', () => {
  it('there are many', () => expect(smugglers.length).toBeGreaterThan(45))
  it.each(smugglers.map((a) => [a.name, a] as const))('%s: what is decoded is chance', (_, attack) => {
    const { bits, exact } = accuracy(attack, 16)
    expect(bits).toBeLessThan(0.63)
    expect(exact).toBeLessThan(0.13)
  })
  it('the decoders work: without a gate they read the secret', () => {
    const readable = new Set<string>()
    for (const attack of smugglers) {
      const people: Victim[] = cohort(150, 9).map((p) => ({ ...p, secret: 181, tied: 181 }))
      const written = attack.script(people)
      if ('end' in written && typeof written.end === 'string') continue
      const parsed = parseOutputs(
        Object.entries(written).map(([file, text]) => ({ file, bytes: new TextEncoder().encode(text as string) })),
        { rows: 5000, bytes: 1e7 },
      )
      const outputs = parsed.outputs.flatMap(sheetsOf).map((sheet) => ({
        name: sheet.name,
        type: sheet.type,
        columns: sheet.columns,
        rows: sheet.rows.map((r) => r.map((value) => ({ value }))),
      }))
      if (attack.decode({ outcome: 'release', outputs, findings: [], guarantee: '' }) === 181) readable.add(attack.name)
    }
    // The others read what only the gate makes: suppression, precision.
    expect(readable.size).toBeGreaterThan(smugglers.length * 0.75)
  })
  it('a jitter of the secret’s own size gets part of it through: the bound in the threat model', () => {
    for (const attack of camouflaged) expect(accuracy(attack, 16).bits, attack.name).toBeLessThan(0.85)
  })
  it('what blocks a job says nothing but that', () => {
    const verdict = gate(cohort(150, 2), (p) => result({ a: mean(bmis(p)), v: p.find((x) => x.id === 7)?.bmi ?? 0 }))
    expect(verdict).toMatchObject({
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
    const verdict = gate(people, (people) =>
      table(
        'by group',
        ['group', { name: 'n', kind: 'count' }, 'mean_bmi'],
        [
          ['A', people.length - 4 - Math.round(people.length / 4), mean(bmis(people))],
          ['B', Math.round(people.length / 4), mean(bmis(people))],
          ['C', 4, 27],
        ],
      ),
    )
    expect(verdict.outcome).toBe('release')
    const rows = verdict.outputs[0]!.rows
    expect(rows[2]!.slice(1).every((c) => c.suppressed)).toBe(true)
    expect(rows[1]![1]!.suppressed).toBe(true)
    expect(rows[0]![1]!.value).not.toBeNull()
    expect(verdict.findings.map((f) => f.rule)).toEqual(expect.arrayContaining(['minimum-subjects', 'complementary']))
  })
  it('all but a few is as small as the few', () => {
    const verdict = gate(people, (people) =>
      table(
        't',
        ['group', { name: 'n', kind: 'count' }],
        [
          ['A', people.length],
          ['B', Math.round((people.length * 146) / 150)],
        ],
      ),
    )
    expect(cells(verdict).some((c) => typeof c.value === 'number' && c.value > 140 && c.value < 150)).toBe(false)
  })
  it('extremes are left out by name, the rest of the summary leaves', () => {
    const verdict = gate(people, (p) =>
      result({ mean_age: mean(ages(p)), max_age: Math.max(...ages(p)), min_age: Math.min(...ages(p)) }),
    )
    expect(verdict.outputs.map((o) => o.rows[0]![0]!.suppressed === true)).toEqual([false, true, true])
    expect(verdict.findings.filter((f) => f.rule === 'extreme')).toHaveLength(2)
  })
  it('models need degrees of freedom and few parameters', () => {
    const model =
      (terms: number, size: number) =>
      (people: readonly Person[]): Written =>
        result({
          outputs: [
            { type: 'scalar', name: 'n', value: people.length },
            {
              type: 'model',
              name: 'model',
              n: Math.min(size, people.length),
              terms: Array.from({ length: terms }, (_, i) => ({ term: `x${i}`, estimate: mean(bmis(people)) })),
            },
          ],
        })
    expect(gate(people, model(60, 150)).findings.some((f) => f.rule === 'parameters')).toBe(true)
    expect(gate(people.slice(0, 30), model(22, 30)).findings.some((f) => f.rule === 'residual-degrees')).toBe(true)
  })
  it('words must be known', () => {
    const verdict = gate(people, (p) =>
      result({ mean_age: mean(ages(p)), note: 'Zaphod Beeblebrox', zqxjkv: mean(bmis(p)) }),
    )
    expect(JSON.stringify(verdict)).not.toMatch(/Zaphod|zqxjkv/)
    expect(verdict.outcome).toBe('release')
    expect(verdict.findings.some((f) => f.rule === 'names')).toBe(true)
  })
  it('rounds and redacts counts as the policy says', () => {
    const verdict = gate(
      people,
      (people) =>
        table(
          't',
          ['group', { name: 'n', kind: 'count' }],
          [
            ['A', Math.round(people.length / 2)],
            ['B', Math.floor(people.length / 2)],
          ],
        ),
      1,
      { roundTo: 5 },
    )
    for (const row of verdict.outputs[0]!.rows) expect((row[1]!.value as number) % 5).toBe(0)
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
