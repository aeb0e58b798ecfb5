/**
 * What a home holds beside its table and its objects, and what must be the same when it is opened again: an item of the
 * table knows which files there were, and what they held when the host stopped. So a file that is gone, or an older one
 * in its place, is not taken for a new home.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConditionFailed, type Item, type Key, type Table } from '../../ports/table.ts'
import type { Finding, Part } from '../../domain/care/finding.ts'

/** Files that nobody can make anew, and where they are told of. */
export const cared: Readonly<Record<string, Part>> = {
  'keyring.json': 'keys',
  'secrets.json': 'secrets',
  'login.db': 'sign-in',
  'login-keys.json': 'sign-in',
  'demo.json': 'sign-in',
  'withdrawals.jsonl': 'restore',
}
/** Of these nothing ever changes. */
const constant: readonly string[] = ['secrets.json', 'demo.json']

interface HomeItem {
  /** The host has stopped, and the files were as they are here. */
  closed: boolean
  /** SHA-256 in hex, by name. */
  files: Record<string, string>
}
const homeKey: Key = { pk: 'HOME#', sk: 'FILES' }
/** Whether an item of the table is about the home itself, and no entity's. */
export const isOfHome = ({ pk }: Key): boolean => pk === homeKey.pk

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const lost = (home: string, name: string): Finding => ({
  part: cared[name] ?? 'secrets',
  says: `The file ${join(home, name)} is missing.`,
  todo: 'Put it back from a backup of this home; nothing was made in its place.',
  grade: 'damage',
})
const other = (home: string, name: string): Finding => ({
  part: cared[name] ?? 'secrets',
  says: `The file ${join(home, name)} is not what it was when the host stopped.`,
  todo: 'Put the newest one back from a backup; if you changed it yourself, say so with "cloister doctor --accept".',
  grade: 'damage',
})

/** Files that are gone, or others than they were. `known` is the table's item about them, where there is one. */
export async function fileFaults(home: string, known: Partial<HomeItem> | undefined): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, digest] of Object.entries(known?.files ?? {})) {
    const file = join(home, name)
    if (!existsSync(file)) findings.push(lost(home, name))
    else if ((known?.closed || constant.includes(name)) && (await digestOf(file)) !== digest)
      findings.push(other(home, name))
  }
  return findings
}

/** The table's item about the home's files. */
export const knownFiles = (table: Pick<Table, 'get'>): Promise<Item<HomeItem> | undefined> =>
  table.get<HomeItem>(homeKey)
/** The same, of an item that was read otherwise. */
export const asHomeItem = (item: Item): Partial<HomeItem> => item as Partial<HomeItem>

/** Notes which files there are, and with `closed` that they stay as they are until the next start. */
export async function noteFiles(home: string, table: Table, closed: boolean): Promise<void> {
  const there = Object.keys(cared).filter((name) => existsSync(join(home, name)))
  const files = Object.fromEntries(
    await Promise.all(there.map(async (name) => [name, await digestOf(join(home, name))] as const)),
  )
  for (;;) {
    const before = await knownFiles(table)
    const item = { ...homeKey, closed, files }
    try {
      if (before) await table.replace(item, before.rev!)
      else await table.create(item)
      return
    } catch (e) {
      if (!(e instanceof ConditionFailed)) throw e
    }
  }
}
