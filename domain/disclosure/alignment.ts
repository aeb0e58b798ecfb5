/** Lays the outputs of all runs over each other: the same outputs, columns and rows in each, or nothing. */
import type { DatasetSchema } from '../datasets/schema.ts'
import type { Scalar, Sheet, TypedOutput } from '../release/outputs.ts'
import { sheetsOf } from '../release/outputs.ts'
import { nameSays } from './words.ts'

/** One row as each run has it: the run on all first, then the runs without a block. */
export interface AlignedRow {
  key: Scalar[]
  runs: Scalar[][]
}
export interface AlignedColumn {
  name: string
  kind: 'group' | 'count' | 'value'
  unit?: string
}
export interface AlignedSheet {
  name: string
  type: Sheet['type']
  columns: AlignedColumn[]
  rows: AlignedRow[]
  /** Rows of the run on all that another run does not have: they are left away, as few people stand behind them. */
  dropped: boolean
  /**
   * A run has rows that the run on all has not, or another number of rows without a key: that happens to no table of
   * groups.
   */
  mismatched: boolean
}

/**
 * The sheets of all runs, matched (the run on all first); undefined when outputs or columns differ, which blocks the
 * whole job. Orders that differ between runs become alphabetical.
 */
export function align(runs: readonly (readonly TypedOutput[])[], schema: DatasetSchema): AlignedSheet[] | undefined {
  const sheets = runs.map(byName)
  const names = commonNames(sheets)
  if (!names) return undefined
  const declared = new Set(schema.tables.flatMap((table) => table.columns.map(({ name }) => name.toLowerCase())))
  const out: AlignedSheet[] = []
  for (const name of names) {
    const matched = withSameColumns(sheets.map((sheet) => sheet!.get(name)!))
    if (!matched) return undefined
    out.push(alignRows(matched, declared))
  }
  return out
}

/** The sheets of a run by name; undefined when a name comes twice. */
function byName(outputs: readonly TypedOutput[]): Map<string, Sheet> | undefined {
  const sheets = outputs.flatMap(sheetsOf)
  const named = new Map(sheets.map((sheet) => [sheet.name, sheet]))
  return named.size === sheets.length ? named : undefined
}

/** The names that every run has, in their order where it is the same; undefined when the runs have others. */
function commonNames(sheets: readonly (ReadonlyMap<string, Sheet> | undefined)[]): string[] | undefined {
  const names = [...(sheets[0]?.keys() ?? [])]
  const areSame = sheets.every((own) => own?.size === names.length && names.every((name) => own.has(name)))
  if (!areSame) return undefined
  const inOrder = sheets.every((own) => [...own!.keys()].every((name, i) => name === names[i]))
  return inOrder ? names : names.toSorted()
}

/** The same output of every run with its columns in one order; undefined when types or columns differ. */
function withSameColumns(runs: readonly Sheet[]): Sheet[] | undefined {
  const head = runs[0]!
  const titles = new Set(head.columns.map(({ name }) => name))
  const isAlike = (sheet: Sheet): boolean =>
    sheet.type === head.type &&
    sheet.columns.length === titles.size &&
    sheet.columns.every(({ name }) => titles.has(name))
  if (!runs.every(isAlike)) return undefined
  const inOrder = runs.every((sheet) => sheet.columns.every(({ name }, i) => name === head.columns[i]!.name))
  const ordered = inOrder ? [...runs] : runs.map((sheet) => withColumns(sheet, [...titles].sort()))
  const [first] = ordered
  const isSame = (sheet: Sheet): boolean =>
    sheet.columns.every(({ kind, unit }, i) => kind === first!.columns[i]!.kind && unit === first!.columns[i]!.unit)
  return ordered.every(isSame) ? ordered : undefined
}
function withColumns(sheet: Sheet, titles: readonly string[]): Sheet {
  const places = titles.map((title) => sheet.columns.findIndex(({ name }) => name === title))
  return {
    ...sheet,
    columns: places.map((place) => sheet.columns[place]!),
    rows: sheet.rows.map((row) => places.map((place) => row[place]!)),
  }
}

/** Matches the rows of one output by their keys. */
function alignRows(runs: readonly Sheet[], declared: ReadonlySet<string>): AlignedSheet {
  const columns = columnsOf(runs, declared)
  const groups = [...columns.keys()].filter((column) => columns[column]!.kind === 'group')
  const rows = runs.map((sheet) => keyed(sheet, groups))
  const [all, ...others] = rows as [Map<string, Scalar[]>, ...Map<string, Scalar[]>[]]
  const kept = [...all.keys()].filter((key) => others.every((run) => run.has(key)))
  const here = new Set(kept)
  const isMoved = others.some((run) => [...run.keys()].filter((key) => here.has(key)).some((key, i) => key !== kept[i]))
  const matched = kept.map((key) => ({
    key: groups.map((group) => all.get(key)![group]!),
    runs: rows.map((run) => run.get(key)!),
  }))
  const hasOthers = others.some((run) => [...run.keys()].some((key) => !all.has(key)))
  const isOfOtherLength = others.some((run) => run.size !== all.size)
  return {
    name: runs[0]!.name,
    type: runs[0]!.type,
    columns,
    rows: isMoved ? matched.sort(byKey) : matched,
    dropped: kept.length < all.size,
    mismatched: hasOthers || (groups.length === 0 && (isOfOtherLength || isMoved)),
  }
}

/**
 * Rows by their key, the values of the group columns; a key that comes again gets its number, a table without groups is
 * keyed by position.
 */
function keyed(sheet: Sheet, groups: readonly number[]): Map<string, Scalar[]> {
  const rows = new Map<string, Scalar[]>()
  const times = new Map<string, number>()
  for (const row of sheet.rows) {
    const key = JSON.stringify(groups.map((group) => row[group]))
    const time = times.get(key) ?? 0
    times.set(key, time + 1)
    rows.set(`${key}#${time}`, row)
  }
  return rows
}

const byKey = (first: AlignedRow, second: AlignedRow): number =>
  first.key.reduce<number>((order, value, i) => order || compare(value, second.key[i]!), 0)
function compare(left: Scalar, right: Scalar): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (String(left) < String(right)) return -1
  return left === right ? 0 : 1
}

/**
 * What each column is: declared by the output, or from its values and name. Groups lead; whole numbers everywhere
 * count.
 */
function columnsOf(runs: readonly Sheet[], declared: ReadonlySet<string>): AlignedColumn[] {
  const groups = groupColumns(runs, declared)
  return runs[0]!.columns.map(({ name, unit }, at) => {
    if (groups.has(at)) return { name, unit, kind: 'group' }
    return { name, unit, kind: isCount(runs, at) ? 'count' : 'value' }
  })
}

/** Names of columns that lead a table of groups, whatever their values are. */
const leadingNames = new Set(['row', 'index', 'level', 'group', 'bin', 'cluster', 'quartile'])

function groupColumns(runs: readonly Sheet[], declared: ReadonlySet<string>): Set<number> {
  const { type, columns, rows } = runs[0]!
  const hasTexts = (at: number): boolean => runs.some((sheet) => sheet.rows.some((row) => typeof row[at] === 'string'))
  const groups = new Set(
    [...columns.keys()].filter((at) => {
      const { kind } = columns[at]!
      return kind === 'group' || (kind === undefined && hasTexts(at))
    }),
  )
  if (type !== 'table' || rows.length <= 1) return groups
  for (const [at, { kind, name }] of columns.entries()) {
    if (groups.has(at)) continue
    const isNamedSo = declared.has(name.toLowerCase()) || leadingNames.has(name.toLowerCase())
    const leads = kind === undefined && at < columns.length - 1 && isNamedSo
    if (!leads || !runs.every((sheet) => tellsRowsApart(sheet, [...groups, at], at))) break
    groups.add(at)
  }
  return groups
}

/** Whether `groups`, the last of which is the column `at`, are keys of a run's rows. */
const tellsRowsApart = (sheet: Sheet, groups: readonly number[], at: number): boolean =>
  sheet.rows.every((row) => isKey(row[at]!)) &&
  new Set(sheet.rows.map((row) => JSON.stringify(groups.map((group) => row[group])))).size === sheet.rows.length
const isKey = (value: Scalar): boolean => typeof value !== 'number' || Number.isInteger(value)

function isCount(runs: readonly Sheet[], at: number): boolean {
  const { type, columns, rows } = runs[0]!
  const { kind, name } = columns[at]!
  if (kind !== undefined) return kind === 'count'
  if (nameSays.count(name)) return true
  const isTable = type === 'table' && rows.length > 1
  return isTable && runs.every((sheet) => sheet.rows.every((row) => isWhole(row[at]!)))
}
const isWhole = (value: Scalar): boolean =>
  value === null || (typeof value === 'number' && Number.isInteger(value) && value >= 0)
