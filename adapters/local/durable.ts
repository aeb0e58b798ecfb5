/**
 * The discipline of files that outlive a power cut: what a file holds is synced before its name is, and its name with
 * the folder. Whoever answers that something is kept, or gone, has done both.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Puts what was written to a file on the disk. */
export const syncFile = (file: string): Promise<void> => sync(file, 'r+')

/** Puts the names in a folder on the disk: files made, moved and removed. */
export const syncFolder = (folder: string): Promise<void> =>
  process.platform === 'win32' ? Promise.resolve() : sync(folder, 'r')

/** Whether there is something under a name, of whatever kind. */
const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

/** Folders whose names this process has seen on the disk, or is about to. */
const settled = new Map<string, Promise<void>>()
const mostSettled = 10_000

/** A folder above the home may be one that this user cannot read: it was there before, and is not ours to sync. */
const notOurs = (error: unknown): void => {
  if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
}

function settle(folder: string): Promise<void> {
  const parent = dirname(folder)
  if (parent === folder) return Promise.resolve()
  const known = settled.get(folder)
  if (known) return known
  if (settled.size >= mostSettled) settled.clear()
  const done = settle(parent)
    .then(() => syncFolder(parent))
    .catch(notOurs)
  settled.set(folder, done)
  done.catch(() => settled.delete(folder))
  return done
}

/**
 * Makes a folder and those above it, and returns when their names are on the disk, whoever made them: one that is there
 * may have been made a moment ago by somebody who has not synced it yet, or was killed before. One by one: Node's own
 * way with `recursive` never comes back in a place that is no place for files, such as below /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder)
  const missing: string[] = []
  for (let at = path; !(await isThere(at)); at = dirname(at)) missing.unshift(at)
  for (const one of missing) {
    await mkdir(one, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await stat(one)).isDirectory()) throw error
    })
    settled.delete(one)
  }
  await settle(path)
}

/**
 * Writes a file whole or not at all, readable by its owner only: it is written as `temporary`, on the same file system,
 * and moved to `path`, whose folder is made if it is missing. On the disk when this returns.
 */
export async function writeWhole(
  path: string,
  temporary: string,
  write: (handle: FileHandle) => Promise<unknown>,
): Promise<void> {
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await write(handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await makeFolder(dirname(path))
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (e) {
    await rm(temporary, { force: true })
    throw e
  }
}

/** Removes a file if it is there; it stays gone. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncFolder(dirname(path))
}
