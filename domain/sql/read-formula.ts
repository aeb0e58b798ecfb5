/** Reads expressions over aggregates: what the gate may compute of released numbers. */
import { functionName, isAggregate, type Measure, measureOf } from './aggregates.ts'
import { type Ast, list, object, text } from './ast.ts'
import type { Formula } from './formula.ts'
import { notAllowed } from './refused.ts'
import { type Names, scalar } from './scalar.ts'

const castsToNumbers = new Set(['DOUBLE', 'FLOAT', 'DECIMAL'])

/**
 * Reads an expression over aggregates; `add` keeps each measure once and answers its index. Throws `Refused` for what
 * is not such an expression.
 */
export function formulaOf(node: Ast, names: Names, add: (measure: Measure) => number): Formula {
  const read = (child: Ast): Formula => formulaOf(child, names, add)
  if (isAggregate(node)) return { measure: add(measureOf(node, names)) }
  if (node['class'] === 'CAST') {
    if (!castsToNumbers.has(text(object(node['cast_type'])['id'])))
      throw notAllowed('Cast aggregates to DOUBLE only; round(x, 2) rounds.')
    return read(object(node['child']))
  }
  if (node['class'] === 'CONSTANT') {
    const { constant } = scalar(node, names)
    if (typeof constant === 'number') return { number: constant }
  }
  if (node['class'] === 'OPERATOR' && node['type'] === 'OPERATOR_TRY') return read(list(node['children'])[0]!)
  const formula =
    node['class'] === 'FUNCTION' ? ofFunction(functionName(node), list(node['children']), read) : undefined
  if (formula) return formula
  throw notAllowed(
    'Aggregates may be combined by +, -, *, / and round(...) with numbers. Columns outside an aggregate belong into GROUP BY.',
  )
}

/** The formula of a function or operator; undefined when it is none of those that are allowed. */
function ofFunction(name: string, parts: readonly Ast[], read: (child: Ast) => Formula): Formula | undefined {
  switch (name) {
    case '+':
    case '*':
    case '/':
      return parts.length === 2 ? { op: name, of: parts.map(read) } : undefined
    case '-':
      if (parts.length === 1) return { op: '-', of: [{ number: 0 }, read(parts[0]!)] }
      return parts.length === 2 ? { op: '-', of: parts.map(read) } : undefined
    case 'round':
      return parts.length === 1 || parts.length === 2 ? { op: 'round', of: parts.map(read) } : undefined
    case 'sqrt':
    case 'abs':
      return parts.length === 1 ? { op: name, of: parts.map(read) } : undefined
    // Where the second equals the first, a quotient by it has no value anyway.
    case 'nullif':
      return parts.length === 2 ? read(parts[0]!) : undefined
    default:
      return undefined
  }
}
