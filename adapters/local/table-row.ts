/**
 * An item as the embedded store keeps it: its keys, the rest as JSON, and a hash over both that every read verifies.
 */
import { hash } from 'node:crypto'
import { type Item, ItemDamaged } from '../../ports/table.ts'
import { checkItem } from './item-rules.ts'
import { openWord, SealBroken, sealWord } from '../../runner/seal-words.ts'
import { keyFor, type Seal } from './seal.ts'

export interface Row {
  pk: string
  sk: string
  gpk: string | null
  gsk: string | null
  /** The other members, as JSON; in a home that is sealed, that JSON under its seal. */
  value: string
}
export interface HashedRow extends Row {
  hash: Uint8Array
  /** The JSON of a value that was sealed; undefined also when its seal is broken. */
  plain?: string
}

const hashBytes = 16

/** What is kept of an item. Throws as `checkItem` does. */
export function rowOf(item: Item): Row {
  checkItem(item)
  return rowOfKept(item)
}

/** The same of an item that another store has kept: it is not looked at again. */
export function rowOfKept(item: Item): Row {
  const { pk, sk, gpk, gsk, ...others } = item
  return {
    pk: pk.toWellFormed(),
    sk: sk.toWellFormed(),
    gpk: gpk?.toWellFormed() ?? null,
    gsk: gsk?.toWellFormed() ?? null,
    value: JSON.stringify(others),
  }
}

/** The hash of a row, over all that it holds. */
export const hashOf = ({ pk, sk, gpk, gsk, value }: Row): Buffer =>
  hash('sha256', `${JSON.stringify([pk, sk, gpk, gsk])}${value}`, 'buffer').subarray(0, hashBytes)

/** JSON of members begins with a brace. */
const sealedMark = '~'
const about = ({ pk, sk, gpk, gsk }: Row): string => JSON.stringify([pk, sk, gpk, gsk])
export const isSealedRow = ({ value }: Pick<Row, 'value'>): boolean => value.startsWith(sealedMark)

/** The key of a home's rows. */
export const rowKey = (seal: Seal): Buffer => keyFor(seal, 'row')

/** The same row with its value under the seal, which no other row's value can stand for. */
export const sealRow = (key: Uint8Array, row: Row): Row => ({
  ...row,
  value: `${sealedMark}${sealWord(key, row.value, about(row))}`,
})

/** A row that was read, with what its value says when it is sealed. */
export function openRow(key: Uint8Array | undefined, row: HashedRow): HashedRow {
  if (!key || !isSealedRow(row)) return row
  try {
    return { ...row, plain: openWord(key, row.value.slice(sealedMark.length), about(row)) }
  } catch (e) {
    if (e instanceof SealBroken) return row
    throw e
  }
}

/** Whether a row is as it was written. */
export const isWhole = (row: HashedRow): boolean => hashOf(row).equals(row.hash)

/** What kind of item a key is of: the word before its first `#`. */
export const kindOf = (pk: string): string => /^[A-Z]{1,20}(?=#)/.exec(pk)?.[0] ?? 'unknown'

/** The item of a row. Throws `ItemDamaged` when it is not as it was written. */
export function itemOf(row: HashedRow): Item {
  if (!isWhole(row)) throw new ItemDamaged(`${kindOf(row.pk)} item`)
  if (row.plain === undefined && isSealedRow(row)) throw new ItemDamaged(`${kindOf(row.pk)} item`)
  const item = JSON.parse(row.plain ?? row.value) as Item
  item.pk = row.pk
  item.sk = row.sk
  if (row.gpk !== null) item.gpk = row.gpk
  if (row.gsk !== null) item.gsk = row.gsk
  return item
}
