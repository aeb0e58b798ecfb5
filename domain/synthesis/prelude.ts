/**
 * What every method does first: buys one-way counts, and from them the number of rows and the resolution of each
 * column.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Answer } from './consistency.ts'
import { mean, totalOf } from './consistency.ts'
import type { Column, Domain } from './column-domain.ts'
import { listedSize, sizeOf } from './column-domain.ts'
import type { Table } from './encode.ts'
import type { Journal } from './journal.ts'
import { count } from './marginals.ts'
import {
  coarsen,
  coarsenAllowed,
  grid,
  type Grouping,
  merged,
  type Shape,
  signatures,
  sumGroups,
} from './resolution.ts'
import type { Allowed } from './rules.ts'
import { meanNormal } from './scores.ts'
import { byCells, divide, share } from './shares.ts'
import { toSimplex } from './simplex.ts'

/** Ordered columns are modelled together in about this many steps. */
const steps = 20
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
  fineSizes: number[]
  sizes: number[]
  groupings: Grouping[]
  allowed: Allowed[]
  table: Table
  oneWays: Answer[]
  total: number
}

const shapeOf = (c: Column): Shape => ({ size: sizeOf(c), ordered: c.kind === 'categorical' ? 0 : listedSize(c) })

/**
 * What is bought: one-way counts at a cost of `rho`, and at most `more` again where their error turns out to be above
 * `goodEnough`. `merge`: groups under this many sigma are merged; 0 keeps the grid.
 */
export interface Purchase {
  rho: NanoRho
  more?: NanoRho
  merge: number
}

/** One-way counts, the number of rows and the resolution of each column. */
export async function prepare(
  table: Table,
  domain: Domain,
  allowed: readonly Allowed[],
  journal: Journal,
  { rho, more = 0n, merge }: Purchase,
): Promise<Prepared> {
  const fineSizes = domain.columns.map(sizeOf)
  const shapes = domain.columns.map(shapeOf)
  const marks = domain.columns.map((_, c) => signatures(fineSizes[c]!, c, fineSizes, allowed))
  const grids = shapes.map((s, c) => grid(s, steps, marks[c]!))
  const long = shapes.flatMap((_, c) => (grids[c]!.groups < fineSizes[c]! ? [c] : []))
  const buy = async (price: NanoRho): Promise<{ coarse: Answer[]; fine: Answer[] }> => {
    const finePrice = long.length ? share(price, finePart) : 0n
    const prices = divide(price - finePrice, byCells(grids.map((g) => g.groups)))
    const finePrices = long.length ? divide(finePrice, byCells(long.map((c) => fineSizes[c]!))) : []
    const coarse: Answer[] = []
    const fine: Answer[] = []
    for (const [c, g] of grids.entries())
      coarse.push(await journal.measure('one-way', [c], prices[c]!, () => sumGroups(g, count(table, [c], fineSizes))))
    for (const [i, c] of long.entries())
      fine.push(await journal.measure('one-way, fine', [c], finePrices[i]!, () => count(table, [c], fineSizes)))
    return { coarse, fine }
  }
  let bought = await buy(rho)
  const lacking = shortfall(bought.coarse, rho, more)
  if (lacking > 0n) {
    const again = await buy(lacking)
    bought = {
      coarse: bought.coarse.map((a, i) => mean(a, again.coarse[i]!)),
      fine: bought.fine.map((a, i) => mean(a, again.fine[i]!)),
    }
  }
  const answers = bought.coarse
  const fine = new Map(long.map((c, i) => [c, bought.fine[i]!]))
  const { total } = totalOf(answers)
  const groupings = grids.map((g, c) => {
    const noisy = answers[c]!
    const positive = toSimplex(noisy.values, total)
    const within = fine.has(c) ? fineWeights(g, positive, fine.get(c)!) : positive
    return { ...(merge > 0 ? merged(g, shapes[c]!, marks[c]!, noisy.values, merge * noisy.sigma) : g), weights: within }
  })
  const oneWays = answers.map((a, c) => {
    // A merged group's count is the sum over its parts.
    const g = groupings[c]!
    const sums = new Float64Array(g.groups)
    const first = new Set<number>()
    for (let i = 0; i < g.of.length; i++) {
      const k = grids[c]!.of[i]!
      if (!first.has(k)) {
        first.add(k)
        sums[g.of[i]!]! += a.values[k]!
      }
    }
    return { columns: [c], values: sums, sigma: a.sigma * Math.sqrt(grids[c]!.groups / g.groups) }
  })
  return {
    domain,
    fineSizes,
    sizes: groupings.map((g) => g.groups),
    groupings,
    allowed: coarsenAllowed(allowed, fineSizes, groupings),
    table: coarsen(table, groupings),
    oneWays,
    total,
  }
}

/**
 * What has to be paid, beyond `rho`, for one-way counts whose mean expected error (total variation distance) is
 * `goodEnough`; error falls with the root of the price.
 */
function shortfall(answers: readonly Answer[], rho: NanoRho, most: NanoRho): NanoRho {
  const { total } = totalOf(answers)
  const error =
    answers.reduce((n, a) => n + Math.min(1, (meanNormal * a.sigma * a.values.length) / (2 * total)), 0) /
    answers.length
  const wanted = Math.min(Number(most), Number(rho) * ((error / goodEnough) ** 2 - 1))
  // A purchase of next to nothing would only add entries.
  return wanted < 0.1 * Number(rho) ? 0n : BigInt(Math.floor(wanted))
}

/**
 * Expected fine counts: the noisy ones within each step of the grid, brought to the step's own count; even where they
 * are all noise.
 */
function fineWeights(g: Grouping, steps: Float64Array, fine: Answer): Float64Array {
  const out = new Float64Array(g.of.length)
  const members = Array.from({ length: g.groups }, () => [] as number[])
  for (let i = 0; i < g.of.length; i++) members[g.of[i]!]!.push(i)
  for (const [k, codes] of members.entries()) {
    const noisy = codes.map((i) => fine.values[i]!)
    const sum = steps[k]!
    const mean = noisy.reduce((a, b) => a + b, 0) / noisy.length
    // Shrunk towards even by how much of their spread the noise explains (James and Stein 1961).
    const spread = noisy.reduce((a, x) => a + (x - mean) ** 2, 0)
    const keep = spread > 0 ? Math.max(0, 1 - (Math.max(1, noisy.length - 2) * fine.sigma ** 2) / spread) : 0
    const simplex = toSimplex(
      noisy.map((x) => sum / noisy.length + keep * (x - mean)),
      sum,
    )
    for (const [j, i] of codes.entries()) out[i] = simplex[j]! + 1e-9
  }
  return out
}
