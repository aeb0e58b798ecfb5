/**
 * What every method does first: buys one-way counts, and from them the number of rows and the resolution of each
 * column.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import { type Domain, sizeOf } from './column-domain.ts'
import { type Answer, mean, totalOf } from './consistency.ts'
import type { Table } from './encode.ts'
import type { Journal } from './journal.ts'
import { count } from './marginals.ts'
import {
  coarsen,
  coarsenAllowed,
  grid,
  gridSteps,
  type Grouping,
  merged,
  membersOf,
  type Shape,
  shapeOf,
  signatures,
  sumGroups,
} from './resolution.ts'
import type { Allowed } from './rules.ts'
import { meanNormal } from './scores.ts'
import { byCells, divide, share } from './shares.ts'
import { toSimplex } from './simplex.ts'

/** Part of the one-way budget that buys counts finer than the grid. */
const finePart = 0.15

/**
 * One-way counts with a smaller mean error (total variation distance) than this are left at what they are: pairs need
 * the budget more.
 */
const goodEnough = 0.05

/** The table at the resolution at which it is modelled, with the one-way answers paid so far. */
export interface Prepared {
  domain: Domain
  /** Codes of each column of the domain. */
  fineSizes: number[]
  /** Groups of each column: the sizes that everything below counts in. */
  sizes: number[]
  groupings: Grouping[]
  allowed: Allowed[]
  table: Table
  /** One for each column, in order. */
  oneWays: Answer[]
  /** The number of rows, as far as the noisy answers tell. */
  total: number
}

/**
 * What is bought: one-way counts at a cost of `rho`, and at most `more` again where their error turns out to be above
 * `goodEnough`. `merge`: groups under this many sigma are merged; 0 keeps the grid.
 */
export interface Purchase {
  rho: NanoRho
  more?: NanoRho
  merge: number
}

/** Each column on its public grid; nothing of the data yet. */
interface Grids {
  fineSizes: number[]
  shapes: Shape[]
  /** Signatures of each column's codes under the rules. */
  signatures: string[][]
  grids: Grouping[]
  /** Columns whose grid is coarser than their codes. */
  long: number[]
}

function gridsOf(domain: Domain, allowed: readonly Allowed[]): Grids {
  const fineSizes = domain.columns.map(sizeOf)
  const shapes = domain.columns.map(shapeOf)
  const marks = domain.columns.map((_, column) => signatures(fineSizes[column]!, column, fineSizes, allowed))
  const grids = shapes.map((shape, column) => grid(shape, gridSteps, marks[column]!))
  const long = shapes.flatMap((_, column) => (grids[column]!.groups < fineSizes[column]! ? [column] : []))
  return { fineSizes, shapes, signatures: marks, grids, long }
}

/** Counts of each column on its grid, and of the long ones (in the order of `long`) code by code. */
interface OneWayCounts {
  coarse: Answer[]
  fine: Answer[]
}

async function buy(
  journal: Journal,
  table: Table,
  { fineSizes, grids, long }: Grids,
  price: NanoRho,
): Promise<OneWayCounts> {
  const finePrice = long.length ? share(price, finePart) : 0n
  const prices = divide(price - finePrice, byCells(grids.map((one) => one.groups)))
  const finePrices = long.length ? divide(finePrice, byCells(long.map((column) => fineSizes[column]!))) : []
  const exact = (column: number): Uint32Array => count(table, [column], fineSizes)
  const coarse: Answer[] = []
  const fine: Answer[] = []
  for (const [column, columnGrid] of grids.entries())
    coarse.push(await journal.measure('one-way', [column], prices[column]!, () => sumGroups(columnGrid, exact(column))))
  for (const [index, column] of long.entries())
    fine.push(await journal.measure('one-way, fine', [column], finePrices[index]!, () => exact(column)))
  return { coarse, fine }
}

const combined = (first: readonly Answer[], second: readonly Answer[]): Answer[] =>
  first.map((answer, i) => mean(answer, second[i]!))

/** Buys at a cost of `rho`, and once more, for at most `more`, where that was not good enough. */
async function buyOneWays(
  journal: Journal,
  table: Table,
  grids: Grids,
  { rho, more = 0n }: Purchase,
): Promise<OneWayCounts> {
  const bought = await buy(journal, table, grids, rho)
  const lacking = shortfall(bought.coarse, rho, more)
  if (lacking <= 0n) return bought
  const again = await buy(journal, table, grids, lacking)
  return { coarse: combined(bought.coarse, again.coarse), fine: combined(bought.fine, again.fine) }
}

/** A column's noisy counts over merged groups: a group's count is the sum over the steps of the grid that it is of. */
function regrouped(answer: Answer, before: Grouping, after: Grouping): Answer {
  const sums = new Float64Array(after.groups)
  const added = new Set<number>()
  for (let code = 0; code < after.of.length; code++) {
    const step = before.of[code]!
    if (added.has(step)) continue
    added.add(step)
    sums[after.of[code]!]! += answer.values[step]!
  }
  return {
    columns: answer.columns,
    values: sums,
    sigma: answer.sigma * Math.sqrt(before.groups / after.groups),
  }
}

/**
 * One-way counts, the number of rows and the resolution of each column. Draws from the journal what `purchase` says.
 * Throws SynthesisError `overspent` when the journal has less left, `wrong_checkpoint` when it was begun by another
 * job.
 */
export async function prepare(
  table: Table,
  domain: Domain,
  allowed: readonly Allowed[],
  journal: Journal,
  purchase: Purchase,
): Promise<Prepared> {
  const columnGrids = gridsOf(domain, allowed)
  const { fineSizes, shapes, signatures: marks, grids, long } = columnGrids
  const { coarse, fine } = await buyOneWays(journal, table, columnGrids, purchase)
  const fineOf = new Map(long.map((column, i) => [column, fine[i]!]))
  const { total } = totalOf(coarse)
  const groupings = grids.map((columnGrid, column): Grouping => {
    const noisy = coarse[column]!
    const counts = toSimplex(noisy.values, total)
    const fineCounts = fineOf.get(column)
    const weights = fineCounts ? fineWeights(columnGrid, counts, fineCounts) : counts
    if (purchase.merge === 0) return { ...columnGrid, weights }
    const least = purchase.merge * noisy.sigma
    return { ...merged(columnGrid, shapes[column]!, marks[column]!, noisy.values, least), weights }
  })
  return {
    domain,
    fineSizes,
    sizes: groupings.map((grouping) => grouping.groups),
    groupings,
    allowed: coarsenAllowed(allowed, fineSizes, groupings),
    table: coarsen(table, groupings),
    oneWays: coarse.map((answer, column) => regrouped(answer, grids[column]!, groupings[column]!)),
    total,
  }
}

/**
 * What has to be paid, beyond `rho`, for one-way counts whose mean expected error (total variation distance) is
 * `goodEnough`; error falls with the root of the price.
 */
function shortfall(answers: readonly Answer[], rho: NanoRho, most: NanoRho): NanoRho {
  const { total } = totalOf(answers)
  const errorOf = (answer: Answer): number =>
    Math.min(1, (meanNormal * answer.sigma * answer.values.length) / (2 * total))
  const error = answers.reduce((sum, answer) => sum + errorOf(answer), 0) / answers.length
  const wanted = Math.min(Number(most), Number(rho) * ((error / goodEnough) ** 2 - 1))
  // A purchase of next to nothing would only add entries.
  return wanted < 0.1 * Number(rho) ? 0n : BigInt(Math.floor(wanted))
}

/**
 * Expected fine counts: the noisy ones within each step of the grid, brought to the step's own count; even where they
 * are all noise.
 */
function fineWeights(columnGrid: Grouping, stepCounts: Float64Array, fine: Answer): Float64Array {
  const weights = new Float64Array(columnGrid.of.length)
  for (const [step, codes] of membersOf(columnGrid).entries()) {
    const noisy = codes.map((code) => fine.values[code]!)
    const sum = stepCounts[step]!
    const average = noisy.reduce((a, b) => a + b, 0) / noisy.length
    // Shrunk towards even by how much of their spread the noise explains (James and Stein 1961).
    const spread = noisy.reduce((squares, value) => squares + (value - average) ** 2, 0)
    const keep = spread > 0 ? Math.max(0, 1 - (Math.max(1, noisy.length - 2) * fine.sigma ** 2) / spread) : 0
    const shrunk = noisy.map((value) => sum / noisy.length + keep * (value - average))
    const counts = toSimplex(shrunk, sum)
    for (const [index, code] of codes.entries()) weights[code] = counts[index]! + 1e-9
  }
  return weights
}
