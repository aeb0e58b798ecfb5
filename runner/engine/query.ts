/** Computing a checked query: numbers and facts from DuckDB into a `QueryResult`. */
import { createHash } from 'node:crypto'
import { canonical } from '../../domain/hash.ts'
import type { Scalar } from '../../domain/release/outputs.ts'
import type { DisclosurePolicy } from '../../domain/release/policy.ts'
import { literal } from '../../domain/sql/expr.ts'
import { type Plan, planOf } from '../../domain/sql/plan.ts'
import { Refused } from '../../domain/sql/refused.ts'
import type { Contributions, QueryColumn, QueryResult, QueryRow } from '../../domain/sql/result.ts'
import { parseSelection, type Selection, selectionText } from '../../domain/sql/selection.ts'
import { countCohort, hex64, openCohort } from './cohort.ts'
import { type Duck, EngineFailure, openDuck } from './duckdb.ts'
import { columnsOf, keyOfColumn, number, rolledKeys, scalarOf } from './columns.ts'
import { computeNoise } from './noise.ts'
import { measuredBy, noisePlan } from '../../domain/sql/noise-plan.ts'
import type { Answers, Problem, Request } from './request.ts'
import { type Bound, isTotal } from './bound-measures.ts'
import { type Rewrite, rewriteRules } from './rewrite.ts'
import { pickedBy, rewriteSelection } from './selection-sql.ts'

const parserMb = 256

/** The statement's AST. Parsing runs nothing of it. */
async function parse(sql: string): Promise<unknown> {
  const duck = await openDuck({ files: [], memoryMb: parserMb, threads: 1 })
  try {
    return await parseWith(duck, sql)
  } finally {
    duck.close()
  }
}
async function parseWith(duck: Duck, sql: string): Promise<unknown> {
  if (sql.length > 50_000 || sql.includes('\0')) return { error: true, error_type: 'parser' }
  return JSON.parse((await duck.rows(`SELECT json_serialize_sql(${literal(sql)})`))[0]![0] as string) as unknown
}

export const refusal = (error: unknown): Problem => {
  if (error instanceof Refused)
    return {
      code: error.code,
      step: 'compute',
      message: error.message,
      ...namesOf(error),
    }
  if (error instanceof EngineFailure)
    return {
      code: error.kind,
      step: 'compute',
      ...(error.kind === 'query-error' ? { errorClass: error.errorClass } : {}),
    }
  return { code: 'query-error', step: 'compute' }
}
function namesOf({ code, names }: Refused): Pick<Problem, 'errorClass' | 'line' | 'names'> {
  if (code === 'query-error') return { errorClass: 'SyntaxError', ...lineOf(names) }
  return names.length ? { names } : {}
}
const lineOf = (names: readonly string[]): { line?: number } => {
  const line = Number(names[0]?.replace('line ', ''))
  return Number.isInteger(line) ? { line } : {}
}

export async function validate({
  sql,
  schema,
  mode,
}: Extract<Request, { kind: 'validate' }>): Promise<Answers['validate']> {
  try {
    const plan = planOf(await parse(sql), sql, schema)
    return mode === 'noise' ? { measured: measuredBy(plan, noisePlan(plan)) } : {}
  } catch (e) {
    return { problem: { ...refusal(e), step: 'prepare' } }
  }
}

function contributionsOf(measured: Bound, get: (name: string) => unknown, index: number): Contributions {
  const allEqual = get(`e${index}`) === true
  if (!isTotal(measured.measure)) return { largest: 0, second: 0, total: 0, allEqual }
  const top = (get(`t${index}`) as unknown[] | null) ?? []
  return { largest: number(top[0]) ?? 0, second: number(top[1]) ?? 0, total: number(get(`u${index}`)) ?? 0, allEqual }
}

type Named = Awaited<ReturnType<Duck['table']>>

/**
 * Runs a query in `rules` or `noise`. Problems carry codes and sentences about the query's own text; nothing of the
 * data.
 */
export async function query(request: Extract<Request, { kind: 'query' }>): Promise<Answers['query']> {
  const { data, cohort, sql, mode, policy, limits } = request
  let duck: Duck | undefined
  let timer: NodeJS.Timeout | undefined
  try {
    duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: limits.memoryMb })
    const open = duck
    timer = setTimeout(() => open.interrupt(), limits.seconds * 1000)
    const plan = planOf(await parseWith(duck, sql), sql, data.schema)
    const noisy = mode === 'noise' ? noisePlan(plan) : undefined
    await openCohort(duck, data, cohort, '', plan.from.tables)
    const counted = await countCohort(duck, data, cohort)
    const result = noisy
      ? await computeNoise(duck, plan, noisy, counted)
      : await computeRules(duck, request, plan, counted, policy)
    return { result }
  } catch (e) {
    return { problem: refusal(e) }
  } finally {
    clearTimeout(timer)
    duck?.close()
  }
}

/** A cell of a key as JSON can carry it, the same from both statements. */
function comparable(cell: unknown): unknown {
  if (typeof cell === 'bigint') return String(cell)
  return Object.is(cell, -0) ? 0 : cell
}

async function computeRules(
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

/**
 * One of the sets of `difference` as a table of its own: subject `s`, rows `n`, and a hash `h<i>` of the subject's rows
 * of each table in it.
 */
async function pickedTable(
  duck: Duck,
  data: Extract<Request, { kind: 'difference' }>['data'],
  selection: Selection,
  name: string,
): Promise<(string | undefined)[]> {
  const prefix = `${name}_`
  if (selection.digests) {
    await duck.run(
      `CREATE TEMP TABLE ${name} AS SELECT CAST(range AS INTEGER) AS s, 1 AS n FROM range(${data.subjects}) WHERE hash(CAST(range AS INTEGER)) IN (NULL${selection.digests.map((d) => `, CAST('${BigInt(`0x${d}`)}' AS UBIGINT)`).join('')})`,
    )
    return []
  }
  await openCohort(duck, data, selection.cohort, prefix)
  if (selection.sql === undefined) {
    await duck.run(
      `CREATE TEMP TABLE ${name} AS ${selection.cohort.length === 0 ? `SELECT CAST(range AS INTEGER) AS s, 1 AS n FROM range(${data.subjects})` : `SELECT __subject AS s, 1 AS n FROM "${prefix}__cohort"`}`,
    )
    return []
  }
  const plan = planOf(await parseWith(duck, selection.sql), selection.sql, data.schema)
  // The same statement over this side's views.
  for (const table of plan.from.tables)
    await duck.run(`CREATE OR REPLACE TEMP VIEW "${table}" AS FROM "${prefix}${table}"`)
  const { sql, tables } = rewriteSelection(
    plan,
    selection.set ?? -1,
    selection.keys ?? [],
    selection.rolledUp ?? [],
    literal,
  )
  await duck.run(`CREATE TEMP TABLE ${name} AS ${sql}`)
  return tables
}

/**
 * Subjects in one of two selections and not in the other, or in both with other rows. Both texts are checked like any
 * query.
 *
 * Rows of one table are compared wherever it stands in either FROM; and where a subject's rows are the same on both
 * sides, whoever has another number of joined rows than all others of the same number is apart as well (a pair can be
 * left out of a join whose two sides are whole). The smallest number that is not 0 counts.
 */
export async function difference({
  data,
  a: oneText,
  b: otherText,
}: Extract<Request, { kind: 'difference' }>): Promise<number> {
  const duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: 2048 })
  try {
    const [tablesOfOne, tablesOfOther] = [
      await pickedTable(duck, data, parseSelection(oneText), 'x'),
      await pickedTable(duck, data, parseSelection(otherText), 'y'),
    ]
    const shared = tablesOfOne.flatMap((t, i) =>
      tablesOfOther.flatMap((u, j) => (t !== undefined && t === u ? [`x.h${i} = y.h${j}`] : [])),
    )
    const joined = 'FROM x FULL JOIN y ON x.s = y.s'
    const alone = 'x.s IS NULL OR y.s IS NULL'
    const counts = (
      await duck.rows(
        `SELECT ${[`count(*) FILTER (WHERE ${alone})`, ...shared.map((same) => `count(*) FILTER (WHERE ${alone} OR NOT (${same}))`)].join(', ')} ${joined}`,
      )
    )[0]!.map(Number)
    const odd = (by: string, same: string): string =>
      `SELECT coalesce(sum(m) - sum(most), 0) FROM (SELECT sum(c) AS m, max(c) AS most FROM (SELECT x.n AS nx, y.n AS ny, count(*) AS c ${joined} WHERE NOT (${alone}) AND ${same} GROUP BY ALL) GROUP BY ${by})`
    for (const same of shared)
      for (const by of ['nx', 'ny']) counts.push(Number((await duck.rows(odd(by, same)))[0]![0]))
    const apart = counts.filter((n) => n > 0)
    return apart.length === 0 ? 0 : Math.min(...apart)
  } finally {
    duck.close()
  }
}
