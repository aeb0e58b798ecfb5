/**
 * Temporary folders that say whose they are: made for one process, readable for nobody else, removed with their work.
 * What a process that was killed has left is known by its name, and swept by whoever comes next.
 */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

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
    const lives = alive(Number(pid)) && processStartTime(Number(pid)) === born
    return [{ path: join(root, name), kind: kind as OwnFolder, alive: lives }]
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
