/**
 * The folder that holds the table: `table.sqlite` (with its log beside it while it is open) and `head`. Made whole or
 * not at all, and looked at before it is used: what is missing, cut, altered or older than what was acknowledged is
 * said in sentences.
 */
import { existsSync, statSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFile, syncFolder } from './durable.ts'
import type { Seal } from './seal.ts'
import { digestWith, TableFile } from './table-file.ts'
import { type Head, HeadFile, readHead } from './table-head.ts'
import { isWhole, kindOf } from './table-row.ts'

export const tableFile = (folder: string): string => join(folder, 'table.sqlite')
export const headFile = (folder: string): string => join(folder, 'head')

/** Bytes of a table that was closed in peace and is looked at whole at every start all the same: about a second. */
const largestLookedAtWhole = 256 * 1024 * 1024

/** The table is not what was acknowledged; the message is a sentence each. */
export class StoreDamaged extends Error {
  override name = 'StoreDamaged'
}

/** What was found in a folder: nothing wrong when `faults` is empty. */
export interface Inspection {
  /** A sentence each. */
  faults: string[]
  /** Where the table stands; undefined when it cannot be read. */
  head?: Head
  /** Whether it was closed, and nothing was written since. */
  closed: boolean
}

/**
 * Makes the folder with what `fill` writes into a new table; `folder` is not there before, and then is there whole,
 * whenever the power goes.
 */
export async function makeTable(folder: string, fill: (table: TableFile) => Promise<void> | void): Promise<void> {
  const unfinished = `${folder}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  const table = TableFile.make(tableFile(unfinished))
  try {
    await fill(table)
    table.checkpoint()
  } finally {
    table.close()
  }
  await syncFile(tableFile(unfinished))
  HeadFile.make(headFile(unfinished), table.head)
  await syncFolder(unfinished)
  await rename(unfinished, folder)
  await syncFolder(dirname(folder))
}

const plural = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`

function comparedHeads(table: Head, acknowledged: Head): string[] {
  if (table.store !== acknowledged.store) return ['The table and its file "head" are of two different stores.']
  const behind = acknowledged.commits - table.commits
  if (behind > 0)
    return [
      `The table is older than what was acknowledged: its newest ${plural(behind, 'commit is', 'commits are')} gone.`,
    ]
  if (behind === 0 && (table.digest !== acknowledged.digest || table.items !== acknowledged.items))
    return ['The table holds other items than were acknowledged.']
  return []
}

function comparedItems(table: TableFile): string[] {
  const damaged = new Map<string, number>()
  let items = 0
  let digest = '0'
  let hashes: Uint8Array[] = []
  for (const row of table.all()) {
    items++
    if (!isWhole(row)) damaged.set(kindOf(row.pk), (damaged.get(kindOf(row.pk)) ?? 0) + 1)
    hashes.push(row.hash)
    if (hashes.length < 1000) continue
    digest = digestWith(digest, hashes)
    hashes = []
  }
  digest = digestWith(digest, hashes)
  const { head } = table
  return [
    ...[...damaged].map(
      ([kind, count]) => `The kind ${kind} has ${plural(count, 'item that is', 'items that are')} not as written.`,
    ),
    ...(items === head.items
      ? []
      : [`The table should hold ${plural(head.items, 'item', 'items')} and holds ${items}.`]),
    ...(items === head.items && digest !== head.digest ? ['Items of the table are not those that were written.'] : []),
  ]
}

/** SQLite's words, which name pages and indexes, in one line. */
function structure(faults: readonly string[]): string[] {
  if (faults.length === 0) return []
  const words = faults.join('; ').replaceAll('*** in database main ***', '').replaceAll(/\s+/g, ' ').trim()
  return [`The table's structure is damaged (${words}).`]
}

const unreadable = (e: unknown): string =>
  `The table cannot be read (${(e as { errstr?: string }).errstr ?? (e as Error).name}).`

/**
 * Looks at the folder. `quick` compares the table with `head` and looks at its pages; `whole` also reads every item and
 * compares them with their hashes and sum. Possible while a host writes.
 */
export function inspect(folder: string, how: 'quick' | 'whole'): Inspection {
  const missing = [tableFile(folder), headFile(folder)].filter((file) => !existsSync(file))
  if (missing.length > 0) return { faults: missing.map((file) => `The file ${file} is missing.`), closed: false }
  // Before the table: what is acknowledged meanwhile is in the table then, and not missed.
  const acknowledged = readHead(headFile(folder))
  const noHead = acknowledged ? [] : [`The file ${headFile(folder)} cannot be read.`]
  const closed = acknowledged?.closed ?? false
  let table: TableFile | undefined
  try {
    table = TableFile.read(tableFile(folder))
    const opened = table
    const faults = opened.atOneMoment(() => [
      ...noHead,
      ...(acknowledged ? comparedHeads(opened.head, acknowledged) : []),
      ...structure(opened.faults(how)),
      ...(how === 'whole' ? comparedItems(opened) : []),
    ])
    return { faults, head: opened.head, closed }
  } catch (e) {
    return { faults: [...noHead, unreadable(e)], closed }
  } finally {
    table?.close()
  }
}

/** Opens both files for the one who writes. Throws `StoreDamaged` when they are not what was acknowledged. */
export function openTable(folder: string, seal?: Seal): { table: TableFile; head: HeadFile } {
  const quick = inspect(folder, 'quick')
  const isEnough = quick.faults.length > 0 || (quick.closed && statSync(tableFile(folder)).size > largestLookedAtWhole)
  const { faults } = isEnough ? quick : inspect(folder, 'whole')
  if (faults.length > 0) throw new StoreDamaged(faults.join(' '))
  const table = TableFile.open(tableFile(folder), seal)
  return { table, head: HeadFile.open(headFile(folder), table.head) }
}
