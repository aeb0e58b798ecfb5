/**
 * Runs whose data went, because the participant withdrew or broke off, are noted outside of the table as well: a list
 * with a line each, which a restore reads, so that a backup does not undo it. It names runs by their ids alone, and
 * each line is sealed by the installation's key.
 */
import { existsSync } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { timingSafeEqual } from 'node:crypto'
import { syncFolder } from '../../adapters/local/durable.ts'
import type { Seal } from '../../adapters/local/seal.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { tableFile } from '../../adapters/local/table-folder.ts'
import { isWhole, itemOf } from '../../adapters/local/table-row.ts'
import { keyOf, type RunItem } from '../../functions/kernel/items.ts'
import type { Keys } from '../../ports/keys.ts'
import { runLife } from '../../domain/runs/life.ts'
import { storeFolder } from '../store.ts'
import { Trouble } from '../trouble.ts'

type Way = 'aborted' | 'withdrawn'
/** A run whose data went. */
export interface Gone {
  run: string
  as: Way
}
interface Line extends Gone {
  seal: string
}

/** The list of a home, unless it is kept elsewhere (`CLOISTER_WITHDRAWALS`). */
export const listOf = (home: string): string => join(home, 'withdrawals.jsonl')

const sealOf = async (keys: Pick<Keys, 'mac'>, { run, as }: Gone): Promise<string> =>
  Buffer.from(await keys.mac('withdrawn', `${run} ${as}`)).toString('base64url')

/** Notes a run in the list, on the disk when this resolves. */
export async function noteGone(file: string, keys: Pick<Keys, 'mac'>, gone: Gone): Promise<void> {
  const isNew = !existsSync(file)
  const line: Line = { ...gone, seal: await sealOf(keys, gone) }
  const handle = await open(file, 'a', 0o600)
  try {
    // A line that a kill has cut ends here.
    const { size } = await handle.stat()
    await handle.writeFile(`${size > 0 ? '\n' : ''}${JSON.stringify(line)}`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (isNew) await syncFolder(dirname(file))
}

function lineOf(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line>
    const isLine = typeof line.run === 'string' && typeof line.seal === 'string'
    return isLine && (line.as === 'withdrawn' || line.as === 'aborted') ? (line as Line) : undefined
  } catch {
    return undefined
  }
}

async function isSealed(keys: Pick<Keys, 'mac'>, line: Line): Promise<boolean> {
  const [expected, said] = [Buffer.from(await sealOf(keys, line)), Buffer.from(line.seal)]
  return expected.length === said.length && timingSafeEqual(expected, said)
}

/** What a list or a home says. */
interface Said {
  gone: Gone[]
  /** Lines that this installation has not written so. */
  passedOver: number
}

/** Runs that a list names: those whose lines this installation has sealed. */
async function goneByList(file: string, keys: Pick<Keys, 'mac'>): Promise<Said> {
  const said: Said = { gone: [], passedOver: 0 }
  for (const text of (await readFile(file, 'utf8')).split('\n').filter((one) => one.trim() !== '')) {
    const line = lineOf(text)
    if (line && (await isSealed(keys, line))) said.gone.push({ run: line.run, as: line.as })
    else said.passedOver++
  }
  return said
}

/** Runs whose data went, by the table of a home, and whose table it is; undefined when it cannot be read. */
function goneByTable(home: string, seal: Seal | undefined): { gone: Gone[]; store: string } | undefined {
  let table: TableFile | undefined
  try {
    table = TableFile.read(tableFile(storeFolder(home)), seal)
    const found: Gone[] = []
    for (const row of table.all()) {
      const fields = keyOf.run.read(row)
      if (!fields || !isWhole(row)) continue
      const { state } = itemOf(row) as unknown as RunItem
      if (!runLife[state].hasData) found.push({ run: fields.runId, as: state as Way })
    }
    return { gone: found, store: table.head.store }
  } catch {
    return undefined
  } finally {
    table?.close()
  }
}

const once = (gone: readonly Gone[]): Gone[] => [...new Map(gone.map((one) => [one.run, one])).values()]

/** Runs whose data went, by a home's own list. */
export const goneBy = async (list: string, keys: Pick<Keys, 'mac'>): Promise<Gone[]> =>
  once((await goneByList(list, keys)).gone)

async function saidByHome(
  home: string,
  { keys, store, seal }: { keys: Pick<Keys, 'mac'>; store: string; seal?: Seal | undefined },
): Promise<Said> {
  const inTable = goneByTable(home, seal)
  if (inTable && inTable.store !== store) throw new Trouble(`${home} is a home of another installation.`)
  const list = listOf(home)
  const listed = existsSync(list) ? await goneByList(list, keys) : undefined
  if (!listed && !inTable) throw new Trouble(`In ${home} neither the list of withdrawals nor the table can be read.`)
  if (!inTable) return listed!
  // A table that can be read says it all: lines of its list that were cut or changed lose nothing.
  return { gone: [...(listed?.gone ?? []), ...inTable.gone], passedOver: 0 }
}

/**
 * What a list, or a home (its list, and its table as far as that can be read), says to a restored home of this `store`
 * and these keys. Throws a `Trouble` when it says nothing about this installation: that is no word that nobody has
 * withdrawn. An empty list is one. A home that was lost has the seal of the one that was restored of its backup.
 */
export async function goneSince(
  from: string,
  of: { keys: Pick<Keys, 'mac'>; store: string; seal?: Seal | undefined },
): Promise<Said> {
  const found = await stat(from).catch(() => undefined)
  if (!found) throw new Trouble(`There is no list and no home at ${from}.`)
  const { gone, passedOver } = await (found.isDirectory() ? saidByHome(from, of) : goneByList(from, of.keys))
  if (gone.length === 0 && passedOver > 0)
    throw new Trouble(
      `${from} is no list of withdrawals of this installation: it has no line that this installation has sealed, and ${passedOver} ${passedOver === 1 ? 'line' : 'lines'} of something else. Name the list that its host kept (withdrawals.jsonl, or the file of CLOISTER_WITHDRAWALS), or the home that was lost; an empty list says that nobody has withdrawn.`,
    )
  return { gone: once(gone), passedOver }
}
