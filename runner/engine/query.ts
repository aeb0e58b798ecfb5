/** Computing a checked query: numbers and facts from DuckDB into a `QueryResult`. */
import type { Scalar } from '../../domain/jobs/outputs.ts'
import type { DisclosurePolicy } from '../../domain/disclosure/policy.ts'
import { literal } from '../../domain/sql/expr.ts'
import { type Plan, planOf } from '../../domain/sql/plan.ts'
import { Refused } from '../../domain/sql/refused.ts'
import type { Contributions, QueryColumn, QueryResult, QueryRow } from '../../domain/sql/result.ts'
import { parseSelection, selectionText } from '../../domain/sql/selection.ts'
import { countCohort, hex64, openCohort } from './cohort.ts'
import { type Duck, EngineFailure, openDuck } from './duckdb.ts'
import { columnsOf, keyOfColumn, number, rolledKeys, scalarOf } from './columns.ts'
import { computeNoise } from './noise.ts'
import { noisePlan } from '../../domain/sql/noise-plan.ts'
import type { Answers, Problem, Request } from './request.ts'
import { type Bound, isTotal, type Rewrite, rewriteRules, rewriteSelection } from './rewrite.ts'

const parserMb = 256

/** The statement's AST. Parsing runs nothing of it. */
async function parse(sql: string): Promise<unknown> {
  const duck = await openDuck({ files: [], memoryMb: parserMb, threads: 1 })
  try { return await parseWith(duck, sql) } finally { duck.close() }
}
async function parseWith(duck: Duck, sql: string): Promise<unknown> {
  if (sql.length > 50_000 || sql.includes('\0')) return { error: true, error_type: 'parser' }
  return JSON.parse((await duck.rows(`SELECT json_serialize_sql(${literal(sql)})`))[0]![0] as string) as unknown
}

export const refusal = (e: unknown): Problem => {
  if (e instanceof Refused) return { code: e.code, step: 'compute', message: e.message, ...(e.code === 'query-error' ? { errorClass: 'SyntaxError', ...lineOf(e.names) } : e.names.length ? { names: e.names } : {}) }
  if (e instanceof EngineFailure) return { code: e.kind, step: 'compute', ...(e.kind === 'query-error' ? { errorClass: e.errorClass } : {}) }
  return { code: 'query-error', step: 'compute' }
}
const lineOf = (names: readonly string[]): { line?: number } => { const n = Number(names[0]?.replace('line ', '')); return Number.isInteger(n) ? { line: n } : {} }

export async function validate({ sql, schema, mode }: Extract<Request, { kind: 'validate' }>): Promise<Answers['validate']> {
  try {
    const plan = planOf(await parse(sql), sql, schema)
    if (mode === 'noise') noisePlan(plan)
    return null
  } catch (e) {
    return { ...refusal(e), step: 'prepare' }
  }
}

function contributionsOf(b: Bound, get: (name: string) => unknown, i: number): Contributions {
  const allEqual = get(`e${i}`) === true
  if (!isTotal(b.measure)) return { largest: 0, second: 0, total: 0, allEqual }
  const top = (get(`t${i}`) as unknown[] | null) ?? []
  return { largest: number(top[0]) ?? 0, second: number(top[1]) ?? 0, total: number(get(`u${i}`)) ?? 0, allEqual }
}

type Named = Awaited<ReturnType<Duck['table']>>

/** Runs a query in `rules` or `noise`. Problems carry codes and sentences about the query's own text; nothing of the data. */
export async function query(request: Extract<Request, { kind: 'query' }>): Promise<Answers['query']> {
  const { data, cohort, sql, mode, policy, limits } = request
  let duck: Duck | undefined, timer: NodeJS.Timeout | undefined
  try {
    duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: limits.memoryMb })
    const open = duck
    timer = setTimeout(() => open.interrupt(), limits.seconds * 1000)
    const plan = planOf(await parseWith(duck, sql), sql, data.schema)
    const noisy = mode === 'noise' ? noisePlan(plan) : undefined
    await openCohort(duck, data, cohort, '', plan.from.tables)
    const counted = await countCohort(duck, data, cohort)
    const result = noisy ? await computeNoise(duck, plan, noisy, counted) : await computeRules(duck, request, plan, counted, policy)
    return { result }
  } catch (e) {
    return { problem: refusal(e) }
  } finally {
    clearTimeout(timer)
    duck?.close()
  }
}

async function computeRules(duck: Duck, { sql, cohort }: { sql: string; cohort: Parameters<typeof openCohort>[2] }, plan: Plan, counted: QueryResult['cohort'], policy: DisclosurePolicy): Promise<QueryResult> {
  const rewrite = rewriteRules(plan)
  const most = 4 * policy.rows
  const numbers = await duck.table(`${rewrite.numbers} LIMIT ${most + 1}`)
  const facts = rewrite.facts ? await duck.table(`${rewrite.facts} LIMIT ${most + 1}`) : undefined
  const truncated = numbers.rows.length > most
  const keyText = (n: Named, row: unknown[]): string => JSON.stringify(['gid', ...plan.keys.map((_, i) => `k${i}`)].map((c) => { const v = row[n.at.get(c)!]; return typeof v === 'bigint' ? String(v) : Object.is(v, -0) ? 0 : v }))
  const factOf = facts ? new Map(facts.rows.map((r) => [keyText(facts, r), r])) : undefined
  const { columns, columnOfMeasure } = columnsOf(plan, rewrite.bound)
  const keys = keyOfColumn(plan, columns)
  const rows: QueryRow[] = [], selections: string[] = []
  for (const row of truncated ? [] : numbers.rows) {
    const fact = factOf?.get(keyText(numbers, row))
    const get = (name: string): unknown => (facts?.at.has(name) ? fact?.[facts.at.get(name)!] : row[numbers.at.get(name)!])
    const gone = rolledKeys(Number(row[numbers.at.get('gid')!]), plan.keys.length)
    const keyValues = plan.keys.map((_, i) => scalarOf(row[numbers.at.get(`k${i}`)!]))
    rows.push(rowOf(rewrite, columns, columnOfMeasure, keys, get, row, numbers, gone, keyValues))
    selections.push(selectionText({ cohort, sql, keys: keyValues, rolledUp: gone }))
  }
  return {
    columns, rows, cohort: counted, selections, mode: 'rules', truncated,
    ...(plan.order.length ? { order: plan.order.map((o) => ({ column: o.output, descending: o.descending })) } : {}), ...(plan.limit === undefined ? {} : { limit: plan.limit }),
  }
}

function rowOf(rewrite: Rewrite, columns: readonly QueryColumn[], columnOfMeasure: ReadonlyMap<number, number>, keys: ReadonlyMap<number, number>, get: (name: string) => unknown, row: unknown[], numbers: Named, gone: readonly number[], keyValues: readonly Scalar[]): QueryRow {
  const subjects = Number(get('subjects') ?? 0)
  const values: Scalar[] = columns.map(() => null), columnSubjects = columns.map(() => subjects), contributions: (Contributions | null)[] = columns.map(() => null)
  for (const [c, k] of keys) values[c] = keyValues[k]!
  for (const [i, b] of rewrite.bound.entries()) {
    const at = columnOfMeasure.get(i)!
    const inSet = b.set === undefined ? subjects : Number(get(`sn${b.set}`) ?? 0)
    values[at] = b.measure.aggregate === 'count-subjects' ? inSet : number(row[numbers.at.get(`m${i}`)!])
    columnSubjects[at] = b.x === undefined ? inSet : Math.min(Number(get(`c${i}`) ?? 0), inSet)
    if (b.x !== undefined) contributions[at] = contributionsOf(b, get, i)
  }
  const sets = rewrite.sets.map((_, i) => ({
    subjects: Number(get(`sn${i}`) ?? 0), fingerprint: hex64(get(`sf${i}`)),
    apart: rewrite.pairs.filter(([a, b]) => a === i || b === i).map(([a, b]) => ({ other: a === i ? b : a, subjects: Number(get(`d${a + 1}_${b}`) ?? 0) })),
  }))
  return { values, rows: Number(get('n') ?? 0), subjects, columnSubjects, contributions, fingerprint: hex64(get('fp')), sets, rolledUp: [...keys].filter(([, k]) => gone.includes(k)).map(([c]) => c) }
}

/** Subjects in one of two selections and not in the other, or in both with other rows. Both texts are checked like any query. */
export async function difference({ data, a, b }: Extract<Request, { kind: 'difference' }>): Promise<number> {
  const duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: 2048 })
  try {
    const sides: { sql: string; rows: string }[] = []
    for (const [i, text] of [a, b].entries()) {
      const s = parseSelection(text)
      const prefix = `side${i}_`
      await openCohort(duck, data, s.cohort, prefix)
      if (s.sql === undefined) { sides.push({ sql: s.cohort.length === 0 ? `SELECT CAST(range AS INTEGER) AS s, 0 AS h FROM range(${data.subjects})` : `SELECT __subject AS s, 0 AS h FROM "${prefix}__cohort"`, rows: '' }); continue }
      const plan = planOf(await parseWith(duck, s.sql), s.sql, data.schema)
      // The same statement over this side's views.
      for (const t of plan.from.tables) await duck.run(`CREATE OR REPLACE TEMP VIEW "${t}" AS FROM "${prefix}${t}"`)
      const name = `picked${i}`
      await duck.run(`CREATE TEMP TABLE ${name} AS ${rewriteSelection(plan, s.set ?? -1, s.keys ?? [], s.rolledUp ?? [], literal)}`)
      sides.push({ sql: `SELECT s, h FROM ${name}`, rows: plan.from.row ? [...plan.from.tables].sort().join() : '' })
    }
    const same = sides[0]!.rows === sides[1]!.rows ? 'x.h = y.h' : 'TRUE'
    return Number((await duck.rows(`SELECT count(*) FROM (${sides[0]!.sql}) x FULL JOIN (${sides[1]!.sql}) y ON x.s = y.s WHERE x.s IS NULL OR y.s IS NULL OR NOT (${same})`))[0]![0])
  } finally { duck.close() }
}
