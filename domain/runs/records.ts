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

/** What the hash of a record covers: op, part, ciphertext and the object it names. */
export const recordText = (r: SealedRecord): string =>
  [r.op, r.part, r.jwe, r.object?.sha256 ?? '', r.end ? `${r.end.last}:${r.end.hash}` : ''].join('|')

/** The hash of one record as sent. */
export const recordHash = (r: SealedRecord): Promise<string> => sha256Hex(recordText(r))

/** The hash an `end` record carries: over the hashes of all records before it, in order. */
export const runHash = (hashes: readonly string[]): Promise<string> => sha256Hex(hashes.join(''))

export type Range = [first: number, last: number]

/** Merges ranges and answers how far they reach from 1 without a gap, and what lies beyond. */
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
