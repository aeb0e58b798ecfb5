/** Who and what a row of an answer, or one of its sets, is made of: as a condition, and as a table to compare with. */
import type { Scalar } from '../../domain/release/outputs.ts'
import type { Plan } from '../../domain/sql/plan.ts'
import { bind, shownKey } from './bound-measures.ts'

/**
 * The condition that picks a row of the answer, or one of its sets, as SQL after FROM: the same text for the same
 * question, whatever else the statement asks.
 */
export function pickedBy(
  plan: Plan,
  set: number,
  keys: readonly Scalar[],
  rolledUp: readonly number[],
  literal: (v: Scalar) => string,
): {
  where: string
  /**
   * No condition of the asker's own making: none, groups of columns as they are, or what picks the same rows of
   * everybody.
   */
  plain: boolean
} {
  const { sets } = bind(plan)
  const ofKeys = plan.keys.flatMap((key, index) => {
    if (rolledUp.includes(index)) return []
    const value = keys[index] ?? null
    const asNumber = key.type === 'number' && typeof value === 'number'
    return [`${shownKey(key)} IS NOT DISTINCT FROM ${asNumber ? `CAST('${value}' AS DOUBLE)` : literal(value)}`]
  })
  const ofSet = set >= 0 && sets[set] !== undefined ? [`coalesce(${sets[set]}, FALSE)`] : []
  const tests = [...ofKeys.sort(), ...ofSet].join(' AND ')
  const plain =
    plan.uniform &&
    !(set >= 0) &&
    plan.keys.every((k, i) => rolledUp.includes(i) || k.pure === true || k.uniform === true)
  if (tests === '') return { where: plan.where, plain }
  return { where: plan.where === '' ? ` WHERE ${tests}` : `${plan.where} AND ${tests}`, plain }
}

/**
 * What a set is made of, for `difference`: subject, how many rows, and for each table that stands in FROM a hash of the
 * subject's rows of it.
 */
export function rewriteSelection(
  plan: Plan,
  set: number,
  keys: readonly Scalar[],
  rolledUp: readonly number[],
  literal: (v: Scalar) => string,
): {
  sql: string
  /** The table behind each `h<i>`; none for rows that an inner query made. */
  tables: (string | undefined)[]
} {
  const { rows, subject, sql } = plan.from
  const { where } = pickedBy(plan, set, keys, rolledUp, literal)
  return {
    sql: `SELECT ${[`${subject} AS s`, 'count(*) AS n', ...rows.map((r, i) => `bit_xor(DISTINCT hash(${subject}, ${r.sql})) AS h${i}`)].join(', ')} FROM ${sql}${where} GROUP BY 1`,
    tables: rows.map((r) => r.table),
  }
}
