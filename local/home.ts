/** The host's folder: made, tried, and watched for a full disk. */
import { randomBytes } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../adapters/local/durable.ts'
import { readJson, writeWhole } from './files.ts'
import { systemTrouble } from './trouble.ts'

const leastFree = 30 * 1024 * 1024

/** Whether the disk is so full that a store may have died of it. */
export const isFull = (home: string): boolean => {
  const { bavail, bsize } = statfsSync(home)
  return bavail * bsize < 8 * 1024 * 1024
}

/** Makes the home and finds out whether it can be used; `Trouble` says what to do otherwise. */
export async function prepareHome(home: string): Promise<{ objects: string }> {
  try {
    await makeFolder(home)
    const { bavail, bsize } = await statfs(home)
    if (bavail * bsize < leastFree) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    const kept = await readJson<{ objects: string }>(join(home, 'secrets.json'))
    if (kept) {
      await writeWhole(join(home, '.probe'), '')
      await rm(join(home, '.probe'))
      return kept
    }
    const made = { objects: randomBytes(32).toString('base64') }
    await writeWhole(join(home, 'secrets.json'), JSON.stringify(made))
    return made
  } catch (e) {
    throw systemTrouble(e, `The folder ${home}`) ?? e
  }
}
