/**
 * The parsed statement as DuckDB's `json_serialize_sql` writes it. Every field is read defensively: what is not known
 * here is refused.
 */
import { notAllowed, Refused } from './refused.ts'

export type Ast = { readonly [key: string]: unknown }

const isObject = (value: unknown): value is Ast => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a field is not there. */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null

/** The field as a node; throws `Refused` when it is none. */
export const object = (value: unknown): Ast => {
  if (!isObject(value)) throw notAllowed('This form of query is not understood here.')
  return value
}
/** The field as nodes, none when it is not there; throws `Refused` when it is something else. */
export const list = (value: unknown): Ast[] => {
  if (isAbsent(value)) return []
  if (!Array.isArray(value)) throw notAllowed('This form of query is not understood here.')
  return value.map(object)
}
/** The field as a text, empty when it is none. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
/** The field as texts, none when it is no list. */
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : [])

/** Fields that say where something stood or how it was written, not what it is. */
const incidental = new Set(['query_location', 'alias', 'is_operator', 'export_state'])
/**
 * The same expression has the same key, wherever it stands and whatever it is called. Names are compared as SQL does,
 * without case.
 */
export const keyOf = (node: unknown): string =>
  JSON.stringify(node, (field, value: unknown) => {
    if (incidental.has(field)) return undefined
    return field === 'column_names' ? texts(value).map((name) => name.toLowerCase()) : value
  })

/** Longest text and deepest nesting that are looked at. */
const maxText = 50_000
const maxDepth = 100

const tooDeep = (): Error => notAllowed('The query is nested too deeply. Split it into several queries.')

/** Refuses a parsed statement that is nested deeper than recursion should go; without recursion itself. */
function checkDepth(statement: unknown): void {
  const todo: [value: unknown, depth: number][] = [[statement, 0]]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const [value, depth] = next
    if (depth > 4 * maxDepth) throw tooDeep()
    if (typeof value === 'object' && value !== null)
      for (const child of Object.values(value)) todo.push([child, depth + 1])
  }
}

/** Throws `Refused` for a text that should not even be parsed: too long, or nested too deeply. */
export function checkText(sql: string): void {
  if (sql.length > maxText) throw notAllowed(`The query is longer than ${maxText} characters.`)
  if (sql.includes('\0')) throw notAllowed('The query has a NUL character.')
  let open = 0
  for (const character of sql) {
    if ('([{'.includes(character)) open++
    else if (')]}'.includes(character)) open--
    if (open > maxDepth) throw tooDeep()
  }
}

/** Why DuckDB could not parse it: the line alone, as its own words would quote the text. */
function syntaxError(answer: Ast, sql: string): Refused {
  if (text(answer['error_type']) === 'not implemented')
    return notAllowed('Only one SELECT is possible: no other statement.')
  const at = Number(answer['position'])
  if (!Number.isInteger(at) || at < 0) return new Refused('query-error', 'The query is not valid SQL.')
  const line = sql.slice(0, at).split('\n').length
  return new Refused('query-error', `The query is not valid SQL (line ${line}).`, [`line ${line}`])
}

/**
 * The one SELECT of a statement; throws `Refused` for anything else. `parsed` is the JSON of `json_serialize_sql`,
 * `sql` the text it was made of.
 */
export function theSelect(parsed: unknown, sql: string): Ast {
  const answer = object(parsed)
  if (answer['error'] === true) throw syntaxError(answer, sql)
  const statements = list(answer['statements'])
  if (statements.length !== 1) throw notAllowed('Send exactly one SELECT.')
  const named = statements[0]!['named_param_map']
  if (Array.isArray(named) && named.length > 0)
    throw notAllowed('Parameters have no value here. Write the values into the query.')
  checkDepth(statements[0])
  return object(statements[0]!['node'])
}

const notSelects: Readonly<Record<string, string>> = {
  SET_OPERATION_NODE:
    'UNION, INTERSECT and EXCEPT are not allowed: subjects cannot be tracked through them. Use joins on the subject, or several queries.',
  RECURSIVE_CTE_NODE: 'Recursive queries are not allowed.',
}

/** The node, if it is a SELECT without anything that is not understood; throws `Refused` otherwise. */
export function plainSelect(node: Ast): Ast {
  if (node['type'] !== 'SELECT_NODE') throw notAllowed(notSelects[text(node['type'])] ?? 'Only SELECT is allowed.')
  if (!isAbsent(node['qualify'])) throw notAllowed('QUALIFY is not allowed.')
  if (!isAbsent(node['sample'])) throw notAllowed('Sampling is not allowed: the same query must give the same answer.')
  return node
}
