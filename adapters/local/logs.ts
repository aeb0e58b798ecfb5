/**
 * Logs in a folder: one file a run, which its runner appends to (runner/pipeline-log.ts) and which stays. Read by
 * place, never whole.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { decodeRecords, encodeRecord } from '../../domain/pipelines/log.ts'
import { openLine, sealLines } from '../../runner/seal-words.ts'
import { makeFolder, syncFolder } from './durable.ts'
import { keyFor, type Seal } from './seal.ts'
import { followPage, isRunId, type LogPage, type Logs, type PageLimits } from '../../ports/logs.ts'
import { readAll } from './file-bytes.ts'

export interface LocalLogs extends Logs {
  /** The file that a run's runner writes; its folder is there. */
  file(runId: string): string
  /** By which its lines are to be sealed, where the home is. */
  key(runId: string): Uint8Array | undefined
}

/** The key of a run's log. */
export const logKey = (seal: Seal, runId: string): Buffer => keyFor(seal, `log ${runId}`)

/** Looked at this often where the system does not say that a file has grown (network drives), in milliseconds. */
const lookEvery = 200
/**
 * Pages follow each other at most this often while the log grows: a page costs its watcher more than the records on it.
 */
const breath = 50
/** No record is longer: a line of 64 KiB, each byte written as six, and sealed a third more. */
const longestRecord = 768 * 1024
/** The last record is a sentence, and shorter. */
const longestEnd = 16 * 1024
/** Makes of a line as it lies there the one that was written. */
type Opened = (line: string) => string
const block = 64 * 1024

async function endsWithEnd(handle: FileHandle, size: number, opened: Opened): Promise<boolean> {
  const from = Math.max(0, size - longestEnd)
  const bytes = await readAll(handle, from, size - from)
  // Before the line's own end.
  const start = bytes.lastIndexOf(10, bytes.length - 2) + 1
  return decodeRecords(bytes.subarray(start), from + start, undefined, opened).records.at(-1)?.end !== undefined
}

/** The place of the first record that begins at or after `from`. */
async function recordAt(handle: FileHandle, from: number, size: number): Promise<number> {
  if (from <= 0) return 0
  for (let at = Math.min(from, size) - 1; at < size; at += block) {
    const found = (await readAll(handle, at, Math.min(block, size - at))).indexOf(10)
    if (found >= 0) return at + found + 1
  }
  return size
}

async function pageFrom(handle: FileHandle, from: number, limits: PageLimits, opened: Opened): Promise<LogPage> {
  const { size } = await handle.stat()
  const first = await recordAt(handle, from, size)
  let bytes = await readAll(handle, first, Math.min(size - first, Math.max(1, limits.bytes)))
  // One record at least, however small the page.
  if (bytes.length < size - first && !bytes.includes(10))
    bytes = await readAll(handle, first, Math.min(size - first, longestRecord))
  const { records, next } = decodeRecords(bytes, first, limits.records, opened)
  return {
    records,
    first,
    next,
    ended:
      next >= size &&
      size > 0 &&
      (records.at(-1)?.end !== undefined || (records.length === 0 && (await endsWithEnd(handle, size, opened)))),
  }
}

async function pageBefore(
  handle: FileHandle,
  before: number | undefined,
  limits: PageLimits,
  opened: Opened,
): Promise<LogPage> {
  const { size } = await handle.stat()
  let bytes: Buffer = Buffer.alloc(0)
  let from = Math.min(before ?? size, size)
  let lines = 0
  const end = from
  while (from > 0 && lines <= limits.records && bytes.length < limits.bytes) {
    const start = Math.max(0, from - block)
    const more = await readAll(handle, start, from - start)
    for (let i = more.indexOf(10); i >= 0; i = more.indexOf(10, i + 1)) lines++
    bytes = Buffer.concat([more, bytes])
    from = start
  }
  const start = from === 0 ? 0 : bytes.indexOf(10) + 1
  const { records, next } = decodeRecords(bytes.subarray(start), from + start, undefined, opened)
  let kept = records.slice(-limits.records)
  while (kept.length > 1 && next - kept[0]!.id > limits.bytes) kept = kept.slice(1)
  return {
    records: kept,
    first: kept[0]?.id ?? Math.min(end, next),
    next,
    ended: next >= size && kept.at(-1)?.end !== undefined,
  }
}

/** Wakes when a file may have grown: told by the system where it can, after a while where it cannot. */
class Growth {
  private readonly watcher: FSWatcher | undefined
  private wake: (() => void) | undefined
  private grown = false
  constructor(path: string, signal: AbortSignal) {
    try {
      this.watcher = watch(path, { persistent: false }, () => {
        this.grown = true
        this.wake?.()
      })
      this.watcher.on('error', () => {})
    } catch {
      /* too many watches: looking now and then does */
    }
    signal.addEventListener('abort', () => this.wake?.(), { once: true })
  }
  async wait(): Promise<void> {
    if (!this.grown)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookEvery)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.wake = undefined
    this.grown = false
  }
  close(): void {
    this.watcher?.close()
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })

const nothing = (from: number): LogPage => ({ records: [], first: from, next: from, ended: false })

/** The logs of this machine, sealed where the home is. */
export async function localLogs({ folder, seal }: { folder: string; seal?: Seal | undefined }): Promise<LocalLogs> {
  await makeFolder(folder)
  const opens = (runId: string): Opened => {
    const key = seal && logKey(seal, runId)
    return (line) => openLine(key, line)
  }
  const key = (runId: string): Uint8Array | undefined => (seal?.writes ? logKey(seal, runId) : undefined)
  const file = (runId: string): string => {
    if (!isRunId(runId)) throw new RangeError('not the id of a run')
    return join(folder, `${runId}.jsonl`)
  }
  const opened = async (runId: string, flags = 'r'): Promise<FileHandle | undefined> => {
    try {
      return await open(file(runId), flags, 0o600)
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw e
    }
  }
  const within = async <T>(runId: string, none: T, work: (f: FileHandle) => Promise<T>): Promise<T> => {
    const handle = await opened(runId)
    if (!handle) return none
    try {
      return await work(handle)
    } finally {
      await handle.close()
    }
  }
  return {
    file,
    key,
    read: (runId, from, limits) => within(runId, nothing(0), (f) => pageFrom(f, from, limits, opens(runId))),
    tail: (runId, before, limits) => within(runId, nothing(0), (f) => pageBefore(f, before, limits, opens(runId))),
    async *follow(runId, from, signal) {
      let handle = await opened(runId)
      for (; !handle; handle = await opened(runId)) {
        if (signal.aborted) return
        await pause(lookEvery / 2, signal)
      }
      const growth = new Growth(file(runId), signal)
      try {
        for (let at = from; !signal.aborted;) {
          const page = await pageFrom(handle, at, followPage, opens(runId))
          if (page.records.length > 0 || page.ended) yield page
          if (page.ended) return
          if (page.next === at) await growth.wait()
          else if (page.records.length < followPage.records) await pause(breath, signal)
          at = page.next
        }
      } finally {
        growth.close()
        await handle.close()
      }
    },
    async conclude(runId, record) {
      const handle = (await opened(runId, 'a+'))!
      try {
        const { size } = await handle.stat()
        if (size > 0 && (await endsWithEnd(handle, size, opens(runId)))) return
        // What was cut short stays a line of its own, and is passed over.
        const torn = size > 0 && (await readAll(handle, size - 1, 1))[0] !== 10
        const [line, sealing] = [encodeRecord(record), key(runId)]
        await handle.appendFile(`${torn ? '\n' : ''}${sealing ? sealLines(sealing, line) : line}`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await syncFolder(folder)
    },
    // The file is the archive.
    archive: () => Promise.resolve(),
  }
}
