/** Records and chunks: the units of collection, and what the server may know of them. */
import { sha256Hex } from '../hash.ts'

export const ops = ['append', 'replace', 'session', 'file', 'end', 'abort'] as const
export type Op = (typeof ops)[number]
export const maxChunkRecords = 25
export const maxChunkBytes = 200_000

export interface SealedRecord {
  op: Op
  part: string
  jwe: string
  object?: { sha256: string; size: number } | undefined
  end?: { last: number; hash: string } | undefined
}

/** What the hash of a record covers: op, part, ciphertext, the hash of the object it names and what an `end` says. */
export const recordText = (r: SealedRecord): string =>
  [r.op, r.part, r.jwe, r.object?.sha256 ?? '', r.end ? `${r.end.last}:${r.end.hash}` : ''].join('|')

/** The SHA-256 of one record as sent, as 64 hexadecimal digits. */
export const recordHash = (r: SealedRecord): Promise<string> => sha256Hex(recordText(r))

/**
 * The hash that an `end` record carries: SHA-256 over the hashes (64 hexadecimal digits each) of all records before it,
 * in order.
 */
export const runHash = (hashes: readonly string[]): Promise<string> => sha256Hex(hashes.join(''))

export type Range = [first: number, last: number]

/**
 * What ranges of sequence numbers (both ends included, in any order, overlapping or not) cover together: `through` is
 * the last number that is reached from 1 without a gap, 0 when 1 is missing; `ranges` are the merged ranges beyond it;
 * `count` is how many numbers are covered and `highest` the last of them. `ranges` that are given are not changed.
 */
export function coverage(ranges: readonly Range[]): {
  through: number
  ranges: Range[]
  count: number
  highest: number
} {
  const merged: Range[] = []
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const top = merged.at(-1)
    if (top && first <= top[1] + 1) top[1] = Math.max(top[1], last)
    else merged.push([first, last])
  }
  const through = merged[0]?.[0] === 1 ? merged[0][1] : 0
  return {
    through,
    ranges: merged.filter((r) => r[0] > through + 1 || through === 0),
    count: merged.reduce((n, [a, b]) => n + b - a + 1, 0),
    highest: merged.at(-1)?.[1] ?? 0,
  }
}
