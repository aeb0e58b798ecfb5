/** The columns of an answer, from a plan. */
import type { Scalar } from '../../domain/release/outputs.ts'
import type { Plan } from '../../domain/sql/plan.ts'
import type { QueryColumn } from '../../domain/sql/result.ts'
import { type Bound, isCount } from './bound-measures.ts'

/** A finite number, or nothing. */
export const number = (value: unknown): number | null => {
  if (value === null || value === undefined) return null
  const converted = Number(value)
  return Number.isFinite(converted) ? converted : null
}
export const scalarOf = (value: unknown): Scalar => {
  if (value === null || value === undefined) return null
  return typeof value === 'string' || typeof value === 'boolean' ? value : number(value)
}

const group = (key: Plan['keys'][number]): Pick<QueryColumn, 'values' | 'made'> => ({
  ...(key.values ? { values: key.values } : {}),
  ...(key.values && key.values.length <= 2 && !key.pure ? { made: true as const } : {}),
})

/** Columns of the answer, then those that only expressions use. */
export function columnsOf(
  plan: Plan,
  bound: readonly Bound[],
): { columns: QueryColumn[]; columnOfMeasure: Map<number, number>; measureOfColumn: Map<number, number> } {
  const columns: QueryColumn[] = []
  const columnOfMeasure = new Map<number, number>()
  const measureOfColumn = new Map<number, number>()
  const measured = (index: number, name: string): QueryColumn => {
    const boundMeasure = bound[index]!
    const argument = boundMeasure.measure.argument
    return {
      name,
      kind: isCount(boundMeasure.measure) ? 'count' : 'value',
      aggregate: boundMeasure.measure.aggregate,
      ...(boundMeasure.measure.quantile === undefined ? {} : { quantile: boundMeasure.measure.quantile }),
      ...(boundMeasure.set === undefined ? {} : { set: boundMeasure.set }),
      ...(argument?.low !== undefined && argument.high !== undefined ? { low: argument.low, high: argument.high } : {}),
      ...(boundMeasure.mixed === undefined ? {} : { mixed: boundMeasure.mixed }),
      ...(boundMeasure.indicator ? { indicator: true } : {}),
      ...(boundMeasure.measure.aggregate === 'count' && argument?.smooth && boundMeasure.filter === undefined
        ? { presence: true }
        : {}),
    }
  }
  for (const output of plan.outputs) {
    const index = columns.length
    if ('key' in output) {
      const key = plan.keys[output.key]!
      columns.push({ name: output.name, kind: 'group', ...group(key) })
    } else if ('measure' in output) {
      // Asked for twice, it is shown twice: the same released number.
      if (columnOfMeasure.has(output.measure))
        columns.push({
          name: output.name,
          kind: 'value',
          aggregate: 'expression',
          formula: { measure: output.measure },
        })
      else {
        columns.push(measured(output.measure, output.name))
        measureOfColumn.set(index, output.measure)
        columnOfMeasure.set(output.measure, index)
      }
    } else columns.push({ name: output.name, kind: 'value', aggregate: 'expression', formula: output.formula })
  }
  for (const [index] of plan.keys.entries())
    if (!plan.outputs.some((o) => 'key' in o && o.key === index))
      columns.push({ name: `group ${index + 1}`, kind: 'group', hidden: true, ...group(plan.keys[index]!) })
  for (const i of bound.keys())
    if (!columnOfMeasure.has(i)) {
      columnOfMeasure.set(i, columns.length)
      measureOfColumn.set(columns.length, i)
      columns.push({ ...measured(i, `part ${i + 1}`), hidden: true })
    }
  const renamed = (formula: NonNullable<QueryColumn['formula']>): NonNullable<QueryColumn['formula']> => {
    if ('measure' in formula) return { measure: columnOfMeasure.get(formula.measure)! }
    return 'op' in formula ? { op: formula.op, of: formula.of.map(renamed) } : formula
  }
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
    columns.flatMap((column, index) => {
      if (column.kind !== 'group') return []
      const output = plan.outputs[index]
      return [[index, output && 'key' in output ? output.key : hidden.shift()!] as [number, number]]
    }),
  )
}
/** Keys that a grouping id says are rolled up: the first key is the highest bit. */
export const rolledKeys = (gid: number, keys: number): number[] =>
  Array.from({ length: keys }, (_, i) => i).filter((i) => Math.floor(gid / 2 ** (keys - 1 - i)) % 2 === 1)
