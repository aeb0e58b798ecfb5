/**
 * A home made before the table was on SQLite, converted once. Every step may be cut short and is taken up at the next
 * start:
 *
 * 1. `table/CURRENT`, which an older version opens first, is replaced by a mark: from here no older version opens the
 *    home, and starts no empty platform on it either.
 * 2. `table-of-0.1.0/` is the old table as it was, made of the same files by other names.
 * 3. What it holds is written into a new store, with an end where it is of a kind that ends (decision 0017), counted
 *    and compared item by item; then the store takes its name.
 * 4. The old files go from `table/`, the mark stays, and `table-of-0.1.0/` is there until somebody deletes it.
 */
import { existsSync } from 'node:fs'
import { link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../adapters/local/durable.ts'
import { OldTableUnread, withOldTable } from '../adapters/local/dynalite/old-table.ts'
import type { TableFile, Write } from '../adapters/local/table-file.ts'
import { makeTable } from '../adapters/local/table-folder.ts'
import { rowOfKept } from '../adapters/local/table-row.ts'
import { withEnd } from '../functions/kernel/ends.ts'
import type { Item } from '../ports/table.ts'
import { writeWhole } from './files.ts'

/** An older version takes this for the name of a file in `table/` and says that it is not there. */
const mark = 'none-because-a-newer-version-of-Cloister-keeps-this-home-in-the-folder-store'
/** The old table's own, beside the mark. */
const oldCurrent = 'CURRENT.of-0.1.0'

export const copyName = 'table-of-0.1.0'
const folders = (home: string) => ({
  table: join(home, 'table'),
  copy: join(home, copyName),
  before: join(home, `${copyName}.before`),
  store: join(home, 'store'),
})

/** What was read back is not what was there. The copy and the old files are kept. */
export class ConversionFailed extends Error {
  override name = 'ConversionFailed'
}

const currentOf = (table: string): Promise<string> => readFile(join(table, 'CURRENT'), 'utf8').catch(() => '')
const isMarked = async (table: string): Promise<boolean> => (await currentOf(table)).trim() === mark

/** Whether an older version could open what the home has in `table`. */
export async function hasUnmarkedTable(home: string): Promise<boolean> {
  const current = await currentOf(folders(home).table)
  return current !== '' && current.trim() !== mark
}

/** Whether the home has a table of an older version, converted or on the way. */
export async function hasOldTable(home: string): Promise<boolean> {
  const { table, copy } = folders(home)
  return existsSync(copy) || existsSync(join(table, oldCurrent)) || (await hasUnmarkedTable(home))
}

/** Makes older versions refuse the home. In a new home, too: they would start an empty platform in it. */
export async function markHome(home: string): Promise<void> {
  const { table } = folders(home)
  if (await isMarked(table)) return
  await writeWhole(join(table, 'CURRENT'), `${mark}\n`)
}

const already = (error: unknown): void => {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
}

/** Makes a folder of the files of another, by other names of the same; whole or not at all. */
async function linked(from: string, names: readonly string[], to: string): Promise<void> {
  const unfinished = `${to}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  for (const name of names)
    await link(join(from, name), join(unfinished, name === oldCurrent ? 'CURRENT' : name)).catch(already)
  await syncFolder(unfinished)
  await rm(to, { recursive: true, force: true })
  await rename(unfinished, to)
  await syncFolder(dirname(to))
}

const filesIn = async (table: string): Promise<string[]> =>
  (await readdir(table)).filter((name) => name !== 'LOCK' && name !== oldCurrent)

/**
 * Whoever opens the old table tidies it, and a power cut may keep the tidying and not what it was for: every file has
 * another name meanwhile, and is given back its own at the next start.
 */
async function keepFiles(home: string): Promise<void> {
  const { table, before } = folders(home)
  if (!existsSync(before)) return linked(table, await filesIn(table), before)
  for (const name of await readdir(before)) await link(join(before, name), join(table, name)).catch(already)
  await syncFolder(table)
}

async function markOldTable(home: string): Promise<void> {
  const { table, before } = folders(home)
  if (!(await isMarked(table))) {
    await keepFiles(home)
    try {
      // A running host of an older version has the folder locked.
      await withOldTable(table, async () => {
        // One from before a kill may name files that an older version has tidied since.
        await rm(join(table, oldCurrent), { force: true })
        await link(join(table, 'CURRENT'), join(table, oldCurrent))
        // The other name is on the disk before the mark takes the first one.
        await syncFolder(table)
        await markHome(home)
      })
    } catch (e) {
      // It goes on writing: what was kept is not what will be there.
      if (e instanceof OldTableUnread && e.code === 'LEVEL_LOCKED') await rm(before, { recursive: true, force: true })
      throw e
    }
  }
  await rm(before, { recursive: true, force: true })
}

async function copyOldTable(home: string): Promise<void> {
  const { table, copy } = folders(home)
  // An earlier one was opened, and so tidied: it is made anew for as long as the old files are there.
  if (existsSync(copy) && !existsSync(join(table, oldCurrent))) return
  const names = (await filesIn(table)).filter((name) => !name.startsWith('CURRENT'))
  await linked(table, [...names, oldCurrent], copy)
}

const creations = (items: readonly Item[]): Write[] =>
  items.map((item) => ({ does: 'create', row: rowOfKept(withEnd(item)) }))

async function fill(table: TableFile, pages: AsyncIterable<Item[]>): Promise<number> {
  let count = 0
  for await (const items of pages) {
    if (table.commit(creations(items)).some(({ refused }) => refused))
      throw new ConversionFailed('A key is there twice.')
    count += items.length
  }
  return count
}

async function compare(table: TableFile, pages: AsyncIterable<Item[]>): Promise<number> {
  let count = 0
  for await (const items of pages) {
    for (const item of items) {
      const row = rowOfKept(withEnd(item))
      const found = table.get(row.pk, row.sk)
      if (found?.value !== row.value || found.gpk !== row.gpk || found.gsk !== row.gsk)
        throw new ConversionFailed('An item is not as it was.')
    }
    count += items.length
  }
  return count
}

/** Converts the home, from wherever it stands, and answers how many items there were. */
export async function convert(home: string): Promise<number> {
  const { copy, store } = folders(home)
  await markOldTable(home)
  await copyOldTable(home)
  let count = 0
  await withOldTable(copy, (pages) =>
    makeTable(store, async (table) => {
      count = await fill(table, pages())
      const compared = await compare(table, pages())
      if (compared !== count || table.head.items !== count)
        throw new ConversionFailed('Not as many items as there were.')
    }),
  )
  return count
}

/** Removes what is twice: the old files stay in the copy, the mark stays in `table`. */
export async function tidyOldTable(home: string): Promise<void> {
  const { table } = folders(home)
  if (!existsSync(join(table, oldCurrent))) return
  const names = (await readdir(table)).filter((name) => name !== 'CURRENT' && name !== oldCurrent)
  for (const name of [...names, oldCurrent]) await rm(join(table, name), { force: true, recursive: true })
}
