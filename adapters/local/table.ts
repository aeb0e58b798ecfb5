/**
 * The table on SQLite (decision 0012): one thread writes, many requests with one sync of the disk, and this thread
 * reads.
 */
import { Worker } from 'node:worker_threads'
import { ItemDamaged, type Table } from '../../ports/table.ts'
import type { Seal } from './seal.ts'
import { type Outcome, TableFile, type Write } from './table-file.ts'
import { StoreDamaged, tableFile } from './table-folder.ts'
import { type Commit, tableOn } from './table-on-file.ts'
import type { Answered, Asked, Failed, TableThread } from './table-thread.ts'

/** Writes that share a sync, at most. */
const largestGroup = 512
/** Items whose time has come that are removed with one sync. */
const endsAtOnce = 100

// SQLite's primary result codes: https://www.sqlite.org/rescode.html
const full = 13
/** The file is corrupt, or no database. */
const unreadable: readonly number[] = [11, 26]
const primaryCodeOf = (error: unknown): number => ((error as { errcode?: number }).errcode ?? 0) & 0xff

/** The store cannot go on: whatever was waiting was not acknowledged. */
export class StoreFailed extends Error {
  override name = 'StoreFailed'
  readonly kind: 'full' | 'damaged' | 'unwritable'
  /** ENOSPC when the disk is full, as the system's own errors say it. */
  readonly code: string
  constructor(failed: Failed) {
    super(`The store failed (${failed.code ?? failed.name} ${failed.errcode ?? ''})`)
    const primary = primaryCodeOf(failed)
    if (primary === full || failed.code === 'ENOSPC') this.kind = 'full'
    else if (unreadable.includes(primary) || failed.name === 'ItemDamaged') this.kind = 'damaged'
    else this.kind = 'unwritable'
    this.code = this.kind === 'full' ? 'ENOSPC' : (failed.code ?? 'EIO')
  }
}

export interface LocalTableOptions {
  /** The folder made by `makeTable`. */
  folder: string
  /** Called once when nothing can be written any more. */
  failed: (failure: StoreFailed) => void
  /** Called when something was read that is not as it was written, with the message of what is thrown then. */
  damaged?: (what: string) => void
  /** Where the home is sealed. */
  seal?: Seal | undefined
}
export interface LocalTable extends Table {
  /** Removes items whose time has come, as DynamoDB does by itself. */
  removeGone(now: Date): Promise<void>
  /** Waits for what is being written, and leaves everything in one file. */
  close(): Promise<void>
}

interface Waiting {
  write: Write
  resolve: (outcome: Outcome) => void
  reject: (e: Error) => void
}

/** Hands writes to the thread: what arrives while it is at work waits, and then goes together. */
class Writer {
  readonly #thread: Worker
  readonly #failed: (failure: StoreFailed) => void
  #waiting: Waiting[] = []
  #atWork: Waiting[] = []
  #failure: StoreFailed | undefined
  #whenIdle: (() => void) | undefined

  constructor(thread: Worker, failed: (failure: StoreFailed) => void) {
    this.#thread = thread
    this.#failed = failed
    thread.on('message', (answered: Answered) => this.#hear(answered))
    thread.on('error', (e: Error) => this.#fail({ name: e.name, message: '' }))
  }

  readonly commit: Commit = (write) =>
    new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      this.#waiting.push({ write, resolve, reject })
      if (this.#atWork.length === 0) this.#send()
    })

  async close(): Promise<void> {
    if (this.#atWork.length > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    const ended = new Promise((resolve) => {
      this.#thread.once('exit', resolve)
    })
    if (this.#failure) void this.#thread.terminate()
    else this.#thread.postMessage('close' satisfies Asked)
    this.#failure ??= new StoreFailed({ name: 'Closed', message: '' })
    await ended
  }

  #send(): void {
    this.#atWork = this.#waiting.splice(0, largestGroup)
    if (this.#atWork.length > 0)
      this.#thread.postMessage({ writes: this.#atWork.map(({ write }) => write) } satisfies Asked)
    else this.#whenIdle?.()
  }

  #hear(answered: Answered): void {
    if ('failed' in answered) return this.#fail(answered.failed)
    if (!('outcomes' in answered)) return
    const done = this.#atWork
    this.#send()
    for (const [place, { resolve }] of done.entries()) resolve(answered.outcomes[place]!)
  }

  #fail(failed: Failed): void {
    if (this.#failure) return
    this.#failure = new StoreFailed(failed)
    for (const { reject } of [...this.#atWork, ...this.#waiting]) reject(this.#failure)
    this.#atWork = []
    this.#waiting = []
    this.#whenIdle?.()
    this.#failed(this.#failure)
  }
}

const opened = (thread: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    thread.once('error', reject)
    thread.once('message', (answered: Answered) => {
      thread.removeAllListeners('error')
      if (!('failed' in answered)) return resolve()
      const { name, message } = answered.failed
      reject(name === 'StoreDamaged' ? new StoreDamaged(message) : new StoreFailed(answered.failed))
    })
  })

/** The same table, which says of damage that it is there. */
function watched(table: Table, damaged: (what: string) => void = () => {}): Table {
  const seen = (error: unknown): never => {
    const isUnreadable = unreadable.includes(primaryCodeOf(error))
    const found = isUnreadable ? new ItemDamaged('the table') : error
    if (found instanceof ItemDamaged) damaged(found.message)
    throw found
  }
  return {
    get: (...given) => table.get<never>(...given).catch(seen),
    query: (...given) => table.query<never>(...given).catch(seen),
    create: (...given) => table.create(...given).catch(seen),
    replace: (...given) => table.replace(...given).catch(seen),
    update: (...given) => table.update<never>(...given).catch(seen),
    remove: (...given) => table.remove(...given).catch(seen),
  }
}

/**
 * The table in `folder`; one process at a time may open it. Throws `StoreDamaged` when it is not what was acknowledged,
 * and `StoreFailed` when the system does not let it be opened.
 */
export async function localTable({ folder, failed, damaged, seal }: LocalTableOptions): Promise<LocalTable> {
  const thread = new Worker(new URL('./table-thread.ts', import.meta.url), {
    workerData: { folder, seal } satisfies TableThread,
  })
  await opened(thread)
  const writer = new Writer(thread, failed)
  const reader = TableFile.read(tableFile(folder), seal)
  return {
    ...watched(tableOn(reader, writer.commit), damaged),
    async removeGone(now) {
      const by = Math.floor(now.getTime() / 1000)
      // A few at a time: other writes come in between.
      for (let ends = endsAtOnce; ends === endsAtOnce;)
        ends = (await writer.commit({ does: 'remove-gone', by, most: endsAtOnce })).ends ?? 0
    },
    async close() {
      reader.close()
      await writer.close()
    },
  }
}
