/**
 * The folder of a home in which engine and runners work. Rows lie in the clear there for as long as a request or a run
 * lasts, and nowhere outside of the home.
 */
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAtWork, sweepLeftovers } from '../runner/own-folders.ts'

/** Folders that version 0.1.0 made in the system's temporary folder; their names do not say whose they are. */
const former = /^cloister-(?:engine|synthesis|data)-[A-Za-z0-9]{6}$/
/** Nothing that made one of these lasts longer. */
const formerMilliseconds = 24 * 3600 * 1000

/** Removes what killed processes of version 0.1.0 have left; what is another user's stays. */
export async function sweepFormer(folder = tmpdir(), now = Date.now()): Promise<void> {
  sweepLeftovers(folder)
  for (const name of await readdir(folder)) {
    if (!former.test(name)) continue
    const path = join(folder, name)
    const made = await stat(path).catch(() => undefined)
    if (!made || made.uid !== process.getuid?.() || now - made.mtimeMs < formerMilliseconds) continue
    await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

/**
 * As root, runs have users of their own, who must be able to pass through the home to their folders below `work`: they
 * may, and everything else in it is closed to them.
 */
async function letRunsPass(home: string): Promise<void> {
  for (const entry of await readdir(home, { withFileTypes: true })) {
    const path = join(home, entry.name)
    if (entry.isFile()) await chmod(path, 0o600)
    if (entry.isDirectory()) await chmod(path, entry.name === 'work' ? 0o711 : 0o700)
  }
  await chmod(home, 0o711)
}

/** Makes the folder, and removes what was left in it. For the start, when this host alone has the home. */
export async function prepareWork(home: string): Promise<string> {
  const work = join(home, 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  sweepLeftovers(work)
  // Version 0.1.0 kept copies of datasets there.
  await rm(join(home, 'engine'), { recursive: true, force: true })
  if (process.getuid?.() === 0) await letRunsPass(home)
  await sweepFormer()
  return work
}

/** Whether somebody makes a backup of the home now, who says so by a folder of theirs. */
export const isBackedUp = (home: string): Promise<boolean> => Promise.resolve(isAtWork('backup', join(home, 'work')))
