/** For tests: synthetic cohorts, and reports as the runner would write them for a function in place of a script. */
import type { DatasetSchema } from '../../datasets/schema.ts'
import { base64url } from '../../hash.ts'
import type { Report, RunEnd } from '../../release/run-report.ts'
import { Uniform } from '../../privacy/randomness.ts'

export interface Person {
  id: number
  age: number
  bmi: number
  score: number
  group: 'A' | 'B' | 'C'
  sex: 'female' | 'male'
  smoker: boolean
}

/** Deterministic numbers in [0, 1): SplitMix-like, good enough to simulate with. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 2 ** 32
  }
}
export const normal = (u: () => number): number => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u())
export const uniformOf = (seed: number): Uniform => {
  const draw = random(seed)
  return new Uniform((bytes) => {
    for (let place = 0; place < bytes.length; place++) bytes[place] = Math.floor(draw() * 256)
  })
}

/** Half of the people in A, three tenths in B, the others in C. */
function groupOf(draw: () => number): Person['group'] {
  if (draw() < 0.5) return 'A'
  return draw() < 0.6 ? 'B' : 'C'
}

export function cohort(count: number, seed: number): Person[] {
  const draw = random(seed)
  return Array.from({ length: count }, (_, id) => {
    const age = Math.round(62 + 9 * normal(draw))
    const bmi = 26 + 4 * normal(draw)
    const smoker = draw() < 0.35
    return {
      id,
      age,
      bmi,
      score: 20 + 0.3 * age + 0.4 * bmi + (smoker ? 3 : 0) + 6 * normal(draw),
      group: groupOf(draw),
      sex: draw() < 0.5 ? 'female' : 'male',
      smoker,
    }
  })
}

export const schema: DatasetSchema = {
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'integer', role: 'subject' },
        { name: 'age', type: 'integer', minimum: 18, maximum: 100 },
        { name: 'bmi', type: 'number', minimum: 10, maximum: 60 },
        { name: 'score', type: 'number' },
        { name: 'group', type: 'category', categories: ['A', 'B', 'C'] },
        { name: 'sex', type: 'category', categories: ['female', 'male'] },
        { name: 'smoker', type: 'boolean' },
      ],
    },
  ],
  images: [],
}

/** What a run writes: files by name (text), or how it ended. */
export type Written = Record<string, string | Uint8Array> | { end: RunEnd }
export const result = (value: unknown): Written => ({
  'result.json': JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? null : v)),
})

const bytesOf = (v: string | Uint8Array): Uint8Array => (typeof v === 'string' ? new TextEncoder().encode(v) : v)
const run = (
  id: 'all' | number,
  people: readonly Person[],
  script: (people: readonly Person[]) => Written,
): Report['runs'][number] => {
  const written = script(people)
  const ended =
    'end' in written && typeof written.end === 'string' && !written.end.includes('{')
      ? (written.end as RunEnd)
      : undefined
  return {
    run: id,
    subjects: people.length,
    end: ended ?? 'finished',
    outputs: ended
      ? []
      : Object.entries(written).map(([file, v]) => ({ file, bytes: base64url(bytesOf(v as string)) })),
    stdout: '',
    stderr: '',
    seconds: 1,
  }
}
/** Subjects over `blocks` in a shuffled order, so that sizes differ by one at most. */
export function partition(people: readonly Person[], blocks: number, seed: number): Person[][] {
  const draw = random(seed)
  const order = people
    .map((p) => [draw(), p] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, people]) => people)
  return Array.from({ length: blocks }, (_, b) => order.filter((_, i) => i % blocks === b).sort((a, c) => a.id - c.id))
}
const wrap = (people: readonly Person[], runs: Report['runs']): Report => ({
  job: 'job_test',
  confinement: 'bubblewrap',
  image: 'test',
  cohort: people.length,
  runs,
})

/** A leave-out report of eight blocks. */
export function leaveOut(
  people: readonly Person[],
  script: (people: readonly Person[]) => Written,
  seed: number,
  blocks = 8,
): Report {
  const parts = partition(people, blocks, seed)
  return wrap(people, [
    run('all', people, script),
    ...parts.map((persons, place) => {
      const out = new Set(persons)
      return run(
        place,
        people.filter((q) => !out.has(q)),
        script,
      )
    }),
  ])
}
/** A report of disjoint blocks. */
export const disjoint = (
  people: readonly Person[],
  script: (people: readonly Person[]) => Written,
  blocks: number,
  seed: number,
): Report =>
  wrap(
    people,
    partition(people, blocks, seed).map((p, i) => run(i, p, script)),
  )

export const mean = (x: readonly number[]): number => x.reduce((s, v) => s + v, 0) / x.length
export const deviation = (values: readonly number[]): number => {
  const centre = mean(values)
  return Math.sqrt(values.reduce((s, v) => s + (v - centre) ** 2, 0) / (values.length - 1))
}
export const quantile = (values: readonly number[], share: number): number => {
  const ordered = [...values].sort((a, b) => a - b)
  const at = (ordered.length - 1) * share
  const place = Math.floor(at)
  return ordered[place]! + (at - place) * ((ordered[place + 1] ?? ordered[place]!) - ordered[place]!)
}
export const correlation = (values: readonly number[], others: readonly number[]): number => {
  const centre = mean(values)
  const centreOfOthers = mean(others)
  return (
    values.reduce((s, v, i) => s + (v - centre) * (others[i]! - centreOfOthers), 0) /
    ((values.length - 1) * deviation(values) * deviation(others))
  )
}
/** Upper tail of the standard normal (Abramowitz and Stegun 26.2.17). */
const upper = (score: number): number => {
  const term = 1 / (1 + 0.2316419 * score)
  return (
    (Math.exp((-score * score) / 2) / Math.sqrt(2 * Math.PI)) *
    term *
    (0.31938153 + term * (-0.356563782 + term * (1.781477937 + term * (-1.821255978 + term * 1.330274429))))
  )
}
export const twoSided = (z: number): number => 2 * upper(Math.abs(z))

/** Least squares: coefficients and their standard errors, by Gauss-Jordan on the normal equations. */
export function regression(
  others: readonly number[],
  rows: readonly (readonly number[])[],
): { estimate: number; standardError: number; statistic: number; pValue: number }[] {
  const width = rows[0]!.length
  const matrix = Array.from({ length: width }, (_, place) => [
    ...Array.from({ length: width }, (_, j) => rows.reduce((s, r) => s + r[place]! * r[j]!, 0)),
    ...Array.from({ length: width }, (_, j) => Number(place === j)),
    rows.reduce((s, r, k) => s + r[place]! * others[k]!, 0),
  ])
  for (let place = 0; place < width; place++) {
    const pivot = matrix[place]![place]!
    matrix[place] = matrix[place]!.map((v) => v / pivot)
    for (let row = 0; row < width; row++)
      if (row !== place) {
        const factor = matrix[row]![place]!
        matrix[row] = matrix[row]!.map((v, c) => v - factor * matrix[place]![c]!)
      }
  }
  const solution = matrix.map((r) => r.at(-1)!)
  const residual =
    others.reduce((s, v, k) => s + (v - rows[k]!.reduce((t, w, i) => t + w * solution[i]!, 0)) ** 2, 0) /
    (others.length - width)
  return solution.map((estimate, place) => {
    const standardError = Math.sqrt(residual * matrix[place]![width + place]!)
    const statistic = estimate / standardError
    return { estimate, standardError, statistic, pValue: twoSided(statistic) }
  })
}
