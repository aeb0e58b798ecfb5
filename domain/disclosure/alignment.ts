/** Lays the outputs of all runs over each other: the same outputs, columns and rows in each, or nothing. */
import type { Scalar, Sheet, TypedOutput } from '../release/outputs.ts'
import { sheetsOf } from '../release/outputs.ts'
import type { DatasetSchema } from '../datasets/schema.ts'
import { says } from './words.ts'

/** One row as each run has it: the run on all first, then the runs without a block. */
export interface AlignedRow {
  key: Scalar[]
  runs: Scalar[][]
}
export interface AlignedSheet {
  name: string
  type: Sheet['type']
  columns: { name: string; kind: 'group' | 'count' | 'value'; unit?: string }[]
  rows: AlignedRow[]
  /** Rows of the run on all that another run does not have: they are left away, as few people stand behind them. */
  dropped: boolean
  /**
   * A run has rows that the run on all has not, or another number of rows without a key: that happens to no table of
   * groups.
   */
  broken: boolean
}

const isWhole = (v: Scalar): boolean => v === null || (typeof v === 'number' && Number.isInteger(v) && v >= 0)
const isKey = (v: Scalar): boolean =>
  v === null || typeof v === 'string' || typeof v === 'boolean' || (typeof v === 'number' && Number.isInteger(v))

/**
 * What each column is: declared by the output, or from its values and name. Groups lead; whole numbers everywhere
 * count.
 */
function kinds(runs: readonly Sheet[], declared: ReadonlySet<string>): AlignedSheet['columns'] {
  const first = runs[0]!
  const texts = (c: number): boolean => runs.some((s) => s.rows.some((r) => typeof r[c] === 'string'))
  const groups = new Set<number>()
  first.columns.forEach((c, i) => {
    if (c.kind === 'group' || (c.kind === undefined && texts(i))) groups.add(i)
  })
  if (first.type === 'table' && first.rows.length > 1)
    for (const [i, c] of first.columns.entries()) {
      if (groups.has(i)) continue
      const leads =
        c.kind === undefined &&
        i < first.columns.length - 1 &&
        (declared.has(c.name.toLowerCase()) ||
          ['row', 'index', 'level', 'group', 'bin', 'cluster', 'quartile'].includes(c.name.toLowerCase()))
      if (
        !leads ||
        !runs.every(
          (s) =>
            s.rows.every((r) => isKey(r[i]!)) &&
            new Set(s.rows.map((r) => JSON.stringify([...groups, i].map((g) => r[g])))).size === s.rows.length,
        )
      )
        break
      groups.add(i)
    }
  return first.columns.map((c, i) => {
    const counting =
      c.kind === 'count' ||
      (c.kind === undefined &&
        (says.count(c.name) ||
          (first.type === 'table' && first.rows.length > 1 && runs.every((s) => s.rows.every((r) => isWhole(r[i]!))))))
    return {
      name: c.name,
      ...(c.unit === undefined ? {} : { unit: c.unit }),
      kind: groups.has(i) ? 'group' : counting ? 'count' : 'value',
    }
  })
}

/**
 * Keys of the rows by the group columns; a key that comes again gets its number, a table without groups is keyed by
 * position.
 */
function keyed(s: Sheet, groups: readonly number[]): Map<string, Scalar[]> {
  const out = new Map<string, Scalar[]>()
  const times = new Map<string, number>()
  for (const r of s.rows) {
    const key = JSON.stringify(groups.map((g) => r[g]))
    const n = times.get(key) ?? 0
    times.set(key, n + 1)
    out.set(`${key}#${n}`, r)
  }
  return out
}

const order = (a: Scalar, b: Scalar): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : a === b ? 0 : 1

/**
 * The sheets of all runs, matched; undefined when outputs or columns differ, which blocks the whole job. Orders that
 * differ between runs become alphabetical.
 */
export function align(runs: readonly (readonly TypedOutput[])[], schema: DatasetSchema): AlignedSheet[] | undefined {
  const sheets = runs.map((r) => new Map(r.flatMap(sheetsOf).map((s) => [s.name, s])))
  const declared = new Set(schema.tables.flatMap((t) => t.columns.map((c) => c.name.toLowerCase())))
  const first = sheets[0]!
  let names = [...first.keys()]
  if (runs.some((r) => new Set(r.flatMap(sheetsOf).map((s) => s.name)).size !== r.flatMap(sheetsOf).length))
    return undefined
  for (const s of sheets) if (s.size !== names.length || names.some((n) => !s.has(n))) return undefined
  if (sheets.some((s) => [...s.keys()].some((n, i) => n !== names[i]))) names = names.toSorted()
  const out: AlignedSheet[] = []
  for (const name of names) {
    let own = sheets.map((s) => s.get(name)!)
    const head = own[0]!
    const titles = new Set(head.columns.map((c) => c.name))
    if (
      own.some(
        (s) => s.type !== head.type || s.columns.length !== titles.size || s.columns.some((c) => !titles.has(c.name)),
      )
    )
      return undefined
    if (own.some((s) => s.columns.some((c, i) => c.name !== head.columns[i]!.name))) {
      const sorted = [...titles].sort()
      own = own.map((s) => {
        const at = sorted.map((t) => s.columns.findIndex((c) => c.name === t))
        return { ...s, columns: at.map((i) => s.columns[i]!), rows: s.rows.map((r) => at.map((i) => r[i]!)) }
      })
    }
    if (
      own.some((s) =>
        s.columns.some((c, i) => c.kind !== own[0]!.columns[i]!.kind || c.unit !== own[0]!.columns[i]!.unit),
      )
    )
      return undefined
    const columns = kinds(own, declared)
    const groups = columns.flatMap((c, i) => (c.kind === 'group' ? [i] : []))
    const rows = own.map((s) => keyed(s, groups))
    const all = rows[0]!
    const rest = rows.slice(1)
    const kept = [...all.keys()].filter((k) => rest.every((r) => r.has(k)))
    const sequence = (m: Map<string, Scalar[]>): string[] => {
      const here = new Set(kept)
      return [...m.keys()].filter((k) => here.has(k))
    }
    const moved = rest.some((r) => sequence(r).some((k, i) => k !== kept[i]))
    const matched = kept.map((k) => ({ key: groups.map((g) => all.get(k)![g]!), runs: rows.map((r) => r.get(k)!) }))
    if (moved) matched.sort((a, b) => a.key.reduce<number>((s, v, i) => s || order(v, b.key[i]!), 0))
    out.push({
      name,
      type: head.type,
      columns,
      rows: matched,
      dropped: kept.length < all.size,
      broken:
        rest.some((r) => [...r.keys()].some((k) => !all.has(k))) ||
        (groups.length === 0 && rest.some((r) => r.size !== all.size)) ||
        (moved && groups.length === 0),
    })
  }
  return out
}
