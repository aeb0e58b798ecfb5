/**
 * Synthetic codes to values: categories by name, numbers uniform inside their bin, whole numbers and dates stay whole.
 */
import type { Column, Domain } from './column-domain.ts'
import { dateOf, edgesOf, isListed, missingCode, otherCode } from './column-domain.ts'
import type { Table } from './encode.ts'
import type { Stream } from './stream.ts'

/** A value as a file shows it: text, a number, or null for missing. */
export type Value = string | number | null

/**
 * Codes of one column to values. Every call draws afresh inside bins: numbers uniformly, whole numbers and days (ISO
 * dates) among those of the bin.
 */
export function columnDecoder(column: Column, stream: Stream): (code: number) => Value {
  const missing = missingCode(column)
  const other = otherCode(column)
  if (isListed(column)) {
    const otherName = column.categories.includes('other') ? '(other)' : 'other'
    return (code) => {
      if (code === missing) return null
      return code === other ? otherName : column.categories[code]!
    }
  }
  const edges = edgesOf(column)
  if (column.kind === 'date')
    return (code) => (code === missing ? null : dateOf(edges[code]! + stream.below(edges[code + 1]! - edges[code]!)))
  if (column.integer)
    return (code) => (code === missing ? null : edges[code]! + stream.below(edges[code + 1]! - edges[code]!))
  return (code) => (code === missing ? null : edges[code]! + stream.unit() * (edges[code + 1]! - edges[code]!))
}

/** Rows of values in the order of the domain's columns, one at a time. */
export function* decodeRows(table: Table, domain: Domain, stream: Stream): Generator<Value[]> {
  const decode = domain.columns.map((c) => columnDecoder(c, stream))
  for (let row = 0; row < table.rows; row++) yield table.columns.map((codes, i) => decode[i]!(codes[row]!))
}
