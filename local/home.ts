/** The host's folder: made, tried, and watched for a full disk. */
import { randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { makeFolder } from '../adapters/local/durable.ts'
import { isSealedText, openText, type Seal } from '../adapters/local/seal.ts'
import { readJson, readText, writeWhole } from './files.ts'
import { systemTrouble, Unanswered } from './trouble.ts'

const leastFree = 30 * 1024 * 1024

/** Whether the disk is so full that a store may have died of it. */
export const isFull = (home: string): boolean => {
  const { bavail, bsize } = statfsSync(home)
  return bavail * bsize < 8 * 1024 * 1024
}

/** What the store and everything beside it ask of a file system: a file is written whole, and found again as it was. */
async function tryFiles(home: string): Promise<void> {
  const probe = join(home, '.probe')
  const said = randomBytes(32).toString('base64')
  await writeWhole(probe, JSON.stringify(said))
  const found = await readJson<string>(probe)
  await rm(probe)
  if (found !== said) throw Object.assign(new Error('other bytes'), { code: 'EIO' })
}

/** What the host has for itself: by which links to objects and the address of letters are made. */
interface Secrets {
  objects: string
}
const secretsName = 'secrets.json'

async function prepare(home: string): Promise<string> {
  await makeFolder(home)
  if (!(await stat(home)).isDirectory()) throw Object.assign(new Error('no folder'), { code: 'ENOTDIR' })
  const { bavail, blocks, bsize } = await statfs(home)
  // Where there are no blocks at all, nothing was ever kept.
  if (blocks === 0) throw Object.assign(new Error('no file system'), { code: 'ENOTSUP' })
  if (bavail * bsize < leastFree) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
  await tryFiles(home)
  const kept = await readText(join(home, secretsName))
  if (kept !== undefined) return kept
  const made = JSON.stringify({ objects: randomBytes(32).toString('base64') } satisfies Secrets)
  await writeWhole(join(home, secretsName), made)
  return made
}

/** A home that can be used. */
export interface PreparedHome {
  /** Whether its files say that they are sealed. */
  sealed: boolean
  /** The host's secrets; `seal` is the home's, where it has one. */
  secrets: (seal: Seal | undefined) => Secrets
}

/**
 * Makes the home and finds out whether it can be used; `Trouble` says what to do otherwise, also when the place does
 * not answer for so many milliseconds (a server of files that is away).
 */
export async function prepareHome(home: string, patience = 10_000): Promise<PreparedHome> {
  const enough = new AbortController()
  const silence = setTimeout(patience, undefined, { signal: enough.signal }).then(() => {
    throw new Unanswered(
      `The folder ${home} does not answer. If it lies on another machine, look whether that is there, or set CLOISTER_HOME to another folder.`,
    )
  })
  silence.catch(() => {})
  try {
    const text = await Promise.race([prepare(home), silence])
    return {
      sealed: isSealedText(text),
      secrets: (seal) => JSON.parse(openText(seal, secretsName, text)) as Secrets,
    }
  } catch (e) {
    throw systemTrouble(e, `The folder ${home}`) ?? e
  } finally {
    enough.abort()
  }
}
