/** Texts of texts: nothing is known of the values, and nothing of it is smooth. */
import { type Build, exactly, number, other, textOf, whole } from './arguments.ts'
import { type Expr, literal, type ValueType } from './expr.ts'
import { notAllowed } from './refused.ts'

const sqlOf = (args: readonly Expr[]): string => args.map((arg) => arg.sql).join(', ')

/**
 * A function of `least` to `most` texts, called `sql` in DuckDB, with a result of this type; throws `Refused` for
 * anything else.
 */
export const textual =
  (sql: string, least = 1, most = least, result: ValueType = 'text'): Build =>
  (args, name) => {
    exactly(args, name, least, most)
    if (args.some((arg) => arg.type !== 'text' && arg.type !== 'null')) throw notAllowed(`${name} takes texts.`, name)
    if (result === 'number') return number(`CAST(${sql}(${sqlOf(args)}) AS DOUBLE)`, args, { integer: true })
    return other(result, `${sql}(${sqlOf(args)})`, args)
  }

const mostWildcards = 5
const longestPattern = 200

/**
 * LIKE and its kin, with a pattern written into the query; throws `Refused` for another one, for what is no text, and
 * for many wildcards, which would take long on long texts.
 */
export const like =
  (operator: string): Build =>
  (args) => {
    exactly(args, 'LIKE', 2)
    const [text] = args as [Expr]
    if (text.type !== 'text') throw notAllowed('LIKE compares texts.', 'LIKE')
    const pattern = textOf(args[1]!, 'LIKE')
    if ((pattern.match(/%/g) ?? []).length > mostWildcards || pattern.length > longestPattern)
      throw notAllowed(`A LIKE pattern may have at most ${mostWildcards} % and ${longestPattern} characters.`, 'LIKE')
    return other('boolean', `(${text.sql} ${operator} ${literal(pattern)})`, args)
  }

const oneText = (args: readonly Expr[], name: string): Expr => {
  const [text] = args as [Expr]
  if (text.type !== 'text') throw notAllowed(`${name} takes a text.`, name)
  return text
}

/** `substring(text, from[, length])`, both numbers written into the query; throws `Refused` for anything else. */
export const substring: Build = (args, name) => {
  exactly(args, name, 2, 3)
  const text = oneText(args, name)
  const places = args.slice(1).map((arg) => whole(arg, name, -10_000, 10_000))
  return other('text', `substring(${[text.sql, ...places].join(', ')})`, [text])
}
/**
 * `left(text, length)` and `right(text, length)`, with the length written into the query; throws `Refused` for others.
 */
export const side =
  (which: 'left' | 'right'): Build =>
  (args, name) => {
    exactly(args, name, 2)
    const text = oneText(args, name)
    return other('text', `${which}(${text.sql}, ${whole(args[1]!, name, 0, 10_000)})`, [text])
  }
