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

/** Runs that a list names: those whose lines this installation has sealed. */
async function goneByList(file: string, keys: Pick<Keys, 'mac'>): Promise<Gone[]> {
  const found: Gone[] = []
  for (const text of (await readFile(file, 'utf8')).split('\n')) {
    const line = lineOf(text)
    if (!line) continue
    const [expected, said] = [Buffer.from(await sealOf(keys, line)), Buffer.from(line.seal)]
    if (expected.length === said.length && timingSafeEqual(expected, said)) found.push({ run: line.run, as: line.as })
  }
  return found
}

/** Runs whose data went, by the table of a home; undefined when it cannot be read. */
function goneByTable(home: string): Gone[] | undefined {
  let table: TableFile | undefined
  try {
    table = TableFile.read(tableFile(storeFolder(home)))
    const found: Gone[] = []
    for (const row of table.all()) {
      const fields = keyOf.run.read(row)
      if (!fields || !isWhole(row)) continue
      const { state } = itemOf(row) as unknown as RunItem
      if (!runLife[state].hasData) found.push({ run: fields.runId, as: state as Way })
    }
    return found
  } catch {
    return undefined
  } finally {
    table?.close()
  }
}

/**
 * Runs whose data went, by a list or by a home: its list, and its table as far as that can be read. Throws a `Trouble`
 * when there is neither.
 */
export async function goneBy(from: string, keys: Pick<Keys, 'mac'>): Promise<Gone[]> {
  const found = await stat(from).catch(() => undefined)
  if (!found) throw new Trouble(`There is no list and no home at ${from}.`)
  if (!found.isDirectory()) return goneByList(from, keys)
  const list = listOf(from)
  const listed = existsSync(list) ? await goneByList(list, keys) : undefined
  const inTable = goneByTable(from)
  if (!listed && !inTable) throw new Trouble(`In ${from} neither the list of withdrawals nor the table can be read.`)
  const all = [...(listed ?? []), ...(inTable ?? [])]
  return [...new Map(all.map((gone) => [gone.run, gone])).values()]
}
