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
  let a = seed >>> 0
  return () => {
    a = (a + 0x9e3779b9) >>> 0
    let t = a ^ (a >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    t ^= t >>> 15
    return (t >>> 0) / 2 ** 32
  }
}
export const normal = (u: () => number): number => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u())
export const uniformOf = (seed: number): Uniform => {
  const u = random(seed)
  return new Uniform((b) => {
    for (let i = 0; i < b.length; i++) b[i] = Math.floor(u() * 256)
  })
}

export function cohort(n: number, seed: number): Person[] {
  const u = random(seed)
  return Array.from({ length: n }, (_, id) => {
    const age = Math.round(62 + 9 * normal(u))
    const bmi = 26 + 4 * normal(u)
    const smoker = u() < 0.35
    return {
      id,
      age,
      bmi,
      score: 20 + 0.3 * age + 0.4 * bmi + (smoker ? 3 : 0) + 6 * normal(u),
      group: u() < 0.5 ? 'A' : u() < 0.6 ? 'B' : 'C',
      sex: u() < 0.5 ? 'female' : 'male',
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
  const w = script(people)
  const ended = 'end' in w && typeof w.end === 'string' && !w.end.includes('{') ? (w.end as RunEnd) : undefined
  return {
    run: id,
    subjects: people.length,
    end: ended ?? 'finished',
    outputs: ended ? [] : Object.entries(w).map(([file, v]) => ({ file, bytes: base64url(bytesOf(v as string)) })),
    stdout: '',
    stderr: '',
    seconds: 1,
  }
}
/** Subjects over `blocks` in a shuffled order, so that sizes differ by one at most. */
export function partition(people: readonly Person[], blocks: number, seed: number): Person[][] {
  const u = random(seed)
  const order = people
    .map((p) => [u(), p] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, p]) => p)
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
    ...parts.map((p, i) => {
      const out = new Set(p)
      return run(
        i,
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
export const deviation = (x: readonly number[]): number => {
  const m = mean(x)
  return Math.sqrt(x.reduce((s, v) => s + (v - m) ** 2, 0) / (x.length - 1))
}
export const quantile = (x: readonly number[], q: number): number => {
  const s = [...x].sort((a, b) => a - b)
  const at = (s.length - 1) * q
  const i = Math.floor(at)
  return s[i]! + (at - i) * ((s[i + 1] ?? s[i]!) - s[i]!)
}
export const correlation = (x: readonly number[], y: readonly number[]): number => {
  const a = mean(x)
  const b = mean(y)
  return x.reduce((s, v, i) => s + (v - a) * (y[i]! - b), 0) / ((x.length - 1) * deviation(x) * deviation(y))
}
/** Upper tail of the standard normal (Abramowitz and Stegun 26.2.17). */
const upper = (z: number): number => {
  const t = 1 / (1 + 0.2316419 * z)
  return (
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  )
}
export const twoSided = (z: number): number => 2 * upper(Math.abs(z))

/** Least squares: coefficients and their standard errors, by Gauss-Jordan on the normal equations. */
export function regression(
  y: readonly number[],
  x: readonly (readonly number[])[],
): { estimate: number; standardError: number; statistic: number; pValue: number }[] {
  const p = x[0]!.length
  const a = Array.from({ length: p }, (_, i) => [
    ...Array.from({ length: p }, (_, j) => x.reduce((s, r) => s + r[i]! * r[j]!, 0)),
    ...Array.from({ length: p }, (_, j) => Number(i === j)),
    x.reduce((s, r, k) => s + r[i]! * y[k]!, 0),
  ])
  for (let i = 0; i < p; i++) {
    const d = a[i]![i]!
    a[i] = a[i]!.map((v) => v / d)
    for (let r = 0; r < p; r++)
      if (r !== i) {
        const f = a[r]![i]!
        a[r] = a[r]!.map((v, c) => v - f * a[i]![c]!)
      }
  }
  const b = a.map((r) => r.at(-1)!)
  const residual = y.reduce((s, v, k) => s + (v - x[k]!.reduce((t, w, i) => t + w * b[i]!, 0)) ** 2, 0) / (y.length - p)
  return b.map((estimate, i) => {
    const standardError = Math.sqrt(residual * a[i]![p + i]!)
    const statistic = estimate / standardError
    return { estimate, standardError, statistic, pValue: twoSided(statistic) }
  })
}
