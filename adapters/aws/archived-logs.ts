/**
 * The log of a run that is over: copied into objects of a few megabytes, which stay, and an index that says from where
 * to where each of them goes. The index is written last: with it the log is whole.
 */
import { encodeRecord, type PlacedRecord } from '../../domain/pipelines/log.ts'
import { logObjectOf, type LogPage, type PageLimits } from '../../ports/logs.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { readJson } from './log-objects.ts'
import { cut, isFull, lastOf, readPlaced } from './log-records.ts'

export interface LogIndex {
  parts: { from: number; to: number }[]
  ended: boolean
}
export interface ArchivedLogs {
  /** Undefined for a run whose log was not archived. */
  indexOf(runId: string): Promise<LogIndex | undefined>
  /** A page from a place on. */
  read(runId: string, index: LogIndex, from: number, limits: PageLimits): Promise<LogPage>
  /** The last page, or the last one before a place. */
  tail(runId: string, index: LogIndex, before: number | undefined, limits: PageLimits): Promise<LogPage>
  /** Copies what `read` answers, from the beginning until it ends or nothing more is there. */
  write(runId: string, read: (from: number) => Promise<LogPage>): Promise<void>
}

const partBytes = 4 * 1024 * 1024
const text = new TextDecoder()
const bytes = new TextEncoder()

export function archivedLogs(objects: Pick<ObjectStore, 'get' | 'put'>): ArchivedLogs {
  const archived = new Map<string, LogIndex>()

  const indexOf = async (runId: string): Promise<LogIndex | undefined> => {
    const known = archived.get(runId) ?? (await readJson<LogIndex>(objects, logObjectOf.index(runId)))
    if (known) {
      archived.set(runId, known)
      if (archived.size > 100) archived.delete(archived.keys().next().value!)
    }
    return known
  }
  const part = async (runId: string, from: number): Promise<PlacedRecord[]> =>
    readPlaced(
      text
        .decode(await objects.get('released', logObjectOf.part(runId, from)))
        .split('\n')
        .filter((l) => l !== ''),
    )

  async function readArchive(runId: string, index: LogIndex, from: number, limits: PageLimits): Promise<LogPage> {
    const place = index.parts.find((x) => x.to > from)
    const end = index.parts.at(-1)?.to ?? 0
    if (!place) return { records: [], first: end, next: end, ended: true }
    const records = cut(
      (await part(runId, place.from)).filter((r) => r.id >= from),
      limits,
    )
    // A place within the last record of a part.
    if (records.length === 0)
      return readArchive(runId, { ...index, parts: index.parts.filter((x) => x.from >= place.to) }, place.to, limits)
    return { records, first: records[0]!.id, next: records.at(-1)!.next, ended: records.at(-1)!.next >= end }
  }

  async function tailArchive(
    runId: string,
    index: LogIndex,
    before: number | undefined,
    limits: PageLimits,
  ): Promise<LogPage> {
    let found: PlacedRecord[] = []
    for (const place of index.parts.filter((x) => before === undefined || x.from < before).reverse()) {
      found = [...(await part(runId, place.from)).filter((r) => before === undefined || r.id < before), ...found]
      if (isFull(found, limits)) break
    }
    return lastOf(found, limits)
  }

  async function write(runId: string, read: (from: number) => Promise<LogPage>): Promise<void> {
    const index: LogIndex = { parts: [], ended: false }
    let waiting = ''
    let from = 0
    let to = 0
    const writePart = async (): Promise<void> => {
      if (waiting === '') return
      await objects.put('released', logObjectOf.part(runId, from), bytes.encode(waiting), 'application/x-ndjson')
      index.parts.push({ from, to })
      waiting = ''
    }
    for (let at = 0; ;) {
      const page = await read(at)
      for (const { id, next, ...record } of page.records) {
        if (waiting === '') from = id
        waiting += `${id} ${encodeRecord(record)}`
        to = next
        if (waiting.length >= partBytes) await writePart()
      }
      index.ended = page.ended
      if (page.ended || page.records.length === 0) break
      at = page.next
    }
    await writePart()
    await objects.put('released', logObjectOf.index(runId), bytes.encode(JSON.stringify(index)), 'application/json')
  }

  return { indexOf, read: readArchive, tail: tailArchive, write }
}
