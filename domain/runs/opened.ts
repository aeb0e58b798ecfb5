/**
 * What a run's records are once they are decrypted: from opened records to trials. The same for the reader's browser
 * and for a dataset made from a study.
 */
import type { Op } from './records.ts'
import { isAttached, openBytes, openRecord, type Place, type RunKey } from './sealing.ts'

/**
 * One opened record. `value` is what the study recorded; for a file it is its description, and `bytes` are its content.
 */
export interface OpenedRecord {
  seq: number
  op: Op
  part: string
  value: unknown
  bytes?: Uint8Array<ArrayBuffer>
}

/** One recorded row. `data` is a map, because a study may name a column anything. */
export interface Trial {
  runId: string
  condition: string
  version: number
  part: string
  seq: number
  data: ReadonlyMap<string, unknown>
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)
const asData = (v: unknown): ReadonlyMap<string, unknown> => new Map(isObject(v) ? Object.entries(v) : [['value', v]])

/**
 * A file keeps its description and gets its bytes; a record that was too large for a chunk gets the value that its
 * object holds. Throws a SealError.
 */
export async function withObject(
  key: RunKey,
  { runId, seq, op, part }: Place,
  body: unknown,
  sealed: Uint8Array,
): Promise<OpenedRecord> {
  const bytes = await openBytes(key, sealed, { runId, seq })
  const said = isAttached(body) ? body.attached : undefined
  if (op === 'file' || said?.json === false) return { seq, op, part, value: said ?? body, bytes }
  return { seq, op, part, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown }
}

/**
 * Opens one record; `sealed` are the bytes of the object of a record that has one. Throws a SealError, or a SyntaxError
 * for an object that is not JSON.
 */
export async function openWhole(key: RunKey, jwe: string, place: Place, sealed?: Uint8Array): Promise<OpenedRecord> {
  const value = await openRecord(key, jwe, place)
  return sealed ? withObject(key, place, value, sealed) : { seq: place.seq, op: place.op, part: place.part, value }
}

/** Records that still count: by seq, without those of a part that a later `replace` of that part supersedes. */
export function standing(records: readonly OpenedRecord[]): OpenedRecord[] {
  const ordered = [...records].sort((a, b) => a.seq - b.seq)
  const replaced = new Map<string, number>()
  for (const r of ordered) if (r.op === 'replace') replaced.set(r.part, r.seq)
  return ordered.filter((r) => (r.op !== 'append' && r.op !== 'replace') || r.seq >= (replaced.get(r.part) ?? 0))
}

/**
 * Trials of a run: an object is one row, a list is a row for each of its members, anything else is a row with one
 * column `value`.
 */
export function trialsOf(
  run: { runId: string; condition: string; version: number },
  records: readonly OpenedRecord[],
): Trial[] {
  return standing(records)
    .filter((r) => (r.op === 'append' || r.op === 'replace') && r.value !== undefined)
    .flatMap((r) =>
      (Array.isArray(r.value) ? r.value : [r.value]).map((v): Trial => ({
        runId: run.runId,
        condition: run.condition,
        version: run.version,
        part: r.part,
        seq: r.seq,
        data: asData(v),
      })),
    )
}
