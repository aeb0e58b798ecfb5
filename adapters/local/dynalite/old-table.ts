/** The table of a home made before it was on SQLite: DynamoDB's protocol by dynalite, on LevelDB. Read only here. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Item } from '../../../ports/table.ts'
import { storeAt } from './dynamo-http.ts'
import type { Said } from './process.ts'

const program = fileURLToPath(new URL('./process.ts', import.meta.url))
const TableName = 'cloister'

/** The old table cannot be opened or read; `code` is LEVEL_LOCKED when another process has it. */
export class OldTableUnread extends Error {
  override name = 'OldTableUnread'
  readonly code: string | undefined
  constructor({ failed, code }: { failed: string; code?: string | undefined }) {
    super(failed)
    this.code = code
  }
}

interface Scanned {
  Items: Item[]
  LastEvaluatedKey?: Record<string, unknown>
}

/** Opens the folder, does some work while nobody else can open it, and closes it. */
export async function withOldTable<T>(
  folder: string,
  work: (items: () => AsyncIterable<Item[]>) => Promise<T>,
): Promise<T> {
  const child = fork(program, [folder], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  let failure: Error | undefined
  const port = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.on('message', (said: Said) => {
      if ('port' in said) return resolve(said.port)
      failure = new OldTableUnread(said)
      reject(failure)
    })
    void ended.then(() => reject(new OldTableUnread({ failed: 'its process ended' })))
  })
  try {
    const send = storeAt(`http://127.0.0.1:${await port}`)
    // Once it answers, LevelDB has opened its files and will not touch their list again.
    await send('ListTables', {})
    return await work(async function* pages() {
      let start: Record<string, unknown> | undefined
      do {
        const page = await send<Scanned>('Scan', { TableName, ...(start ? { ExclusiveStartKey: start } : {}) }).catch(
          (error: unknown) => {
            // A host that was killed in its very first second had not made it yet.
            if ((error as Error).name === 'ResourceNotFoundException') return { Items: [] } as Scanned
            throw error
          },
        )
        yield page.Items
        start = page.LastEvaluatedKey
      } while (start)
    })
  } catch (e) {
    throw failure ?? e
  } finally {
    if (child.connected) child.disconnect()
    await ended
  }
}
