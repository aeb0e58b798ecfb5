/** What a column without a name is called. */
import { type Ast, list, object, text, texts } from './ast.ts'
import { literalOf } from './literals.ts'
import { Refused } from './refused.ts'

/**
 * The title of an expression, in the words of the query: `avg(age)`, `a + b`. Never empty. Throws `Refused` for a tree
 * that is no expression.
 */
export function titleOf(node: Ast): string {
  switch (node['class']) {
    case 'COLUMN_REF':
      return texts(node['column_names']).at(-1) ?? 'column'
    case 'FUNCTION':
      return titleOfCall(text(node['function_name']), list(node['children']).map(titleOf))
    case 'CONSTANT':
      return titleOfLiteral(node)
    case 'CAST':
      return titleOf(object(node['child']))
    default:
      return 'value'
  }
}

function titleOfCall(name: string, args: readonly string[]): string {
  if (name === 'count_star') return 'count'
  const isOperator = args.length === 2 && !/^[a-z]/i.test(name)
  return isOperator ? `${args[0]} ${name} ${args[1]}` : `${name}(${args.join(', ')})`
}

function titleOfLiteral(node: Ast): string {
  try {
    return String(literalOf(node).constant)
  } catch (error) {
    if (error instanceof Refused) return 'value'
    throw error
  }
}
