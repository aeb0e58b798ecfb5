/**
 * What a home holds beside its table and its objects, and what must be the same when it is opened again: an item of the
 * table knows which files there were, and what they held when the host stopped. So a file that is gone, or an older one
 * in its place, is not taken for a new home.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
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
  /** SHA-256 in hex, and of how many bytes, by name. */
  files: Record<string, { sha256: string; size: number }>
}
const homeKey: Key = { pk: 'HOME#', sk: 'FILES' }
/** Whether an item of the table is about the home itself, and no entity's. */
export const isOfHome = ({ pk }: Key): boolean => pk === homeKey.pk

/** The digest of a file's first bytes, as many as `size` says. */
async function digestOf(file: string, size: number): Promise<string> {
  const hash = createHash('sha256')
  if (size > 0) for await (const chunk of createReadStream(file, { end: size - 1 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Whether a file holds what it held. The list of withdrawals may have grown: one that was under way is noted still. */
async function isSame(
  home: string,
  name: string,
  { sha256, size }: { sha256: string; size: number },
): Promise<boolean> {
  const now = (await stat(join(home, name))).size
  const grown = name === 'withdrawals.jsonl' && now > size
  return (now === size || grown) && (await digestOf(join(home, name), size)) === sha256
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
  for (const [name, held] of Object.entries(known?.files ?? {})) {
    if (!existsSync(join(home, name))) findings.push(lost(home, name))
    else if ((known?.closed || constant.includes(name)) && !(await isSame(home, name, held)))
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
    await Promise.all(
      there.map(async (name) => {
        const { size } = await stat(join(home, name))
        return [name, { sha256: await digestOf(join(home, name), size), size }] as const
      }),
    ),
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
