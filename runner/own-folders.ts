/**
 * Temporary folders that say whose they are: made for one process, readable for nobody else, removed with their work.
 * What a process that was killed has left is known by its name, and swept by whoever comes next.
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** What folders are made for. */
export type OwnFolder = 'run' | 'engine' | 'synthesis' | 'backup'
const owned = /^cloister-(run|engine|synthesis|backup)-(\d+)-(\d*)-/
/** Memory that is a file system, where a system has it. */
const memory = '/dev/shm'

/**
 * When a process began, in the kernel's ticks: tells it from a later one with the same id, and `gone` of one that has
 * ended and that its parent has not asked for yet. Empty where there is no /proc.
 */
export function processStartTime(pid: number | 'self'): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'gone' : (fields[19] ?? '')
  } catch {
    return ''
  }
}
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether the process of this id that began then is still there. */
const lives = (pid: number, born: string): boolean => alive(pid) && processStartTime(pid) === born

/** Whether a user other than root comes to what is below a folder. */
function passable(folder: string): boolean {
  for (let path = folder; path !== dirname(path); path = dirname(path))
    if ((statSync(path).mode & 0o001) === 0) return false
  return true
}

/**
 * Where folders are made: `TMPDIR`, which on a laptop is a folder of the host's home. As root, runs have users of their
 * own; where they could not pass through to it, memory is the only place that is not in the clear.
 */
export function workRoom(): string {
  const room = tmpdir()
  return process.getuid?.() !== 0 || passable(room) ? room : memory
}

/** Makes a folder of this process. */
export const makeOwnFolder = (kind: OwnFolder, root = workRoom()): Promise<string> =>
  mkdtemp(join(root, `cloister-${kind}-${process.pid}-${processStartTime('self')}-`))

/** The folders below `root` that are one process's, and whether that is alive. */
function ownFolders(root: string): { path: string; kind: OwnFolder; alive: boolean }[] {
  let names: string[] = []
  try {
    names = readdirSync(root)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const [, kind, pid, born] = owned.exec(name) ?? []
    if (kind === undefined) return []
    return [{ path: join(root, name), kind: kind as OwnFolder, alive: lives(Number(pid), born!) }]
  })
}

/** Whether a process that is alive has a folder of this kind. */
export const isAtWork = (kind: OwnFolder, root: string): boolean =>
  ownFolders(root).some((folder) => folder.kind === kind && folder.alive)

/** Folders whose process is gone (killed, or the power went). */
export const leftovers = (root: string): string[] =>
  ownFolders(root)
    .filter((folder) => !folder.alive)
    .map((folder) => folder.path)

/** Removes folders whose process is gone. */
export function sweepLeftovers(root = workRoom()): void {
  for (const path of leftovers(root)) {
    try {
      rmSync(path, { recursive: true, force: true })
    } catch {
      /* another user's: theirs to sweep */
    }
  }
}

/**
 * What is put together beside the place where it will be, hidden, and named there when it is whole: what a killed
 * process has left of it may be data in the clear.
 */
const unfinished = /^\..+\.(?:restoring|saving)-(\d+)-(\d*)-/

/** Where this process puts together what will be at `place`; ends in a hyphen, for a name that is not taken. */
export const besidePlace = (place: string, doing: 'restoring' | 'saving'): string =>
  join(dirname(place), `.${basename(place)}.${doing}-${process.pid}-${processStartTime('self')}-`)

/** Removes what processes that are gone have left beside `place`, whatever it was to be. */
export function sweepBeside(place: string): void {
  const folder = dirname(place)
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch {
    // There is no such folder yet, or it is nobody's business.
  }
  for (const name of names) {
    const [, pid, born] = unfinished.exec(name) ?? []
    if (pid === undefined || lives(Number(pid), born!)) continue
    try {
      rmSync(join(folder, name), { recursive: true, force: true })
    } catch {
      /* another user's: theirs to sweep */
    }
  }
}
