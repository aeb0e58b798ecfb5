/** Where a JSON pointer lies in a text. */
import type { syntaxTree } from '@codemirror/language'

type Tree = ReturnType<typeof syntaxTree>
interface Range {
  from: number
  to: number
}
const unescape = (s: string): string => s.replaceAll('~1', '/').replaceAll('~0', '~')

/**
 * The range of the member a pointer names (with or without a leading `/configuration`); of the nearest one that exists
 * when it is missing.
 */
export function rangeOf(tree: Tree, slice: (from: number, to: number) => string, pointer: string): Range {
  let node = tree.topNode.firstChild
  let range: Range = node ? { from: node.from, to: Math.min(node.to, node.from + 1) } : { from: 0, to: 0 }
  for (const step of pointer
    .replace(/^\/configuration(?=\/|$)/, '')
    .split('/')
    .slice(1)
    .map(unescape)) {
    if (node?.name === 'Object') {
      const property = node.getChildren('Property').find((candidate) => {
        const name = candidate.getChild('PropertyName')
        return name !== null && nameIs(slice(name.from, name.to), step)
      })
      if (!property) return range
      range = { from: property.from, to: property.to }
      node = property.lastChild
    } else if (node?.name === 'Array') {
      let item = node.firstChild?.nextSibling ?? null
      for (let i = Number(step); i > 0 && item;) {
        item = item.nextSibling
        if (item && item.name !== ',') i--
      }
      if (!item || item.name === ']') return range
      range = { from: item.from, to: item.to }
      node = item
    } else return range
  }
  return range
}

function nameIs(quoted: string, name: string): boolean {
  try {
    return JSON.parse(quoted) === name
  } catch {
    return false
  }
}
