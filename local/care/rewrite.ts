/**
 * Writes a stopped home anew under a seal, or without it. Every step may be cut short, and looks at each thing itself
 * whether it is as it should be; what was there before goes only after what takes its place is on the disk.
 */
import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { writeWhole } from '../../adapters/local/durable.ts'
import { logKey } from '../../adapters/local/logs.ts'
import { localObjects } from '../../adapters/local/objects.ts'
import { isSealedText, openText, type Seal, sealText } from '../../adapters/local/seal.ts'
import { localTable } from '../../adapters/local/table.ts'
import { openTable } from '../../adapters/local/table-folder.ts'
import { openLine, sealLines } from '../../runner/seal-words.ts'
import { copyName } from '../conversion.ts'
import { storeFolder } from '../store.ts'
import { Trouble } from '../trouble.ts'
import { noteFiles } from './home-files.ts'
import { Misused } from './program.ts'

/** Rows that are written with one sync. */
const rowsAtOnce = 500
/** Small files that hold keys; the first makes other versions refuse the home. */
const mark = 'secrets.json'
const keyFiles = ['keyring.json', 'login-keys.json']

const temporary = (path: string): string => `${path}.${randomUUID()}.new`

/** `name` is the file's own, below `folder`. */
async function rewriteText(folder: string, name: string, seal: Seal): Promise<void> {
  const path = join(folder, name)
  if (!existsSync(path)) return
  const text = await readFile(path, 'utf8')
  if (isSealedText(text) === seal.writes) return
  const wanted = sealText(seal, name, openText(seal, name, text))
  await writeWhole(path, temporary(path), (handle) => handle.writeFile(wanted))
}

async function rewriteRows(home: string, seal: Seal, progress: (text: string) => void): Promise<void> {
  const { table, head } = openTable(storeFolder(home), seal)
  try {
    let rows = 0
    for (let done = rowsAtOnce; done === rowsAtOnce;) {
      const [outcome] = table.commit([{ does: 'reseal', most: rowsAtOnce }])
      done = outcome!.ends ?? 0
      rows += done
      if (done > 0) head.write(table.head)
      progress(`the table: ${rows} items`)
    }
    // What the rows were before lies nowhere in the file, and not in its log.
    table.rewrite()
  } finally {
    table.close()
    head.close()
  }
}

async function rewriteLog(folder: string, name: string, seal: Seal): Promise<void> {
  const path = join(folder, name)
  const key = logKey(seal, name.slice(0, -'.jsonl'.length))
  await writeWhole(path, temporary(path), async (handle) => {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      const plain = `${openLine(key, line)}\n`
      await handle.appendFile(seal.writes ? sealLines(key, plain) : plain)
    }
  })
}

const namesIn = (folder: string, end: string): Promise<string[]> =>
  readdir(folder).then(
    (names) => names.filter((name) => name.endsWith(end)),
    () => [],
  )

/** What an older version left in the clear, and runs that write still: it is not for this to decide about them. */
export async function refuseOpenEnds(home: string): Promise<void> {
  const old = [copyName, 'login-0.1.0.json', 'login.json', 'engine', join('objects', '.unreadable')]
  const left = old.filter((name) => existsSync(join(home, name)))
  if (left.length > 0)
    throw new Trouble(
      `An older version left ${left.join(', ')} in ${home}, in the clear. When all is well, delete it or move it away, and seal then.`,
    )
  const runs = await namesIn(join(home, 'runners'), '.json')
  if (runs.length > 0)
    throw new Trouble(
      `${runs.length} runs of pipelines are still at work in ${home}. Start the host, let them end or stop them, and seal then.`,
    )
  if (!existsSync(storeFolder(home))) throw new Misused(`There is no home of Cloister at ${home}. Name it with --home.`)
}

/** Does all of it. For whoever has the home's lock. */
export async function rewriteHome(home: string, seal: Seal, progress: (text: string) => void): Promise<void> {
  if (seal.writes) await rewriteText(home, mark, seal)
  await rewriteRows(home, seal, progress)
  const table = await localTable({ folder: storeFolder(home), failed: () => {}, seal })
  try {
    const objects = localObjects({ folder: join(home, 'objects'), baseUrl: '', secret: Buffer.alloc(0), table, seal })
    let bytes = 0
    await objects.reseal((more) => {
      bytes += more
      progress(`objects: ${Math.round(bytes / 1e6)} MB`)
    })
    await objects.tidy()
    for (const name of keyFiles) await rewriteText(home, name, seal)
    const letters = join(home, 'letters')
    for (const name of await namesIn(letters, '.json')) await rewriteText(letters, name, seal)
    const logs = join(home, 'logs')
    for (const name of await namesIn(logs, '.jsonl')) await rewriteLog(logs, name, seal)
    if (!seal.writes) await rewriteText(home, mark, seal)
    await removeUnfinished([home, letters, logs])
    await noteFiles(home, table, true)
  } finally {
    await table.close()
  }
}

/** What a kill has left of files that were being written. */
async function removeUnfinished(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    for (const name of await namesIn(folder, '.new')) await rm(join(folder, name), { force: true, recursive: true })
}
