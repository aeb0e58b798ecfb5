/** The columns of an answer, from a plan. */
import type { Scalar } from '../../domain/release/outputs.ts'
import type { Plan } from '../../domain/sql/plan.ts'
import type { QueryColumn } from '../../domain/sql/result.ts'
import { type Bound, isCount } from './rewrite.ts'

/** A finite number, or nothing. */
export const number = (v: unknown): number | null => {
  if (v === null || v === undefined) return null
  const n = Number(v)
  return Number.isFinite(n) ? n : null
}
export const scalarOf = (v: unknown): Scalar =>
  v === null || v === undefined ? null : typeof v === 'string' || typeof v === 'boolean' ? v : number(v)

const group = (k: Plan['keys'][number]): Pick<QueryColumn, 'values' | 'made'> => ({
  ...(k.values ? { values: k.values } : {}),
  ...(k.values && k.values.length <= 2 && !k.pure ? { made: true as const } : {}),
})

/** Columns of the answer, then those that only expressions use. */
export function columnsOf(
  plan: Plan,
  bound: readonly Bound[],
): { columns: QueryColumn[]; columnOfMeasure: Map<number, number>; measureOfColumn: Map<number, number> } {
  const columns: QueryColumn[] = []
  const columnOfMeasure = new Map<number, number>()
  const measureOfColumn = new Map<number, number>()
  const measured = (i: number, name: string): QueryColumn => {
    const b = bound[i]!
    const e = b.measure.argument
    return {
      name,
      kind: isCount(b.measure) ? 'count' : 'value',
      aggregate: b.measure.aggregate,
      ...(b.measure.quantile === undefined ? {} : { quantile: b.measure.quantile }),
      ...(b.set === undefined ? {} : { set: b.set }),
      ...(e?.low !== undefined && e.high !== undefined ? { low: e.low, high: e.high } : {}),
      ...(b.mixed === undefined ? {} : { mixed: b.mixed }),
      ...(b.indicator ? { indicator: true } : {}),
      ...(b.measure.aggregate === 'count' && e?.smooth && b.filter === undefined ? { presence: true } : {}),
    }
  }
  for (const o of plan.outputs) {
    const i = columns.length
    if ('key' in o) {
      const k = plan.keys[o.key]!
      columns.push({ name: o.name, kind: 'group', ...group(k) })
    } else if ('measure' in o) {
      // Asked for twice, it is shown twice: the same released number.
      if (columnOfMeasure.has(o.measure))
        columns.push({ name: o.name, kind: 'value', aggregate: 'expression', formula: { measure: o.measure } })
      else {
        columns.push(measured(o.measure, o.name))
        measureOfColumn.set(i, o.measure)
        columnOfMeasure.set(o.measure, i)
      }
    } else columns.push({ name: o.name, kind: 'value', aggregate: 'expression', formula: o.formula })
  }
  for (const [i] of plan.keys.entries())
    if (!plan.outputs.some((o) => 'key' in o && o.key === i))
      columns.push({ name: `group ${i + 1}`, kind: 'group', hidden: true, ...group(plan.keys[i]!) })
  for (const i of bound.keys())
    if (!columnOfMeasure.has(i)) {
      columnOfMeasure.set(i, columns.length)
      measureOfColumn.set(columns.length, i)
      columns.push({ ...measured(i, `part ${i + 1}`), hidden: true })
    }
  const renamed = (f: NonNullable<QueryColumn['formula']>): NonNullable<QueryColumn['formula']> =>
    'measure' in f ? { measure: columnOfMeasure.get(f.measure)! } : 'op' in f ? { op: f.op, of: f.of.map(renamed) } : f
  return {
    columns: columns.map((c) => (c.formula ? { ...c, formula: renamed(c.formula) } : c)),
    columnOfMeasure,
    measureOfColumn,
  }
}
/** Which key a group column shows, hidden ones included. */
export const keyOfColumn = (plan: Plan, columns: readonly QueryColumn[]): Map<number, number> => {
  const shown = new Set(plan.outputs.flatMap((o) => ('key' in o ? [o.key] : [])))
  const hidden = plan.keys.map((_, i) => i).filter((i) => !shown.has(i))
  return new Map(
    columns.flatMap((c, i) => {
      if (c.kind !== 'group') return []
      const o = plan.outputs[i]
      return [[i, o && 'key' in o ? o.key : hidden.shift()!] as [number, number]]
    }),
  )
}
/** Keys that a grouping id says are rolled up: the first key is the highest bit. */
export const rolledKeys = (gid: number, keys: number): number[] =>
  Array.from({ length: keys }, (_, i) => i).filter((i) => Math.floor(gid / 2 ** (keys - 1 - i)) % 2 === 1)
