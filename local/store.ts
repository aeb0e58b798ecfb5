/** The home's table: found, converted or made, looked at, and opened; and what is wrong with it in a person's words. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OldTableUnread } from '../adapters/local/dynalite/old-table.ts'
import { type LocalTable, localTable, type LocalTableOptions, StoreFailed } from '../adapters/local/table.ts'
import { makeTable, StoreDamaged } from '../adapters/local/table-folder.ts'
import {
  ConversionFailed,
  convert,
  copyName,
  hasOldTable,
  hasUnmarkedTable,
  markHome,
  tidyOldTable,
} from './conversion.ts'
import { HomeLocked } from './home-lock.ts'
import { isFull } from './home.ts'
import { diskFull, systemTrouble, Trouble } from './trouble.ts'

/** Where the table of a home is. */
export const storeFolder = (home: string): string => join(home, 'store')

/** Files that a host makes once it has a table: a home with one of them is not new. */
const traces = ['keyring.json', 'login.db', 'login.json', 'login-keys.json', 'objects']

const damaged = (home: string, what: string): Trouble =>
  new Trouble(
    `The store in ${home} is damaged, and was left as it is. ${what}\nStart no other version on it. \`cloister doctor\` says what is lost and what can be saved; a backup brings back the rest.`,
  )

/** What is wrong with the store, in a person's words; undefined for what is no fault of the home's. */
export function storeTrouble(error: unknown, home: string): Trouble | undefined {
  if (error instanceof StoreDamaged) return damaged(home, error.message)
  if (
    error instanceof ConversionFailed ||
    (error instanceof OldTableUnread && !/no space left|quota/i.test(error.message))
  )
    return new Trouble(
      `The table of an older version in ${home} could not be taken over: ${error.message} Nothing of it was changed or lost; please report this.`,
    )
  const full = error instanceof StoreFailed && error.kind === 'full'
  if (full || ((error as { errcode?: number }).errcode ?? 0) % 256 === 13 || (existsSync(home) && isFull(home)))
    return diskFull(`The folder ${home}`)
  if (error instanceof StoreFailed && error.kind === 'damaged')
    return damaged(home, 'A part of it cannot be read as it was written.')
  if (error instanceof StoreFailed)
    return new Trouble(
      `The store in ${home} cannot be written (${error.message}). Look at the disk; what was acknowledged is kept.`,
    )
  return systemTrouble(error, `The folder ${home}`)
}

/** What is said when something was read that is not as it was written: `what` names its kind. */
export const damageMet = (home: string, what: string): string =>
  `The disk has damaged ${what === 'the table' ? what : `a ${what}`} in ${home}: it cannot be read as it was written. Stop the host; \`cloister doctor\` says what is lost and what can be saved.`

/** Whether an error says that another host has the home. */
export const isTaken = (error: unknown): boolean =>
  error instanceof HomeLocked || (error instanceof OldTableUnread && error.code === 'LEVEL_LOCKED')

async function prepare(home: string, say: (text: string) => void): Promise<void> {
  const folder = storeFolder(home)
  if (!existsSync(folder)) {
    if (await hasOldTable(home)) {
      say('Taking over the table of an older version ...')
      const count = await convert(home)
      say(
        `${count} items were taken over and compared. The old table is kept in ${join(home, copyName)}; delete it when all is well.`,
      )
    } else {
      const trace = traces.find((name) => existsSync(join(home, name)))
      if (trace) throw new StoreDamaged(`The folder ${folder} is missing, while ${trace} is there.`)
      await markHome(home)
      await makeTable(folder, () => {})
    }
  }
  if (await hasUnmarkedTable(home))
    throw new StoreDamaged(`The folder ${join(home, 'table')} holds a table of an older version beside the store.`)
  await markHome(home)
  await tidyOldTable(home)
}

/**
 * Opens the table of a home that is locked. Throws what `isTaken` and `storeTrouble` know. `failed` is called once when
 * nothing can be written any more.
 */
export async function openStore(
  home: string,
  { say, ...told }: { say: (text: string) => void } & Pick<LocalTableOptions, 'failed' | 'damaged' | 'seal'>,
): Promise<LocalTable> {
  await prepare(home, say)
  return localTable({ folder: storeFolder(home), ...told })
}
