import type { Column } from '../../../../domain/datasets/schema.ts'

/** Bounds or categories of a column, as text. */
export function allowed(c: Pick<Column, 'categories' | 'minimum' | 'maximum' | 'type'>): string {
  if (c.categories?.length)
    return c.categories.length > 12
      ? `${c.categories.slice(0, 12).join(', ')} and ${c.categories.length - 12} more`
      : c.categories.join(', ')
  if (c.minimum !== undefined && c.maximum !== undefined) return `${c.minimum} to ${c.maximum}`
  if (c.minimum !== undefined) return `at least ${c.minimum}`
  if (c.maximum !== undefined) return `at most ${c.maximum}`
  return ''
}
