/** Keys, sign-in and secrets of a home: there, whole, their owner's alone, and the ones that sealed what is stored. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Finding, Part } from '../../domain/care/finding.ts'
import { localKeys, ringFaults } from '../../adapters/local/keys.ts'
import { openText, type Seal } from '../../adapters/local/seal.ts'
import { tokenOf } from '../../functions/runs/codes.ts'
import type { Seen } from './look-items.ts'

const restore = 'Put it back from a backup of this home; without it nobody can open what was sealed to it.'
const damage = (part: Part, says: string, todo: string): Finding => ({ part, says, todo, grade: 'damage' })

/** Names of a home's files that are their owner's alone. */
const secret = ['keyring.json', 'secrets.json', 'login.db', 'login-keys.json'] as const

async function exposed(home: string): Promise<Finding[]> {
  if (process.platform === 'win32') return []
  const findings: Finding[] = []
  for (const name of secret) {
    const file = join(home, name)
    const mode = await stat(file).then(
      (stats) => stats.mode & 0o777,
      () => 0,
    )
    if ((mode & 0o077) !== 0)
      findings.push({
        part: name === 'keyring.json' ? 'keys' : 'secrets',
        says: `Others may read ${file} (mode ${mode.toString(8)}).`,
        todo: `Make it private: chmod 600 ${file}, or "cloister doctor --repair".`,
        grade: 'damage',
        repair: { does: 'close', file },
      })
  }
  return findings
}

/** One run of each key pair is opened: where that works, all of them can be. */
async function openings(home: string, { runs, organisations }: Seen, seal: Seal | undefined): Promise<Finding[]> {
  const keys = localKeys({ file: join(home, 'keyring.json'), seal })
  const findings: Finding[] = []
  const samples = new Map<string, string | undefined>(organisations.map(({ kid }) => [kid, undefined]))
  for (const { kid, wrappedKey } of runs.values()) if (wrappedKey !== undefined) samples.set(kid, wrappedKey)
  for (const [kid, wrapped] of samples) {
    const opened = wrapped === undefined ? keys.publicKey(kid) : keys.unwrap(kid, Buffer.from(wrapped, 'base64url'))
    const failed = await opened.then(
      () => undefined,
      (e: unknown) => (e as Error).name,
    )
    if (failed === 'KeyMissing')
      findings.push(damage('keys', `The keyring has no key ${kid}, to which runs are sealed.`, restore))
    else if (failed) findings.push(damage('keys', `The key ${kid} does not open what was sealed to it.`, restore))
  }
  const [runId, run] = runs.entries().next().value ?? []
  if (
    runId !== undefined &&
    createHash('sha256')
      .update(await tokenOf({ keys }, runId))
      .digest('hex') !== run!.tokenHash
  )
    findings.push(
      damage('keys', 'The keyring’s MAC key is not the one that run tokens and pseudonyms were made with.', restore),
    )
  return findings
}

async function keyring(home: string, seen: Seen, seal: Seal | undefined): Promise<Finding[]> {
  const file = join(home, 'keyring.json')
  const needed = seen.organisations.length > 0 || seen.runs.size > 0
  if (!existsSync(file)) return needed ? [damage('keys', `The keyring ${file} is missing.`, restore)] : []
  const faults = await ringFaults(file, seal)
  if (faults.length > 0)
    return faults.map((fault) => damage('keys', `The keyring ${file} is damaged: ${fault}.`, restore))
  return openings(home, seen, seal)
}

const unreadable = (part: Part, file: string): Finding =>
  damage(part, `The file ${file} cannot be read as it was written.`, 'Put it back from a backup of this home.')

async function json(
  { home, seal }: { home: string; seal: Seal | undefined },
  name: string,
  part: Part,
  isRight: (value: never) => boolean,
): Promise<Finding[]> {
  const file = join(home, name)
  if (!existsSync(file)) return []
  try {
    return isRight(JSON.parse(openText(seal, name, await readFile(file, 'utf8'))) as never)
      ? []
      : [unreadable(part, file)]
  } catch {
    return [unreadable(part, file)]
  }
}

function signIn(home: string): Finding[] {
  const file = join(home, 'login.db')
  if (!existsSync(file)) return []
  try {
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      const said = database
        .prepare('pragma integrity_check(1)')
        .all()
        .map((row) => String(Object.values(row)[0]))
      database.prepare('select count(*) from accounts').get()
      return said[0] === 'ok' ? [] : [unreadable('sign-in', file)]
    } finally {
      database.close()
    }
  } catch {
    return [unreadable('sign-in', file)]
  }
}

/** Everything that is said of keys, sign-in and secrets. */
export async function lookAtKeys(home: string, seen: Seen, seal: Seal | undefined): Promise<Finding[]> {
  return [
    ...(await exposed(home)),
    ...(await keyring(home, seen, seal)),
    ...(await json(
      { home, seal },
      'secrets.json',
      'secrets',
      (value: { objects?: string }) => Buffer.from(value.objects ?? '', 'base64').length === 32,
    )),
    ...(await json({ home, seal }, 'login-keys.json', 'sign-in', (value: object) => Object.keys(value).length > 0)),
    ...signIn(home),
  ]
}
