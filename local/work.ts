/**
 * The folder of a home in which engine and runners work. Rows lie in the clear there for as long as a request or a run
 * lasts, and nowhere outside of the home.
 */
import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isAtWork, sweepBeside, sweepLeftovers } from '../runner/own-folders.ts'
import { Trouble } from './trouble.ts'

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

/** Where Linux keeps files in memory, and how its file system says that it does. */
const memory = '/dev/shm'
const memoryType = 0x0102_1994
/** Less is no room for an engine. */
const leastMemory = 256 * 1024 * 1024

/** Where folders of a home that is sealed may be made: memory, or what the operator says is. */
async function memoryRoom(): Promise<string> {
  const said = process.env['CLOISTER_WORK']
  const room = said || memory
  const found = await statfs(room).catch(() => undefined)
  if (!found || (!said && found.type !== memoryType))
    throw new Trouble(
      `A sealed home works in memory, and this system has no ${memory} that is. Name a folder on a disk that is kept in memory, or is encrypted, in CLOISTER_WORK.`,
    )
  const free = found.bavail * found.bsize
  if (free < leastMemory)
    throw new Trouble(
      `A sealed home works in memory, and ${room} has ${Math.floor(free / 2 ** 20)} MB left; it takes ${leastMemory / 2 ** 20} at least, and as much as the datasets of one question. Enlarge it, or name another folder in CLOISTER_WORK.`,
    )
  return room
}

/**
 * The folder in memory in which engine and runners of a sealed home work. A `Trouble` where there is none, or too
 * little, or somebody else has taken its name.
 */
export async function memoryFor(home: string): Promise<string> {
  const name = createHash('sha256').update(resolve(home)).digest('hex').slice(0, 16)
  const folder = join(await memoryRoom(), `cloister-work-${process.getuid?.() ?? ''}-${name}`)
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(folder)
  const isOurs = found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())
  if (!isOurs) throw new Trouble(`${folder} is another user's. Remove it, or name another folder in CLOISTER_WORK.`)
  // As root, runs have users of their own.
  await chmod(folder, process.getuid?.() === 0 ? 0o711 : 0o700)
  return folder
}

/**
 * Makes the folder, and removes what was left in it. For the start, when this host alone has the home. Of a home that
 * is sealed it lies in memory.
 */
export async function prepareWork(home: string, sealed = false): Promise<string> {
  const beside = join(home, 'work')
  await mkdir(beside, { recursive: true, mode: 0o700 })
  sweepLeftovers(beside)
  const work = sealed ? await memoryFor(home) : beside
  sweepLeftovers(work)
  sweepBeside(home)
  // Version 0.1.0 kept copies of datasets there.
  await rm(join(home, 'engine'), { recursive: true, force: true })
  if (process.getuid?.() === 0) await letRunsPass(home)
  await sweepFormer()
  return work
}

/** Whether somebody makes a backup of the home now, who says so by a folder of theirs. */
export const isBackedUp = (home: string): Promise<boolean> => Promise.resolve(isAtWork('backup', join(home, 'work')))
