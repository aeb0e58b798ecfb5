/** Items of a SELECT that another clause names by their place or their alias. */
import { type Ast, keyOf, object, text, texts } from './ast.ts'
import { notAllowed } from './refused.ts'

/**
 * `GROUP BY 2`: the item at that place (from 1), any other expression as it is. Throws `Refused` when there is none.
 */
export function byPosition(group: Ast, items: readonly Ast[]): Ast {
  if (group['class'] !== 'CONSTANT') return group
  const item = items[Number(object(group['value'])['value']) - 1]
  if (!item) throw notAllowed('GROUP BY names a position that the list of columns does not have.')
  return item
}

/**
 * The index of the item that a plain name in GROUP BY or ORDER BY refers to by its alias, or that is the same; or -1.
 */
export function byAlias(node: Ast, items: readonly Ast[]): number {
  const names = texts(node['column_names'])
  const name = node['class'] === 'COLUMN_REF' && names.length === 1 ? names[0]!.toLowerCase() : ''
  const called = items.findIndex((item) => name !== '' && text(item['alias']).toLowerCase() === name)
  return called >= 0 ? called : items.findIndex((item) => keyOf(item) === keyOf(node))
}
