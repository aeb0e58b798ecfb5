/** What a person was told of a dataset before: no two of their results may differ by a few people (dsBase#250 asks for this; the rule is ours). */
import type { DatasetVersionItem, JobItem, ReleasedItem } from '../kernel/items.ts'
import { keyOf } from '../kernel/items.ts'
import type { Cohort } from '../../domain/jobs/cohort.ts'
import { selectionOfCohort } from '../../domain/sql/selection.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { once } from './ending.ts'

/** A set of subjects behind something released. */
export type LedgerCell = ReleasedItem['cells'][number]

/** The cell that stands for a whole cohort. */
export const cohortCell = (cohort: Cohort, subjects: number, fingerprint: string): LedgerCell => ({ subjects, fingerprint, selection: selectionOfCohort(cohort) })

/** The newest results that are looked at, and the exact comparisons of one job; what is beyond them counts as too near. */
const results = 500
const comparisons = 400
const atOnce = 8
/** Cells of one item, so that it stays under the table's 400 KB. */
const cellsPerItem = 500

/** Sets of an earlier release. Those of another version were other rows: their subjects cannot be compared, and are not. */
async function earlier(d: Pick<Deps, 'table'>, job: JobItem): Promise<LedgerCell[]> {
  const found: Item<ReleasedItem>[] = []
  for await (const item of queryAll<ReleasedItem>(d.table, keyOf.dataset(job.datasetId).pk, { prefix: `RELEASED#${job.userId}#` })) if (item.version === job.datasetVersion && item.jobId !== job.jobId) found.push(item)
  const newest = found.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, results)
  return newest.flatMap((item) => item.cells)
}

/**
 * Indices of the `cells` that differ from an earlier released set by 1 to `minimum` - 1 subjects. Sizes and fingerprints find the suspects: sets whose sizes are further
 * apart differ by more, equal fingerprints are equal sets. Suspects are compared exactly by the engine.
 */
export async function differing(d: Pick<Deps, 'table' | 'engine'>, job: JobItem, version: DatasetVersionItem, cells: readonly LedgerCell[], minimum: number): Promise<number[]> {
  const known = new Map((await earlier(d, job)).map((c) => [c.fingerprint, c]))
  if (known.size === 0) return []
  const sorted = [...known.values()].sort((a, b) => a.subjects - b.subjects)
  const suspects: { cell: number; old: LedgerCell }[] = []
  for (const [cell, c] of cells.entries()) {
    if (known.has(c.fingerprint)) continue // the very same people: told before
    for (let i = firstAtLeast(sorted, c.subjects - minimum + 1); i < sorted.length && sorted[i]!.subjects < c.subjects + minimum; i++) suspects.push({ cell, old: sorted[i]! })
  }
  const near = new Set(suspects.slice(comparisons).map((s) => s.cell))
  const exact = suspects.slice(0, comparisons)
  for (let i = 0; i < exact.length; i += atOnce) {
    await Promise.all(exact.slice(i, i + atOnce).map(async ({ cell, old }) => {
      if (near.has(cell)) return
      const apart = await d.engine.difference(version.data, cells[cell]!.selection, old.selection)
      if (apart > 0 && apart < minimum) near.add(cell)
    }))
  }
  return [...near].sort((a, b) => a - b)
}

function firstAtLeast(sorted: readonly LedgerCell[], subjects: number): number {
  let low = 0, high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]!.subjects < subjects) low = middle + 1
    else high = middle
  }
  return low
}

/** Remembers what a release tells, before it is told. The same again when a step is repeated. */
export async function remember(d: Pick<Deps, 'table'>, job: JobItem, cells: readonly LedgerCell[], at: string): Promise<void> {
  const distinct = [...new Map(cells.map((c) => [c.fingerprint, c])).values()]
  for (let i = 0; i < Math.max(1, distinct.length); i += cellsPerItem) {
    const { pk, sk } = keyOf.released(job.datasetId, job.userId, job.jobId)
    const item: ReleasedItem = { datasetId: job.datasetId, version: job.datasetVersion, userId: job.userId, jobId: job.jobId, at, cells: distinct.slice(i, i + cellsPerItem) }
    await once(d, { pk, sk: i === 0 ? sk : `${sk}#${String(i / cellsPerItem).padStart(4, '0')}`, ...item })
  }
}

/** Takes back what nothing was told of: the release that it stood for was refused. */
export async function forgetCells(d: Pick<Deps, 'table'>, job: JobItem, cells: number): Promise<void> {
  const { pk, sk } = keyOf.released(job.datasetId, job.userId, job.jobId)
  for (let i = 0; i < Math.max(1, cells); i += cellsPerItem) await d.table.remove({ pk, sk: i === 0 ? sk : `${sk}#${String(i / cellsPerItem).padStart(4, '0')}` })
}
