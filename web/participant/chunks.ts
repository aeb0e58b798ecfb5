/** Which records go into one request: in order, without a gap, within the size that the server takes. */
import { maxChunkRecords } from '../../domain/runs/records.ts'
import type { Chunk } from './api.ts'
import type { LocalRecord, LocalRun } from './device.ts'

type Waiting = ReadonlyMap<number, LocalRecord>

/** Waiting records from `first` without a gap, at most `most` of at most `bytes` bytes together, but at least one. */
export function consecutive(waiting: Waiting, first: number, most: number, bytes: number): LocalRecord[] {
  const out: LocalRecord[] = []
  for (let seq = first, size = 0; out.length < most; seq++) {
    const record = waiting.get(seq)
    if (!record || (out.length > 0 && size + record.jwe.length > bytes)) break
    size += record.jwe.length
    out.push(record)
  }
  return out
}

/** The body of the request that sends these records, of which there is at least one. */
export function chunkOf(run: LocalRun, records: readonly LocalRecord[]): Chunk {
  return {
    first: records[0]!.seq,
    produced: Math.max(run.made, records.at(-1)!.seq),
    position: run.position,
    records: records.map(({ op, part, jwe, object, end }) => ({ op, part, jwe, object, end })),
  }
}

/** What fits into `bytes` of request bodies, for a page that is going away. Records that need an object stay. */
export function partingChunks(run: LocalRun, waiting: Waiting, bytes: number): Chunk[] {
  const chunks: Chunk[] = []
  let first = Math.min(...waiting.keys())
  let left = bytes
  while (first !== Infinity && waiting.has(first)) {
    const records = consecutive(waiting, first, maxChunkRecords, left)
    while (records.length > 0 && (records.at(-1)!.object || JSON.stringify(chunkOf(run, records)).length > left))
      records.pop()
    const object = records.findIndex((record) => record.object)
    if (object >= 0) records.length = object
    if (records.length === 0) break
    const chunk = chunkOf(run, records)
    left -= JSON.stringify(chunk).length
    chunks.push(chunk)
    first += records.length
  }
  return chunks
}
