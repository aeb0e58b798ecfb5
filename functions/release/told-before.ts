/**
 * What a person was told of a dataset before: no two of their results may differ by a few people (dsBase#250 asks for
 * this; the rule is ours), nor three by one.
 *
 * Whether an answer is refused must not be an answer itself (Kenthapadi, Mishra and Nissim 2005, "Simulatable
 * auditing"): a refused set is remembered, and what comes near it is refused as well, also when it turns out to be a
 * set that was told; and a set may be asked for in few different ways, so that "nobody is left out" is not asked again
 * and again.
 */
import type { DatasetVersionItem, JobItem, ReleasedItem } from '../kernel/items.ts'
import { keyOf } from '../kernel/items.ts'
import { hashNow } from '../kernel/hash.ts'
import { canonical } from '../../domain/hash.ts'
import type { Cohort } from '../../domain/datasets/cohort.ts'
import { parseSelection, selectionOfCohort, selectionOfDigests } from '../../domain/sql/selection.ts'
import { type Item, type Key, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

/** A set of subjects behind something released. */
export type LedgerCell = ReleasedItem['cells'][number]

/** The cell that stands for a whole cohort. */
export const cohortCell = (cohort: Cohort, subjects: number, fingerprint: string): LedgerCell => ({
  subjects,
  fingerprint,
  selection: selectionOfCohort(cohort),
  asked: cohort.length === 0 ? '' : hashNow(canonical(cohort)).slice(0, 16),
})

/**
 * The newest results that are looked at, and the exact comparisons of one job; what is beyond them counts as too near.
 */
const results = 500
const comparisons = 400
const atOnce = 8
/** Cells of one item, so that it stays under the table's 400 KB. */
const cellsPerItem = 500
/** Conditions that may pick the same set of people by chance. */
const waysToAsk = 3
/** Combinations of three sets that are looked at, newest first. */
const triples = 20_000

const peopleOf = (c: LedgerCell): string => c.people ?? c.fingerprint

/**
 * Sets of earlier results, newest first. Those of another version were other rows: their subjects cannot be compared,
 * and are not.
 */
async function earlier(
  deps: Pick<Deps, 'table'>,
  job: JobItem,
): Promise<{ told: LedgerCell[]; refused: LedgerCell[] }> {
  const found: Item<ReleasedItem>[] = []
  for await (const item of queryAll<ReleasedItem>(deps.table, keyOf.released.partition(job.datasetId), {
    prefix: keyOf.released.prefix({ userId: job.userId }),
  }))
    if (item.version === job.datasetVersion && item.jobId !== job.jobId) found.push(item)
  const newest = found.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, results)
  const distinct = (items: Item<ReleasedItem>[]): LedgerCell[] => [
    ...new Map(items.flatMap((i) => i.cells).map((c) => [`${c.fingerprint} ${c.asked ?? ''}`, c])).values(),
  ]
  return { told: distinct(newest.filter((i) => !i.refused)), refused: distinct(newest.filter((i) => i.refused)) }
}

/**
 * Indices of the `cells` that differ from an earlier released set by 1 to `minimum` - 1 subjects, or come as near to a
 * refused one. Sizes and fingerprints find the suspects: sets whose sizes are further apart differ by more, equal
 * fingerprints are equal sets. Suspects are compared exactly by the engine.
 */
export async function cellsTooNear(
  deps: Pick<Deps, 'table' | 'engine'>,
  job: JobItem,
  version: DatasetVersionItem,
  cells: readonly LedgerCell[],
  minimum: number,
): Promise<number[]> {
  const { told, refused } = await earlier(deps, job)
  const near = new Set<number>()
  const before = new Set(told.map((c) => `${c.fingerprint} ${c.asked ?? ''}`))
  // The same question about the same people: told before.
  const fresh = cells.map((_, i) => i).filter((i) => !before.has(`${cells[i]!.fingerprint} ${cells[i]!.asked ?? ''}`))
  for (const i of fresh) {
    const ways = new Set(told.flatMap((c) => (c.asked && peopleOf(c) === peopleOf(cells[i]!) ? [c.asked] : [])))
    if (cells[i]!.asked && ways.size >= waysToAsk && !ways.has(cells[i]!.asked!)) near.add(i)
  }
  const suspects: { cell: number; old: LedgerCell; refused: boolean }[] = []
  const suspectsIn = (sets: readonly LedgerCell[], wereRefused: boolean): void => {
    const sorted = [...new Map(sets.map((c) => [c.fingerprint, c])).values()].sort((a, b) => a.subjects - b.subjects)
    for (const cell of fresh) {
      const own = cells[cell]!
      // Without a condition nothing about anybody is asked by being near.
      if (wereRefused && !own.asked) continue
      for (
        let i = firstAtLeast(sorted, own.subjects - minimum + 1);
        i < sorted.length && sorted[i]!.subjects < own.subjects + minimum;
        i++
      ) {
        if (sorted[i]!.fingerprint !== own.fingerprint) suspects.push({ cell, old: sorted[i]!, refused: wereRefused })
        else if (wereRefused) near.add(cell)
      }
    }
  }
  suspectsIn(refused, true)
  suspectsIn(told, false)
  // Within one answer, totals over rows are the gate's matter (query-margins.ts); what a condition picks in one row
  // beside another row is not.
  const parts = cells.map((c) => parseSelection(c.selection).set !== undefined)
  for (const cell of fresh)
    if (parts[cell])
      for (const [index, old] of cells.entries())
        if (
          index !== cell &&
          old.fingerprint !== cells[cell]!.fingerprint &&
          Math.abs(old.subjects - cells[cell]!.subjects) < minimum
        )
          suspects.push({ cell, old, refused: false })
  for (const suspect of suspects.slice(comparisons)) near.add(suspect.cell)
  const exact = suspects.slice(0, comparisons)
  for (let i = 0; i < exact.length; i += atOnce) {
    await Promise.all(
      exact.slice(i, i + atOnce).map(async ({ cell, old, refused: was }) => {
        if (near.has(cell)) return
        const apart = await deps.engine.difference(version.data, cells[cell]!.selection, old.selection)
        if (apart < minimum && (apart > 0 || was)) near.add(cell)
      }),
    )
  }
  if (
    near.size === 0 &&
    (await threeSingleOut(
      deps,
      version,
      fresh.map((i) => cells[i]!),
      told,
    ))
  )
    for (const i of fresh) near.add(i)
  return [...near].sort((a, b) => a - b)
}

/**
 * Whether one of the new sets leaves a single person of two earlier ones: everybody, the women, and the men but one.
 * The fingerprints of such three are together that of one person.
 */
async function threeSingleOut(
  deps: Pick<Deps, 'engine'>,
  version: DatasetVersionItem,
  cells: readonly LedgerCell[],
  told: readonly LedgerCell[],
): Promise<boolean> {
  const known = [...new Map([...told, ...cells].map((c) => [peopleOf(c), c])).values()]
  const bits = known.map((c) => BigInt(`0x${peopleOf(c)}`))
  const alone = new Set<bigint>()
  let looked = 0
  for (const cell of new Map(cells.map((x) => [peopleOf(x), x])).values()) {
    const own = BigInt(`0x${peopleOf(cell)}`)
    for (let i = 0; i < known.length && looked < triples; i++)
      for (let j = i + 1; j < known.length && looked < triples; j++, looked++) {
        const [first, second] = [known[i]!.subjects, known[j]!.subjects]
        if ([Math.abs(first - second), first + second].some((n) => Math.abs(n - cell.subjects) === 1))
          alone.add(own ^ bits[i]! ^ bits[j]!)
      }
  }
  if (alone.size === 0) return false
  return (
    (await deps.engine.difference(
      version.data,
      selectionOfDigests([...alone].map((x) => x.toString(16).padStart(16, '0'))),
      selectionOfDigests([]),
    )) > 0
  )
}

function firstAtLeast(sorted: readonly LedgerCell[], subjects: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]!.subjects < subjects) low = middle + 1
    else high = middle
  }
  return low
}

const keyOfPart = ({ datasetId, userId, jobId }: JobItem, part: number): Key =>
  part === 0 ? keyOf.released(datasetId, userId, jobId) : keyOf.releasedPart(datasetId, userId, jobId, part)

/** Remembers what a release tells, before it is told. The same again when a step is repeated. */
export async function remember(
  deps: Pick<Deps, 'table'>,
  job: JobItem,
  cells: readonly LedgerCell[],
  at: string,
  refused = false,
): Promise<void> {
  const distinct = [...new Map(cells.map((c) => [`${c.fingerprint} ${c.asked ?? ''}`, c])).values()]
  for (let i = 0; i < Math.max(1, distinct.length); i += cellsPerItem) {
    const item: ReleasedItem = {
      datasetId: job.datasetId,
      version: job.datasetVersion,
      userId: job.userId,
      jobId: job.jobId,
      at,
      refused: refused ? true : undefined,
      cells: distinct.slice(i, i + cellsPerItem),
    }
    await createIfAbsent(deps, { ...keyOfPart(job, i / cellsPerItem), ...item })
  }
}

/** In place of what would have been told, the sets that were too near: by position in `cells`. */
export async function rememberRefused(
  deps: Pick<Deps, 'table'>,
  job: JobItem,
  cells: readonly LedgerCell[],
  near: readonly number[],
  at: string,
): Promise<void> {
  for (let i = 0; i < Math.max(1, cells.length); i += cellsPerItem)
    await deps.table.remove(keyOfPart(job, i / cellsPerItem))
  await remember(
    deps,
    job,
    near.map((i) => cells[i]!),
    at,
    true,
  )
}
