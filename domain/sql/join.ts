/** JOIN and LEFT JOIN: on the subject, and on whatever else it likes besides. */
import { type Ast, list, object, text, texts } from './ast.ts'
import type { Expr } from './expr.ts'
import { namesOf, type Reach } from './reach.ts'
import { notAllowed } from './refused.ts'
import type { Relation } from './relation.ts'
import { type Names, raw, scalar } from './scalar.ts'

export type JoinKind = 'INNER' | 'LEFT'

/** Which join it is; throws `Refused` for all but JOIN and LEFT JOIN. */
export function joinKindOf(node: Ast): JoinKind {
  const kind = text(node['join_type'])
  const form = text(node['ref_type'])
  if (form !== 'REGULAR' || (kind !== 'INNER' && kind !== 'LEFT'))
    throw notAllowed(
      'Join tables by JOIN or LEFT JOIN ... ON their subject columns (or USING).',
      form === 'CROSS' ? 'CROSS JOIN' : kind,
    )
  return kind
}

/** What a join is on. */
interface On {
  /** SQL of its conditions. */
  conditions: string[]
  /** One of them is that it is the same subject. */
  subjects: boolean
  /** All others pick the same rows of everybody. */
  uniform: boolean
  /** Columns that USING makes one, in lower case. */
  merged: string[]
}

/** The two sides joined; throws `Refused` when they are not joined on the subject. */
export function joined(node: Ast, kind: JoinKind, left: Relation, right: Relation, reach: Reach): Relation {
  const aliases = new Set(left.sources.map((source) => source.alias))
  const twice = right.sources.find((source) => aliases.has(source.alias))
  if (twice) throw notAllowed('Two tables in FROM have the same name: give one another by AS.', twice.alias)
  const both: Relation = {
    sql: '',
    sources: [...left.sources, ...right.sources],
    merged: new Set([...left.merged, ...right.merged]),
    subject: left.subject,
    unique: left.unique && right.unique,
    rows: [...left.rows, ...right.rows],
    uniform: left.uniform && right.uniform,
    tables: new Set([...left.tables, ...right.tables]),
  }
  const using = texts(node['using_columns'])
  const on =
    using.length > 0
      ? onColumns(using, namesOf(left, reach), namesOf(right, reach))
      : onCondition(object(node['condition']), left, right, namesOf(both, reach))
  if (!on.subjects)
    throw notAllowed('Join tables on their subject columns: ON a.subject = b.subject. Other joins mix people.')
  const uniform = both.uniform && on.uniform
  const inBrackets = right.sources.length > 1 ? `(${right.sql})` : right.sql
  return {
    ...both,
    sql: `${left.sql} ${kind} JOIN ${inBrackets} ON ${on.conditions.join(' AND ')}`,
    sources: kind === 'LEFT' ? [...left.sources, ...optional(right, uniform)] : both.sources,
    merged: new Set([...both.merged, ...on.merged]),
    uniform,
  }
}

/** What a LEFT JOIN finds for some people and not for others is as good as a CASE. */
const optional = (right: Relation, uniform: boolean): Relation['sources'] =>
  right.sources.map((source) => ({
    ...source,
    columns: source.columns.map(({ name, expr }) => ({
      name,
      expr: { ...expr, smooth: expr.smooth && right.uniform && uniform, known: false },
    })),
  }))

/** USING (...). */
function onColumns(using: readonly string[], left: Names, right: Names): On {
  const on: On = { conditions: [], subjects: false, uniform: true, merged: [] }
  for (const name of using) {
    const own = left.column([name])
    const other = right.column([name])
    if (own.type !== other.type || own.subject !== other.subject)
      throw notAllowed('USING joins columns of the same kind.', name)
    if (own.subject) on.subjects = true
    on.conditions.push(`${own.sql} = ${other.sql}`)
    on.merged.push(name.toLowerCase())
  }
  return on
}

/** ON ... */
function onCondition(condition: Ast, left: Relation, right: Relation, names: Names): On {
  const on: On = { conditions: [], subjects: false, uniform: true, merged: [] }
  for (const part of conjuncts(condition)) {
    const sameSubject = sameSubjectOf(part, left, right, names)
    if (sameSubject !== undefined) {
      on.conditions.push(sameSubject)
      on.subjects = true
      continue
    }
    const expr = scalar(part, names)
    if (expr.type !== 'boolean') throw notAllowed('ON takes conditions.')
    if (!expr.uniform) on.uniform = false
    on.conditions.push(expr.sql)
  }
  return on
}

const conjuncts = (node: Ast): Ast[] =>
  node['class'] === 'CONJUNCTION' && node['type'] === 'CONJUNCTION_AND'
    ? list(node['children']).flatMap(conjuncts)
    : [node]

/** The condition that a row of each side is of one subject, as SQL; undefined when it is another condition. */
function sameSubjectOf(condition: Ast, left: Relation, right: Relation, names: Names): string | undefined {
  if (condition['class'] !== 'COMPARISON' || condition['type'] !== 'COMPARE_EQUAL') return undefined
  const first = raw(object(condition['left']), names)
  const second = raw(object(condition['right']), names)
  if (!first.subject || !second.subject) return undefined
  const isOfBoth = (owns(left, first) && owns(right, second)) || (owns(left, second) && owns(right, first))
  if (!isOfBoth) throw notAllowed('Join each table on its own subject column: ON a.subject = b.subject.')
  return `${first.sql} = ${second.sql}`
}
const owns = (side: Relation, subject: Expr): boolean =>
  side.sources.some((source) => source.columns.some(({ expr }) => expr.subject && expr.sql === subject.sql))
