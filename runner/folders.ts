/** A job's temporary folder: made for one runner, removed with it. */
import { existsSync, rmSync } from 'node:fs'
import { chmod, chown, cp, link, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeOwnFolder } from './own-folders.ts'

const here = dirname(fileURLToPath(import.meta.url))

export interface JobFolder {
  path: string
  inside: string
  store: string
  remove(): void
}

/** Files that run inside a confinement lie beside this program, in a bundle too. */
const source = (name: string): string => join(here, name)

/**
 * Makes the job's folder with a copy of what runs inside, which a run's own user can read wherever the program itself
 * lies.
 */
export async function makeJobFolder(root?: string): Promise<JobFolder> {
  const path = await makeOwnFolder('run', root)
  const inside = join(path, 'inside')
  const store = join(path, 'store')
  await mkdir(store, { mode: 0o700 })
  await cp(source('inside'), inside, { recursive: true })
  await cp(source('helpers'), join(inside, 'helpers'), { recursive: true })
  await Promise.all([inside, join(inside, 'helpers')].map((d) => chmod(d, 0o755)))
  // Others may pass through, but only to what they know and own.
  await chmod(path, 0o711)
  return {
    path,
    inside,
    store,
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Whether a path of a manifest stays below the folder it is meant for. */
export const safePath = (path: string): boolean =>
  path.length > 0 &&
  path.length <= 500 &&
  !path.includes('\0') &&
  !path.includes('\\') &&
  normalize(path) === path &&
  !path.startsWith('/') &&
  !path.split('/').some((p) => p === '..' || p === '.' || p === '')

export interface RunFiles {
  dataset: string
  /** Below the dataset's folder. */
  tables: { file: string; bytes: Uint8Array }[]
  /** Files already on disk, shared between runs: linked, not copied. */
  linked: { file: string; from: string }[]
  job: { file: string; bytes: Uint8Array | string }[]
}

/**
 * One run's folder: `data/catalogs/<dataset>/`, `job/`, and the places it may write. Belongs to `uid` where there is
 * one; data stays the runner's.
 */
export async function makeRunFolder(job: JobFolder, name: string, files: RunFiles, uid?: number): Promise<string> {
  const folder = join(job.path, name)
  const data = join(folder, 'data', 'catalogs', files.dataset)
  await mkdir(data, { recursive: true, mode: 0o755 })
  await Promise.all(['job', 'work', 'output', 'notes'].map((d) => mkdir(join(folder, d), { mode: 0o755 })))
  const made = new Set<string>()
  const place = async (file: string): Promise<string> => {
    if (!safePath(file)) throw new RangeError('a file of the manifest is not below its folder')
    const to = join(data, ...file.split('/'))
    const parent = dirname(to)
    if (!made.has(parent) && parent !== data) {
      await mkdir(parent, { recursive: true, mode: 0o755 })
      made.add(parent)
    }
    return to
  }
  for (const table of files.tables) await writeFile(await place(table.file), table.bytes, { mode: 0o444 })
  for (const linked of files.linked) {
    const to = await place(linked.file)
    if (!existsSync(to)) await link(linked.from, to)
  }
  for (const j of files.job) await writeFile(join(folder, 'job', j.file), j.bytes, { mode: 0o444 })
  if (uid !== undefined) {
    for (const name of ['work', 'output', 'notes']) {
      await chown(join(folder, name), uid, uid)
      await chmod(join(folder, name), 0o700)
    }
    await chown(folder, uid, uid)
  }
  await chmod(folder, 0o700)
  return folder
}

/** Where a volume is kept in the job's store: one flat name each. */
export const storedName = (file: string): string => encodeURIComponent(file.split(sep).join('/')).slice(0, 240)

/**
 * A user for a run: no two live runners share one, because a process id has one holder. 0 to 63 per runner, from a
 * range that no system hands out. Undefined when this process may not change users.
 */
export const userFor = (slot: number): number | undefined =>
  process.platform === 'linux' && process.getuid?.() === 0 ? 1_600_000_000 + process.pid * 64 + (slot % 64) : undefined
