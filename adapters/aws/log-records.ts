/** Records as they lie in streams and objects, each line with its place in front, and pages of them. */
import { decodeRecord, type LogRecord, type PlacedRecord, recordBytes } from '../../domain/pipelines/log.ts'
import type { LogPage, PageLimits } from '../../ports/logs.ts'

const bytes = new TextEncoder()

export const placed = (record: LogRecord, id: number): PlacedRecord => ({
  ...record,
  id,
  next: id + recordBytes(record),
})

/**
 * Records of lines `PLACE JSON`. A line without a place is the rest of the one before it: the driver splits what is too
 * long for it.
 */
export function readPlaced(lines: readonly string[]): PlacedRecord[] {
  const whole: string[] = []
  for (const line of lines)
    if (/^\d{1,16} \{/.test(line)) whole.push(line)
    else if (whole.length > 0) whole[whole.length - 1] += line
  return whole.flatMap((line) => {
    const space = line.indexOf(' ')
    const id = Number(line.slice(0, space))
    const json = line.slice(space + 1)
    const record = decodeRecord(json)
    return record ? [{ ...record, id, next: id + bytes.encode(json).length + 1 }] : []
  })
}

/** Places jump from one container to the next, so bytes are added up. */
const sizeOf = (records: readonly PlacedRecord[]): number => records.reduce((n, r) => n + r.next - r.id, 0)

/** As many as a page may hold, at least one. */
export function cut(records: readonly PlacedRecord[], limits: PageLimits): PlacedRecord[] {
  let size = 0
  const most = records.slice(0, limits.records)
  const over = most.findIndex((r, i) => (size += r.next - r.id) > limits.bytes && i > 0)
  return over < 0 ? most : most.slice(0, over)
}

/** Whether a page would hold all that it may. */
export const isFull = (found: readonly PlacedRecord[], limits: PageLimits): boolean =>
  found.length >= limits.records || sizeOf(found) >= limits.bytes

/** The page of the last records, as many as it may hold. */
export function lastOf(found: readonly PlacedRecord[], limits: PageLimits): LogPage {
  let kept = found.slice(-limits.records)
  let size = sizeOf(kept)
  let from = 0
  for (; from < kept.length - 1 && size > limits.bytes; from++) size -= kept[from]!.next - kept[from]!.id
  kept = kept.slice(from)
  return {
    records: kept,
    first: kept[0]?.id ?? 0,
    next: kept.at(-1)?.next ?? 0,
    ended: kept.at(-1)?.end !== undefined,
  }
}
