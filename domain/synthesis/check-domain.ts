/** Whether a declared domain is one that the engine takes. Public: nothing of the data is looked at. */
import {
  type Bounds,
  boundsOf,
  type Column,
  defaultLimits,
  type Domain,
  isListed,
  type Limits,
  sizeOf,
} from './column-domain.ts'
import { SynthesisError } from './errors.ts'

function checkBounds(column: string, { low, high, whole }: Bounds): void {
  const isRange = whole ? high >= low : high > low
  if (!Number.isFinite(low) || !Number.isFinite(high) || !isRange)
    throw new SynthesisError('bad_bounds', `Column “${column}” needs a minimum below its maximum`, { column })
  if (whole && !(Number.isSafeInteger(low) && Number.isSafeInteger(high)))
    throw new SynthesisError('bad_bounds', `Column “${column}” holds whole numbers and needs whole bounds`, { column })
}

function checkBinCount(column: string, bins: number, limits: Limits): void {
  if (!Number.isSafeInteger(bins) || bins < 1)
    throw new SynthesisError('bad_bins', `Column “${column}” needs at least one bin`, { column })
  if (bins > limits.categories)
    throw new SynthesisError(
      'too_many_categories',
      `Column “${column}” has ${bins} bins; at most ${limits.categories} are possible`,
      { column },
    )
}

function checkEdges(column: string, edges: readonly number[], { low, high, whole }: Bounds): void {
  const rising = edges.every((edge, i) => i === 0 || edge > edges[i - 1]!)
  const spansBounds = edges.length >= 2 && edges[0] === low && edges.at(-1) === high
  const fitsNumbers = !whole || edges.every((edge) => Number.isSafeInteger(edge))
  if (!rising || !spansBounds || !fitsNumbers)
    throw new SynthesisError(
      'bad_bins',
      `Edges of the bins of column “${column}” must rise from its minimum to its maximum`,
      { column },
    )
}

function checkCategories(column: string, categories: readonly string[], limits: Limits): void {
  if (categories.length > limits.categories)
    throw new SynthesisError(
      'too_many_categories',
      `Column “${column}” has ${categories.length} categories; at most ${limits.categories} are possible: drop it or group its values`,
      { column },
    )
  if (new Set(categories).size !== categories.length)
    throw new SynthesisError('duplicate_category', `Column “${column}” lists a category twice`, { column })
}

function checkValues(column: Column, limits: Limits): void {
  const { name } = column
  if (isListed(column)) {
    checkCategories(name, column.categories, limits)
    return
  }
  const bounds = boundsOf(column)
  checkBounds(name, bounds)
  if (typeof column.bins === 'number') checkBinCount(name, column.bins, limits)
  else checkEdges(name, column.bins, bounds)
}

/**
 * Checks a domain against the limits. Throws SynthesisError, with the column where one is to blame: `no_columns`,
 * `too_many_columns`, `bad_name`, `duplicate_column`, `too_many_categories`, `duplicate_category`, `no_categories`,
 * `bad_bounds` or `bad_bins`.
 */
export function checkDomain(domain: Domain, limits: Limits = defaultLimits): void {
  if (domain.columns.length === 0) throw new SynthesisError('no_columns', 'A table needs at least one column')
  if (domain.columns.length > limits.columns)
    throw new SynthesisError(
      'too_many_columns',
      `The table has ${domain.columns.length} columns; at most ${limits.columns} are possible`,
    )
  const seen = new Set<string>()
  for (const declared of domain.columns) {
    const column = declared.name
    if (column === '') throw new SynthesisError('bad_name', 'Every column needs a name', { column })
    if (seen.has(column)) throw new SynthesisError('duplicate_column', `Two columns are called “${column}”`, { column })
    seen.add(column)
    checkValues(declared, limits)
    if (sizeOf(declared) === 0)
      throw new SynthesisError('no_categories', `Column “${column}” has no value that it may take`, { column })
  }
}
