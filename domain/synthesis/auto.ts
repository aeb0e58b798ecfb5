/**
 * Which method fits a table, from what is declared about it and the budget. Never from the data: the choice itself
 * would say something.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Domain } from './column-domain.ts'
import { cellsOf, subsets } from './marginals.ts'
import { grid, gridSteps, shapeOf } from './resolution.ts'

/** Methods by the names of their papers; `independent` is the floor. */
export type Method = 'aim' | 'mst' | 'privsyn' | 'independent'
/** A choice and the reason for it, in a sentence. */
export interface Choice {
  method: Method
  why: string
}

/** What a method will meet: sizes of the columns on the public grid, and how well the budget can see pairs of them. */
export interface Outlook {
  sizes: number[]
  /** Rows over the noise of all pairs: above 1, pairs stand out of the noise. */
  clarity: number
}

/** Sizes on the grid and clarity, from the domain, the declared rows and the budget (nano-rho). */
export function outlook(domain: Domain, rows: number, budget: NanoRho, rowsPerPerson: number): Outlook {
  const sizes = domain.columns.map((column) => {
    const shape = shapeOf(column)
    return grid(shape, gridSteps, Array<string>(shape.size).fill('')).groups
  })
  const pairs = subsets(sizes.length, 2)
  // L1 noise of one pair when all are measured, each at a cost in proportion to cells^(2/3).
  const sum = pairs.reduce((total, pair) => total + cellsOf(pair, sizes) ** (2 / 3), 0)
  const noise = pairs.length
    ? (rowsPerPerson * 0.8 * sum ** 1.5) / pairs.length / Math.sqrt((2 * Number(budget)) / 1e9)
    : 1
  return { sizes, clarity: rows / noise }
}

/**
 * The method for a table of about `rows` rows (declared, not counted). On tables of 1,000 to 400,000 rows and 10 to 60
 * columns (few and many values, binary, numeric) PrivSyn's error was at most AIM's or close to it, in a fraction of its
 * time; AIM stays the choice of who wants triples, above all where a wish names them.
 */
export function chooseMethod(domain: Domain, rows: number, budget: NanoRho, rowsPerPerson: number): Choice {
  const { sizes, clarity } = outlook(domain, rows, budget, rowsPerPerson)
  const columns = sizes.length
  if (columns === 1) return { method: 'independent', why: 'The table has one column: its counts are all there is.' }
  if (clarity < 0.002)
    return {
      method: 'independent',
      why: 'With so few rows for this budget, pairs of columns would be noise: one-way counts alone are more faithful.',
    }
  return {
    method: 'privsyn',
    why: `The table has ${columns} columns, of which many pairs can be measured and brought together row by row.`,
  }
}
