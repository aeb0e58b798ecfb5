/**
 * Values of a run's files as typed outputs. They come from code that nobody vouches for: every shape is checked. All
 * functions throw `BadOutput` for what does not fit.
 */
import { BadOutput } from './output-problem.ts'
import {
  type EstimateOutput,
  type HistogramOutput,
  type ModelOutput,
  outputTypes,
  type Scalar,
  type TableOutput,
  type TypedOutput,
} from './outputs.ts'
import { parseCsv } from './parse-csv.ts'

/** Of each table. */
export interface TableLimits {
  rows: number
  columns: number
}

type Bag = Record<string, unknown>
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value)
/** A member that is its own: never one of Object.prototype. */
const own = (bag: Bag, key: string): unknown => (Object.hasOwn(bag, key) ? bag[key] : undefined)
const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isScalar = (value: unknown): boolean =>
  value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'

/** Letters of a text or name. */
const textLimit = 200

/** A value of a cell; numbers that are not finite, and what is not there, are missing. */
function scalarOf(value: unknown): Scalar {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'string':
      if (value.length > textLimit || !value.isWellFormed()) throw new BadOutput('bad-shape')
      return value
    case 'boolean':
      return value
    default:
      if (isAbsent(value)) return null
      throw new BadOutput('bad-shape')
  }
}

/** A name that can be shown on one line and used as a key; throws `BadOutput` for any other value. */
export function nameOf(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > textLimit) throw new BadOutput('bad-name')
  if (!value.isWellFormed() || /\p{Cc}/u.test(value) || value === '__proto__') throw new BadOutput('bad-name')
  return value
}
const checkDistinct = (names: readonly string[]): void => {
  if (new Set(names).size !== names.length) throw new BadOutput('duplicate-name')
}

/** Members that may be missing, and are numbers where they are there (finite or not). */
function optionalNumbers<Key extends string>(bag: Bag, keys: readonly Key[]): Partial<Record<Key, number>> {
  const numbers: Partial<Record<Key, number>> = {}
  for (const key of keys) {
    const value = own(bag, key)
    if (isAbsent(value)) continue
    if (typeof value !== 'number') throw new BadOutput('bad-shape')
    numbers[key] = value
  }
  return numbers
}
const unitOf = (bag: Bag): string | undefined => (isAbsent(own(bag, 'unit')) ? undefined : nameOf(own(bag, 'unit')))

function tableOf(name: string, columns: TableOutput['columns'], rows: Scalar[][], limits: TableLimits): TableOutput {
  if (rows.length > limits.rows) throw new BadOutput('too-many-rows')
  if (columns.length > limits.columns) throw new BadOutput('too-many-columns')
  checkDistinct(columns.map((column) => column.name))
  if (columns.length === 0 || rows.some((row) => row.length !== columns.length)) throw new BadOutput('bad-shape')
  return { type: 'table', name, columns, rows }
}

/** A CSV file as a table; throws `BadOutput` when it is none, or passes the limits. */
export function csvTable(name: string, text: string, limits: TableLimits): TableOutput {
  const table = parseCsv(text, limits)
  if (typeof table === 'string') throw new BadOutput(table)
  const columns = table.columns.map((column) => ({ name: nameOf(column) }))
  const rows = table.rows.map((row) => row.map(scalarOf))
  return tableOf(name, columns, rows, limits)
}

/** A list of objects: its columns are their members, in the order in which they first appear. */
function recordsTable(name: string, records: readonly Bag[], limits: TableLimits): TableOutput {
  if (records.length > limits.rows) throw new BadOutput('too-many-rows')
  const names = new Set<string>()
  for (const key of records.flatMap(Object.keys)) {
    if (names.has(key)) continue
    names.add(nameOf(key))
    if (names.size > limits.columns) throw new BadOutput('too-many-columns')
  }
  const columns = [...names]
  const rows = records.map((record) => columns.map((column) => scalarOf(own(record, column))))
  return tableOf(
    name,
    columns.map((column) => ({ name: column })),
    rows,
    limits,
  )
}

function estimateOf(name: string, unit: string | undefined, bag: Bag): EstimateOutput {
  const estimate = own(bag, 'estimate')
  if (!isNumber(estimate)) throw new BadOutput('bad-shape')
  const numbers = optionalNumbers(bag, ['standardError', 'low', 'high', 'pValue', 'n'])
  return { type: 'estimate', name, estimate, ...numbers, unit }
}

function modelOf(name: string, bag: Bag, limits: TableLimits): ModelOutput {
  const terms = own(bag, 'terms')
  if (!Array.isArray(terms) || terms.length === 0 || terms.length > limits.rows || !terms.every(isBag))
    throw new BadOutput('bad-shape')
  const read = terms.map((term) => {
    const estimate = own(term, 'estimate')
    return {
      term: nameOf(own(term, 'term')),
      estimate: isNumber(estimate) ? estimate : Number.NaN,
      ...optionalNumbers(term, ['standardError', 'statistic', 'pValue', 'low', 'high']),
    }
  })
  checkDistinct(read.map(({ term }) => term))
  const fit = own(bag, 'fit')
  if (!isAbsent(fit) && !isBag(fit)) throw new BadOutput('bad-shape')
  const figures = isBag(fit) ? optionalNumbers(fit, Object.keys(fit).map(nameOf)) : undefined
  const { n: people } = optionalNumbers(bag, ['n'])
  const family = own(bag, 'family')
  return {
    type: 'model',
    name,
    terms: read,
    n: people,
    fit: figures as Record<string, number> | undefined,
    family: typeof family === 'string' ? nameOf(family) : undefined,
  }
}

function histogramOf(name: string, unit: string | undefined, bag: Bag, limits: TableLimits): HistogramOutput {
  const edges = own(bag, 'edges')
  const counts = own(bag, 'counts')
  if (!Array.isArray(edges) || !Array.isArray(counts)) throw new BadOutput('bad-shape')
  if (edges.length !== counts.length + 1 || counts.length === 0 || counts.length > limits.rows)
    throw new BadOutput('bad-shape')
  if (!edges.every(isNumber) || !counts.every(isNumber)) throw new BadOutput('bad-shape')
  if (edges.some((edge, i) => i > 0 && edge <= edges[i - 1]!)) throw new BadOutput('bad-shape')
  return { type: 'histogram', name, edges, counts, unit }
}

/** A table with declared columns, or a list of objects. */
function declaredTable(name: string, bag: Bag, limits: TableLimits): TableOutput {
  const columns = own(bag, 'columns')
  const rows = own(bag, 'rows')
  if (!Array.isArray(rows)) throw new BadOutput('bad-shape')
  if (columns === undefined && rows.length > 0 && rows.every(isBag)) return recordsTable(name, rows, limits)
  if (rows.length > limits.rows) throw new BadOutput('too-many-rows')
  if (!Array.isArray(columns) || columns.length > limits.columns) throw new BadOutput('bad-shape')
  const read = columns.map(columnOf)
  const cells = rows.map((row: unknown) => cellsOf(row, read))
  return tableOf(name, read, cells, limits)
}
type Column = TableOutput['columns'][number]
function columnOf(column: unknown): Column {
  if (typeof column === 'string') return { name: nameOf(column) }
  if (!isBag(column)) throw new BadOutput('bad-shape')
  return { name: nameOf(own(column, 'name')), kind: kindOf(column) }
}
function kindOf(column: Bag): Column['kind'] {
  const kind = own(column, 'kind')
  if (kind === 'group' || kind === 'count' || kind === 'value') return kind
  return own(column, 'subjects') === true ? 'count' : undefined
}
/** A row as a list in the order of the columns, or as an object; anything else has no cells. */
function cellsOf(row: unknown, columns: readonly Column[]): Scalar[] {
  if (Array.isArray(row)) return row.map(scalarOf)
  return isBag(row) ? columns.map((column) => scalarOf(own(row, column.name))) : []
}

/** A typed output, as its member `type` says. */
function typedOutput(bag: Bag, limits: TableLimits): TypedOutput {
  const name = nameOf(own(bag, 'name'))
  const unit = unitOf(bag)
  switch (own(bag, 'type')) {
    case 'scalar':
      return { type: 'scalar', name, value: scalarOf(own(bag, 'value')), unit }
    case 'estimate':
      return estimateOf(name, unit, bag)
    case 'model':
      return modelOf(name, bag, limits)
    case 'histogram':
      return histogramOf(name, unit, bag, limits)
    case 'table':
      return declaredTable(name, bag, limits)
    default:
      throw new BadOutput('bad-shape')
  }
}

/** Any JSON value: numbers become scalars, lists tables, objects are flattened with dotted names. */
function plainOutputs(name: string, value: unknown, limits: TableLimits): TypedOutput[] {
  if (isScalar(value)) return [{ type: 'scalar', name: nameOf(name || 'value'), value: scalarOf(value) }]
  if (Array.isArray(value)) return plainList(nameOf(name || 'values'), value, limits)
  if (!isBag(value)) throw new BadOutput('bad-shape')
  return Object.entries(value).flatMap(([key, member]) => {
    nameOf(key)
    return plainOutputs(name ? `${name}.${key}` : key, member, limits)
  })
}
/** A list of values is one column, of objects a table by their members, of lists of one length a table. */
function plainList(name: string, list: readonly unknown[], limits: TableLimits): TypedOutput[] {
  if (list.length === 0) return []
  if (list.every(isScalar)) {
    const rows = list.map((value) => [scalarOf(value)])
    return [tableOf(name, [{ name: 'value' }], rows, limits)]
  }
  if (list.every(isBag)) return [recordsTable(name, list, limits)]
  const width = Array.isArray(list[0]) ? list[0].length : 0
  const isTable = (row: unknown): row is unknown[] => Array.isArray(row) && row.length === width
  if (width === 0 || !list.every(isTable)) throw new BadOutput('bad-shape')
  const columns = Array.from({ length: width }, (_, i) => ({ name: `column ${i + 1}` }))
  const rows = list.map((row) => row.map(scalarOf))
  return [tableOf(name, columns, rows, limits)]
}

/**
 * The outputs of a JSON file: `{ outputs: [...] }`, one typed output, or any object or list. `prefix` is what an output
 * without a name of its own is called by; empty for `result.json`. Throws `BadOutput` for what is none of these, or
 * passes the limits.
 */
export function jsonOutputs(prefix: string, value: unknown, limits: TableLimits): TypedOutput[] {
  if (Array.isArray(value)) return plainOutputs(prefix, value, limits)
  if (!isBag(value)) throw new BadOutput('not-an-object')
  const outputs = own(value, 'outputs')
  if (Array.isArray(outputs))
    return outputs.map((output: unknown) => {
      if (!isBag(output)) throw new BadOutput('bad-shape')
      return typedOutput(output, limits)
    })
  const isTyped = outputTypes.includes(own(value, 'type') as never) && own(value, 'name') !== undefined
  return isTyped ? [typedOutput(value, limits)] : plainOutputs(prefix, value, limits)
}
