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
 * A record whose bytes are its object: a file keeps its description and gets its bytes, and a record that was too large
 * for a chunk gets the value that its object holds. Throws a SealError when the object does not open here, and a
 * SyntaxError or a TypeError when it opens and does not hold JSON in UTF-8.
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
 * Opens one record; `sealed` are the bytes of the object of a record that has one. Throws a SealError, and for an
 * object that opens and does not hold JSON in UTF-8 a SyntaxError or a TypeError.
 */
export async function openWhole(key: RunKey, jwe: string, place: Place, sealed?: Uint8Array): Promise<OpenedRecord> {
  const value = await openRecord(key, jwe, place)
  return sealed ? withObject(key, place, value, sealed) : { seq: place.seq, op: place.op, part: place.part, value }
}

const holdsRows = (op: Op): boolean => op === 'append' || op === 'replace'

/** Records that still count, by seq: without those of a part that a later `replace` of that part took the place of. */
export function withoutReplaced(records: readonly OpenedRecord[]): OpenedRecord[] {
  const ordered = [...records].sort((a, b) => a.seq - b.seq)
  const replaced = new Map<string, number>()
  for (const record of ordered) if (record.op === 'replace') replaced.set(record.part, record.seq)
  return ordered.filter((r) => !holdsRows(r.op) || r.seq >= (replaced.get(r.part) ?? 0))
}

/**
 * Trials of a run, by seq: a recorded object is one row, a list is a row for each of its members, and anything else is
 * a row with one column `value`. Records that were replaced, files and session records give no rows.
 */
export function trialsOf(
  run: { runId: string; condition: string; version: number },
  records: readonly OpenedRecord[],
): Trial[] {
  return withoutReplaced(records)
    .filter((r) => holdsRows(r.op) && r.value !== undefined)
    .flatMap((record) =>
      (Array.isArray(record.value) ? record.value : [record.value]).map((value): Trial => ({
        runId: run.runId,
        condition: run.condition,
        version: run.version,
        part: record.part,
        seq: record.seq,
        data: asData(value),
      })),
    )
}
