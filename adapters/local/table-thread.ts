/**
 * The thread that writes the table: takes writes together, commits them at once, and answers when they are on the disk.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Seal } from './seal.ts'
import type { Outcome, Write } from './table-file.ts'
import { openTable } from './table-folder.ts'

export interface TableThread {
  folder: string
  seal: Seal | undefined
}
export type Asked = { writes: Write[] } | 'close'
/** What SQLite or the system said, by code: never a text that could quote a value. */
export interface Failed {
  name: string
  message: string
  errcode?: number | undefined
  code?: string | undefined
}
export type Answered = { ready: true } | { outcomes: Outcome[] } | { failed: Failed } | { closed: true }

const headSyncMilliseconds = 1000

const failedOf = (error: unknown): Failed => {
  const { name, message, errcode, code } = error as Error & { errcode?: number; code?: string }
  return { name, message: name === 'StoreDamaged' ? message : '', errcode, code }
}
const answer = (message: Answered): void => parentPort!.postMessage(message)

function serve({ folder, seal }: TableThread): void {
  const { table, head } = openTable(folder, seal)
  let timer: NodeJS.Timeout | undefined
  const syncHead = (): void => {
    timer = undefined
    head.sync()
  }
  const commit = (writes: Write[]): Outcome[] => {
    const { commits } = table.head
    const outcomes = table.commit(writes)
    if (table.head.commits === commits) return outcomes
    head.write(table.head)
    timer ??= setTimeout(syncHead, headSyncMilliseconds)
    return outcomes
  }
  const close = (): void => {
    clearTimeout(timer)
    table.checkpoint()
    table.close()
    head.close()
    parentPort!.close()
  }
  parentPort!.on('message', (asked: Asked) => {
    try {
      if (asked !== 'close') return answer({ outcomes: commit(asked.writes) })
      close()
      answer({ closed: true })
    } catch (e) {
      answer({ failed: failedOf(e) })
    }
  })
  answer({ ready: true })
}

try {
  serve(workerData as TableThread)
} catch (e) {
  answer({ failed: failedOf(e) })
}
