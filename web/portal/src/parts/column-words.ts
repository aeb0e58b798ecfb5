import type { Column } from '../../../../domain/datasets/schema.ts'

/** Bounds or categories of a column, as text. */
export function allowed(column: Pick<Column, 'categories' | 'minimum' | 'maximum' | 'type'>): string {
  if (column.categories?.length)
    return column.categories.length > 12
      ? `${column.categories.slice(0, 12).join(', ')} and ${column.categories.length - 12} more`
      : column.categories.join(', ')
  if (column.minimum !== undefined && column.maximum !== undefined) return `${column.minimum} to ${column.maximum}`
  if (column.minimum !== undefined) return `at least ${column.minimum}`
  if (column.maximum !== undefined) return `at most ${column.maximum}`
  return ''
}
