/**
 * The parsed statement as DuckDB's `json_serialize_sql` writes it. Every field is read defensively: what is not known
 * here is refused.
 */
import { notAllowed, Refused } from './refused.ts'

export type Ast = { readonly [key: string]: unknown }

const isObject = (v: unknown): v is Ast => typeof v === 'object' && v !== null && !Array.isArray(v)

export const object = (v: unknown): Ast => {
  if (!isObject(v)) throw notAllowed('This form of query is not understood here.')
  return v
}
export const list = (v: unknown): Ast[] => {
  if (v === undefined || v === null) return []
  if (!Array.isArray(v)) throw notAllowed('This form of query is not understood here.')
  return v.map(object)
}
export const text = (v: unknown): string => (typeof v === 'string' ? v : '')
export const texts = (v: unknown): string[] => (Array.isArray(v) ? v.map(text) : [])

/** Fields that say where something stood or how it was written, not what it is. */
const incidental = new Set(['query_location', 'alias', 'is_operator', 'export_state'])
/**
 * The same expression has the same key, wherever it stands and whatever it is called. Names are compared as SQL does,
 * without case.
 */
export const keyOf = (v: unknown): string =>
  JSON.stringify(v, (k, x: unknown) =>
    incidental.has(k) ? undefined : k === 'column_names' ? texts(x).map((n) => n.toLowerCase()) : x,
  )

/** Longest text and deepest nesting that are looked at. */
const maxText = 50_000
const maxDepth = 100

function depth(v: unknown): void {
  const todo: [unknown, number][] = [[v, 0]]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [x, d] = next
    if (d > 4 * maxDepth) throw notAllowed('The query is nested too deeply. Split it into several queries.')
    if (typeof x === 'object' && x !== null) for (const child of Object.values(x)) todo.push([child, d + 1])
  }
}

/** Refuses what should not even be parsed. */
export function checkText(sql: string): void {
  if (sql.length > maxText) throw notAllowed(`The query is longer than ${maxText} characters.`)
  if (sql.includes('\0')) throw notAllowed('The query has a NUL character.')
  let open = 0
  for (const c of sql) {
    if (c === '(' || c === '[' || c === '{') open++
    else if (c === ')' || c === ']' || c === '}') open--
    if (open > maxDepth) throw notAllowed('The query is nested too deeply. Split it into several queries.')
  }
}

/** The one SELECT of a statement; anything else is refused. `parsed` is the JSON of `json_serialize_sql`. */
export function theSelect(parsed: unknown, sql: string): Ast {
  const p = object(parsed)
  if (p['error'] === true) {
    const at = Number(p['position'])
    const line = Number.isInteger(at) && at >= 0 ? sql.slice(0, at).split('\n').length : undefined
    if (text(p['error_type']) === 'not implemented')
      throw notAllowed('Only one SELECT is possible: no other statement.')
    throw new Refused(
      'query-error',
      `The query is not valid SQL${line === undefined ? '' : ` (line ${line})`}.`,
      line === undefined ? [] : [`line ${line}`],
    )
  }
  const statements = list(p['statements'])
  if (statements.length !== 1) throw notAllowed('Send exactly one SELECT.')
  const named = statements[0]!['named_param_map']
  if (Array.isArray(named) && named.length > 0)
    throw notAllowed('Parameters have no value here. Write the values into the query.')
  depth(statements[0])
  return object(statements[0]!['node'])
}

/** A SELECT without anything that is not understood. */
export function plainSelect(node: Ast): Ast {
  if (node['type'] !== 'SELECT_NODE') {
    const what = text(node['type'])
    throw notAllowed(
      what === 'SET_OPERATION_NODE'
        ? 'UNION, INTERSECT and EXCEPT are not allowed: subjects cannot be tracked through them. Use joins on the subject, or several queries.'
        : what === 'RECURSIVE_CTE_NODE'
          ? 'Recursive queries are not allowed.'
          : 'Only SELECT is allowed.',
    )
  }
  for (const [field, message] of [
    ['qualify', 'QUALIFY is not allowed.'],
    ['sample', 'Sampling is not allowed: the same query must give the same answer.'],
  ] as const)
    if (node[field] !== undefined && node[field] !== null) throw notAllowed(message)
  return node
}
