/**
 * An empirical audit of what `noise` promises, over the engine's own sums of two datasets that one person makes
 * different (Jagielski, Ullman and Oprea 2020, "Auditing Differentially Private Machine Learning"): however well
 * somebody tells the two apart from what is released, the epsilon that this proves must not be above the one charged.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { defaultPolicy } from '../../domain/release/policy.ts'
import { epsilonOf, type NanoRho, nano } from '../../domain/privacy/accounting.ts'
import { noiseQuery } from '../../domain/privacy/query-noise.ts'
import { stream } from '../../domain/privacy/testing/draws.ts'
import type { QueryResult } from '../../domain/sql/result.ts'
import { query } from './query.ts'
import { store } from './store.ts'

const schema: DatasetSchema = {
  tables: [
    {
      name: 'visits',
      file: 'visits.csv',
      oneRowPerSubject: false,
      columns: [
        { name: 'id', type: 'text', role: 'subject' },
        { name: 'arm', type: 'category', categories: ['active', 'placebo'] },
        { name: 'reading', type: 'number', minimum: -100, maximum: 100 },
      ],
    },
  ],
  images: [],
}
/** Ninety people, and one who does what a single person can: in every group, many times, at the bound. */
const ordinary = Array.from({ length: 90 }, (_, i) => `P${i},${['active', 'placebo', ''][i % 3]},${(i * 13) % 60}`)
const loud = ['active', 'placebo', ''].flatMap((arm) => Array.from({ length: 5 }, () => `Z,${arm},100`))

async function exactSums(rows: string[], sql: string): Promise<QueryResult> {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-noise-'))
  try {
    await writeFile(join(folder, 'visits.csv'), ['id,arm,reading', ...rows].join('\n'))
    const written = await store(
      { kind: 'store', files: [{ file: 'visits.csv', path: join(folder, 'visits.csv') }], schema, folder },
      512,
    )
    const answer = await query({
      kind: 'query',
      data: { schema, tables: written.tables, subjects: written.subjects, fingerprint: written.fingerprint },
      cohort: [],
      sql,
      mode: 'noise',
      policy: defaultPolicy,
      limits: { seconds: 60, memoryMb: 512 },
    })
    if ('problem' in answer) throw new Error(answer.problem.code)
    return answer.result
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const draws = 6000
/**
 * One number per release: what is released, weighed by how much the person moves it beside its noise (the likelihood
 * ratio of two Gaussians).
 */
function statistics(result: QueryResult, rho: NanoRho, weights: readonly number[], seed: string): number[] {
  // Each cell `draws` times: the same release over and over. Rows leave sorted by group.
  const many = { ...result, rows: result.rows.flatMap((r) => Array.from({ length: draws }, () => r)) }
  const rows = noiseQuery(many, rho, stream(seed)).outputs[0]!.rows
  const out = Array.from({ length: draws }, () => 0)
  for (const [index, row] of rows.entries())
    for (const [column, weight] of weights.entries()) out[index % draws]! += weight * (row[column + 1]!.value as number)
  return out
}

/** Upper and lower 97.5 % limit of a proportion (Wilson 1927): together both hold at 95 %. */
const limit = (hits: number, trials: number, sign: 1 | -1): number => {
  const normalQuantile = 1.96
  const rate = hits / trials
  return (
    (rate +
      normalQuantile ** 2 / (2 * trials) +
      sign * normalQuantile * Math.sqrt((rate * (1 - rate)) / trials + normalQuantile ** 2 / (4 * trials ** 2))) /
    (1 + normalQuantile ** 2 / trials)
  )
}

/**
 * The epsilon that is proven at `delta`: P(with) <= e^epsilon P(without) + delta at a threshold that the first half
 * chose.
 */
function proven(yes: readonly number[], no: readonly number[], delta: number): number {
  const half = draws / 2
  const epsilonAt = (threshold: number, from: number): number => {
    const above = (x: readonly number[]): number => x.slice(from, from + half).filter((v) => v > threshold).length
    return Math.log(Math.max(1e-9, limit(above(yes), half, -1) - delta) / limit(above(no), half, 1))
  }
  const sorted = no.slice(0, half).sort((a, b) => a - b)
  const candidates = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999].map((q) => sorted[Math.floor(q * half)]!)
  const best = candidates.reduce((a, b) => (epsilonAt(b, 0) > epsilonAt(a, 0) ? b : a))
  return epsilonAt(best, half)
}

describe('audit of noise on neighbouring datasets', () => {
  const delta = 0.05
  const rho = nano / 2n
  const charged = epsilonOf(rho, delta)
  it.each([
    ['SELECT arm, count(*) AS n FROM visits GROUP BY arm', [1]],
    // A count's noise is that of a sum of 1 to its bound: both say as much.
    ['SELECT arm, count(*) AS n, sum(reading) AS s FROM visits GROUP BY arm', [1, 0.01]],
  ] as const)('%s', async (sql, weights) => {
    const [withOne, without] = [await exactSums([...ordinary, ...loud], sql), await exactSums(ordinary, sql)]
    const audited = (r: NanoRho): number =>
      proven(statistics(withOne, r, weights, `with ${r}`), statistics(without, r, weights, `without ${r}`), delta)
    const honest = audited(rho)
    const halved = audited(4n * rho)
    expect(honest).toBeLessThanOrEqual(charged)
    // It is not blind: there is something to see, and noise of half the size is found out.
    expect(honest).toBeGreaterThan(charged / 4)
    expect(halved).toBeGreaterThan(charged)
  })
})
