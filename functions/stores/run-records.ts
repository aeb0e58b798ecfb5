/** A run's sealed records as they are stored: chunks in the table, large bodies as objects. */
import type { SealedRecord } from '../../domain/runs/records.ts'
import { placed, reach } from '../../domain/runs/sequence.ts'
import { type Item, queryAll, type Table } from '../../ports/table.ts'
import { type ChunkItem, keyOf } from '../kernel/items.ts'

/** sealed: what the objects of a run begin with. */
export const objectsOf = (runId: string): string => `runs/${runId}/`
/** sealed: a body that is too large for the table. */
export const objectKey = (runId: string, sha256: string): string => `${objectsOf(runId)}${sha256}`

export const highestSeq = 9_999_999_999

/** Chunks whose first number lies between two, with these attributes, by first number. */
export const storedChunks = <K extends keyof ChunkItem>(
  deps: { table: Table },
  runId: string,
  from: number,
  to: number,
  attributes: K[],
): AsyncGenerator<Item<Pick<ChunkItem, K>>> =>
  queryAll<Pick<ChunkItem, K>>(deps.table, keyOf.chunk.partition(runId), {
    from: keyOf.chunk(runId, from).sk,
    to: keyOf.chunk(runId, to).sk,
    attributes,
  })

export interface Sequenced extends SealedRecord {
  seq: number
}

/** Stored records from `from` up, in order, until about `maxBytes` of ciphertext; `next` is where to go on. */
export async function readRecords(
  deps: { table: Table },
  runId: string,
  from: number,
  to: number,
  maxBytes: number,
): Promise<{ records: Sequenced[]; next?: number }> {
  const chunks: Item<Pick<ChunkItem, 'first' | 'last' | 'order' | 'records'>>[] = []
  let bytes = 0
  let settled = Infinity
  for await (const chunk of storedChunks(deps, runId, reach(from), Math.min(to, highestSeq), [
    'first',
    'last',
    'order',
    'records',
  ])) {
    // Chunks come by first number: all that could hold a number below this one's first have been read.
    if (bytes > maxBytes && chunk.first > from) {
      settled = chunk.first
      break
    }
    chunks.push(chunk)
    for (const [index, record] of chunk.records.entries()) if (chunk.first + index >= from) bytes += record.jwe.length
  }
  const records = [...placed(chunks)]
    .filter(([seq]) => seq >= from && seq < settled && seq <= to)
    .sort(([a], [b]) => a - b)
    .map(([seq, c]): Sequenced => ({ seq, ...(c.records[seq - c.first] as SealedRecord) }))
  return { records, ...(settled <= to && settled !== Infinity ? { next: settled } : {}) }
}
