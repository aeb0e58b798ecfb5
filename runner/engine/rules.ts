/** A query under `rules`: its numbers and the facts about each, read into rows that the gate judges. */
import { createHash } from 'node:crypto'
import { canonical } from '../../domain/hash.ts'
import type { Scalar } from '../../domain/release/outputs.ts'
import type { DisclosurePolicy } from '../../domain/release/policy.ts'
import { literal } from '../../domain/sql/expr.ts'
import type { Plan } from '../../domain/sql/plan.ts'
import type { Contributions, QueryColumn, QueryResult, QueryRow } from '../../domain/sql/result.ts'
import { selectionText } from '../../domain/sql/selection.ts'
import { type Bound, isTotal } from './bound-measures.ts'
import { hex64, type openCohort } from './cohort.ts'
import { columnsOf, keyOfColumn, number, rolledKeys, scalarOf } from './columns.ts'
import type { Duck } from './duckdb.ts'
import { type Rewrite, rewriteRules } from './rewrite.ts'
import { pickedBy } from './selection-sql.ts'

function contributionsOf(measured: Bound, get: (name: string) => unknown, index: number): Contributions {
  const allEqual = get(`e${index}`) === true
  if (!isTotal(measured.measure)) return { largest: 0, second: 0, total: 0, allEqual }
  const top = (get(`t${index}`) as unknown[] | null) ?? []
  return { largest: number(top[0]) ?? 0, second: number(top[1]) ?? 0, total: number(get(`u${index}`)) ?? 0, allEqual }
}

type Named = Awaited<ReturnType<Duck['table']>>

/** A cell of a key as JSON can carry it, the same from both statements. */
function comparable(cell: unknown): unknown {
  if (typeof cell === 'bigint') return String(cell)
  return Object.is(cell, -0) ? 0 : cell
}

/** Runs the statements for `rules`. An answer of too many rows is `truncated` and has none. */
export async function computeRules(
  duck: Duck,
  { sql, cohort }: { sql: string; cohort: Parameters<typeof openCohort>[2] },
  plan: Plan,
  counted: QueryResult['cohort'],
  policy: DisclosurePolicy,
): Promise<QueryResult> {
  const rewrite = rewriteRules(plan)
  const most = 4 * policy.rows
  const numbers = await duck.table(`${rewrite.numbers} LIMIT ${most + 1}`)
  const facts = rewrite.facts ? await duck.table(`${rewrite.facts} LIMIT ${most + 1}`) : undefined
  const truncated = numbers.rows.length > most
  const keyText = (table: Named, row: unknown[]): string =>
    JSON.stringify(['gid', ...plan.keys.map((_, i) => `k${i}`)].map((name) => comparable(row[table.at.get(name)!])))
  const factOf = facts ? new Map(facts.rows.map((r) => [keyText(facts, r), r])) : undefined
  const { columns, columnOfMeasure } = columnsOf(plan, rewrite.bound)
  const keys = keyOfColumn(plan, columns)
  const rows: QueryRow[] = []
  const selections: string[] = []
  for (const row of truncated ? [] : numbers.rows) {
    const fact = factOf?.get(keyText(numbers, row))
    const get = (name: string): unknown =>
      facts?.at.has(name) ? fact?.[facts.at.get(name)!] : row[numbers.at.get(name)!]
    const gone = rolledKeys(Number(row[numbers.at.get('gid')!]), plan.keys.length)
    const keyValues = plan.keys.map((_, i) => scalarOf(row[numbers.at.get(`k${i}`)!]))
    const picked = (set: number): ReturnType<typeof pickedBy> => pickedBy(plan, set, keyValues, gone, literal)
    rows.push(
      rowOf(rewrite, columns, columnOfMeasure, keys, get, row, numbers, gone, keyValues, (set) =>
        asked(cohort, plan, picked(set)),
      ),
    )
    selections.push(selectionText({ cohort, sql, keys: keyValues, rolledUp: gone }))
  }
  return {
    columns,
    rows,
    cohort: counted,
    selections,
    mode: 'rules',
    truncated,
    ...(plan.order.length ? { order: plan.order.map((o) => ({ column: o.output, descending: o.descending })) } : {}),
    ...(plan.limit === undefined ? {} : { limit: plan.limit }),
  }
}

/**
 * A digest of what picks a set: cohort, tables and conditions. Empty when no condition does that values of people
 * decide.
 */
function asked(cohort: Parameters<typeof openCohort>[2], { from }: Plan, picked: ReturnType<typeof pickedBy>): string {
  if (picked.plain && cohort.length === 0) return ''
  // What joined tables are called tells nothing; what inner queries and joins pick does.
  const how = picked.plain
    ? cohort
    : [
        cohort,
        from.uniform && !from.sql.includes('(SELECT') ? '' : from.sql,
        picked.where.replaceAll(/\br\d+\./g, 'r.'),
      ]
  return createHash('sha256').update(canonical(how)).digest('hex').slice(0, 16)
}

function rowOf(
  rewrite: Rewrite,
  columns: readonly QueryColumn[],
  columnOfMeasure: ReadonlyMap<number, number>,
  keys: ReadonlyMap<number, number>,
  get: (name: string) => unknown,
  row: unknown[],
  numbers: Named,
  gone: readonly number[],
  keyValues: readonly Scalar[],
  picks: (set: number) => string,
): QueryRow {
  const subjects = Number(get('subjects') ?? 0)
  const values: Scalar[] = columns.map(() => null)
  const columnSubjects = columns.map(() => subjects)
  const contributions: (Contributions | null)[] = columns.map(() => null)
  for (const [column, key] of keys) values[column] = keyValues[key]!
  for (const [index, measured] of rewrite.bound.entries()) {
    const at = columnOfMeasure.get(index)!
    const inSet = measured.set === undefined ? subjects : Number(get(`sn${measured.set}`) ?? 0)
    values[at] = measured.measure.aggregate === 'count-subjects' ? inSet : number(row[numbers.at.get(`m${index}`)!])
    columnSubjects[at] = measured.x === undefined ? inSet : Math.min(Number(get(`c${rewrite.same[index]}`) ?? 0), inSet)
    if (measured.x !== undefined) contributions[at] = contributionsOf(measured, get, rewrite.same[index]!)
  }
  const sets = rewrite.sets.map((_, set) => ({
    subjects: Number(get(`sn${set}`) ?? 0),
    fingerprint: hex64(get(`sf${set}`)),
    ...(rewrite.facts ? { people: hex64(get(`sp${set}`)) } : {}),
    asked: picks(set),
    ...(rewrite.natural.has(set) ? { natural: true as const } : {}),
    apart: rewrite.pairs
      .filter(([a, b]) => a === set || b === set)
      .map(([a, b]) => ({ other: a === set ? b : a, subjects: Number(get(`d${a + 1}_${b}`) ?? 0) })),
  }))
  return {
    values,
    rows: Number(get('n') ?? 0),
    subjects,
    columnSubjects,
    contributions,
    fingerprint: hex64(get('fp')),
    asked: picks(-1),
    ...(rewrite.facts ? { people: hex64(get('pp')) } : {}),
    sets,
    ...(rewrite.mixed.length ? { mixed: rewrite.mixed.map((_, i) => Number(get(`xn${i}`) ?? 0)) } : {}),
    rolledUp: [...keys].filter(([, k]) => gone.includes(k)).map(([c]) => c),
  }
}
