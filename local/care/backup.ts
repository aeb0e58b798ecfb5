/**
 * The program behind `cloister backup`: a home as of one moment, encrypted, while its host may run. The table is copied
 * as SQLite's online backup does it; whatever else there is, is at least as new: objects that the copy names stay where
 * they are until the backup is done (`held` of adapters/local/objects.ts), and keys are only ever added.
 */
import { createReadStream, existsSync } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'
import { syncFolder } from '../../adapters/local/durable.ts'
import { fileOf } from '../../adapters/local/object-records.ts'
import type { Seal } from '../../adapters/local/seal.ts'
import { TableFile } from '../../adapters/local/table-file.ts'
import { headFile, inspect, tableFile } from '../../adapters/local/table-folder.ts'
import { type Head, HeadFile, readHead } from '../../adapters/local/table-head.ts'
import { examinationExits } from '../../domain/care/finding.ts'
import { besidePlace, makeOwnFolder, sweepBeside, sweepLeftovers } from '../../runner/own-folders.ts'
import { copyName } from '../conversion.ts'
import { storeFolder } from '../store.ts'
import { Trouble } from '../trouble.ts'
import { decrypted, encrypted, newFileKey } from './age.ts'
import { type Lock, NotOpened } from './age-keys.ts'
import { ArchiveDamaged, type Listed, type Manifest, packed, type Source, unpacked } from './archive.ts'
import { type RecordedObject, seenIn } from './look-items.ts'
import { isHome } from './look.ts'
import { faultOf } from './look-objects.ts'
import { Misused, program, unwritten, type Voice } from './program.ts'
import { lockOf, type LockOptions } from './who-opens.ts'
import { carriedKey } from './carried-key.ts'
import { sealName } from './seal-file.ts'
import { unlock } from './unlock.ts'

export interface BackupOptions extends LockOptions {
  home: string
  file: string
  force?: boolean
  json?: boolean
}

/** What a home makes anew: of processes, of a host that runs, and the host's own log. */
const passing = new Set([
  copyName,
  'store',
  'objects',
  'work',
  'engine',
  'runners',
  'lock',
  'host.json',
  '.probe',
  'restored.json',
  sealName,
])
const isPassing = (name: string): boolean =>
  passing.has(name) || name.startsWith('cloister.log') || /-(wal|shm|journal)$|\.new$/.test(name)

/** The name of the table in a backup. */
export const tableName = 'store/table.sqlite'

async function copyOf(database: string, to: string): Promise<void> {
  const source = new DatabaseSync(database, { readOnly: true })
  try {
    // All pages in one step: one moment, which no writer has to wait for, and which starts no second time.
    await copyDatabase(source, to, { rate: 2 ** 30 })
  } finally {
    source.close()
  }
}

/** Copies the table into `folder` and looks at the copy: whole, and not older than what was acknowledged before. */
async function copyTable(home: string, folder: string): Promise<Head> {
  const acknowledged = readHead(headFile(storeFolder(home)))
  await copyOf(tableFile(storeFolder(home)), tableFile(folder))
  if (acknowledged) HeadFile.make(headFile(folder), acknowledged)
  const { faults, head } = inspect(folder, 'whole')
  if (!head || faults.length > 0)
    throw new Trouble(`The table is damaged, and was not saved: ${faults.join(' ')} "cloister doctor" says more.`)
  return head
}

function objectsIn(folder: string, seal: Seal | undefined): RecordedObject[] {
  const table = TableFile.read(tableFile(folder), seal)
  try {
    return seenIn(table).objects
  } finally {
    table.close()
  }
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  )

/** Files of the home that are neither the table nor objects nor passing; databases as copies in `folder`. */
async function* otherFiles(home: string, folder: string): AsyncGenerator<Source> {
  for (const name of await readdir(home)) {
    if (isPassing(name)) continue
    const path = join(home, name)
    // Where nothing is in the log beside a database, the file is the database.
    if ((await sizeOf(`${path}-wal`)) > 0) {
      const copy = join(folder, name)
      await copyOf(path, copy)
      yield { name, file: copy }
    } else yield* filesAt(path, name)
  }
}

/** The file at `path`, or all below the folder there; what a link stands for is saved in its place. */
async function* filesAt(path: string, name: string): AsyncGenerator<Source> {
  const there = await stat(path).catch(async (error: unknown) => {
    // What was removed meanwhile is gone; a link is still there, and leads nowhere.
    if (await lstat(path).catch(() => undefined))
      throw new Trouble(
        `${path} cannot be followed (${(error as NodeJS.ErrnoException).code}), so the backup would not be whole.`,
      )
    return undefined
  })
  if (there?.isFile()) yield { name, file: path }
  else if (there?.isDirectory())
    for (const below of await readdir(path)) yield* filesAt(join(path, below), `${name}/${below}`)
}

/** Objects of the copied table. What is damaged is not saved, and named. */
async function* objectFiles(
  home: string,
  seal: Seal | undefined,
  objects: RecordedObject[],
  missing: string[],
): AsyncGenerator<Source> {
  const placed = { folder: join(home, 'objects'), seal }
  for (const object of objects) {
    const { bucket, key, record } = object
    const file = fileOf(placed.folder, bucket, key, record)
    if (await faultOf(placed, object, 'whole')) missing.push(`${bucket}/${key}`)
    else yield { name: relative(home, file), file }
  }
}

async function* chained<T>(...sources: AsyncIterable<T>[]): AsyncGenerator<T> {
  for (const source of sources) yield* source
}
async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

/** Reads a backup to its end, and throws where it is not what was written. */
async function readBack(file: string, fileKey: Buffer, voice: Voice): Promise<Manifest> {
  let read = 0
  return unpacked(decrypted(createReadStream(file), { fileKey }), async (_, body) => {
    for await (const chunk of body) {
      read += chunk.length
      voice.progress(`reading back: ${megabytes(read)}`)
    }
  })
}

interface Made {
  manifest: Manifest
  bytes: number
}

async function make(
  options: BackupOptions & { seal: Seal | undefined },
  lock: Lock,
  folder: string,
  voice: Voice,
): Promise<Made> {
  const { home, file, seal } = options
  voice.progress('the table')
  const head = await copyTable(home, folder)
  const missing: string[] = []
  const manifestOf = (files: Listed[]): Manifest => ({
    kind: 'cloister-backup',
    format: 1,
    created: new Date().toISOString(),
    store: { id: head.store, commits: head.commits, items: head.items, digest: head.digest },
    files,
    missing,
  })
  const sources = chained(
    one<Source>({ name: tableName, file: tableFile(folder) }),
    otherFiles(home, folder),
    ...(seal ? [one(carriedKey(seal))] : []),
    objectFiles(home, seal, objectsIn(folder, seal), missing),
  )
  let bytes = 0
  const archive = packed(sources, manifestOf, (more) => {
    bytes += more
    voice.progress(`saving: ${megabytes(bytes)}`)
  })
  const unfinished = `${besidePlace(file, 'saving')}age`
  try {
    const fileKey = newFileKey()
    const place = await open(unfinished, 'wx', 0o600).catch(unwritten(file))
    await pipeline(encrypted(archive, lock, fileKey), place.createWriteStream())
    const handle = await open(unfinished, 'r+')
    await handle.sync().finally(() => handle.close())
    const manifest = await readBack(unfinished, fileKey, voice)
    await rename(unfinished, file)
    await syncFolder(dirname(file))
    return { manifest, bytes }
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** Refuses a place where a backup cannot be, before anything is done for it. */
async function refuseTarget({ home, file, force }: BackupOptions): Promise<void> {
  const there = await stat(file).catch(() => undefined)
  if (there && !there.isFile()) throw new Misused(`${file} is no file, and is not written over.`)
  const folder = dirname(file)
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new Misused(`${folder} is no folder: make it first, or name another.`)
  // As the disk has them: a link may lead into the home.
  const way = relative(await realpath(home), await realpath(folder))
  if (way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)))
    throw new Misused('Save the backup outside of the home.')
  if (there && !force) throw new Misused(`${file} is there already; --force writes over it.`)
}

async function backup(options: BackupOptions, voice: Voice): Promise<number> {
  const { home, file } = options
  if (!isHome(home) || !existsSync(storeFolder(home)))
    throw new Misused(`There is no home of Cloister at ${home}, or none that this version has opened yet.`)
  await refuseTarget(options)
  const lock = await lockOf(options)
  const seal = await unlock(home)
  const work = join(home, 'work')
  await mkdir(work, { recursive: true, mode: 0o700 })
  sweepLeftovers(work)
  sweepBeside(file)
  // From here on a host removes no file that the copy of its table could name.
  const folder = await makeOwnFolder('backup', work)
  try {
    const { manifest, bytes } = await make({ ...options, seal }, lock, folder, voice)
    const { missing, files, created } = manifest
    const losses = missing.map((name) => `The object ${name} is damaged, and is not in the backup.`)
    const saved = `${files.length} files (${megabytes(bytes)}) as of ${created} were saved to ${file}, and read back.`
    const answer = { file, created, files: files.length, bytes, missing }
    voice.answer(options.json ? JSON.stringify(answer, null, 2) : [...losses, saved].join('\n'))
    return missing.length > 0 ? examinationExits.damaged : examinationExits.whole
  } catch (e) {
    if (e instanceof NotOpened || e instanceof ArchiveDamaged)
      throw new Trouble(
        `The backup could not be read back as it was written, and was removed. Look at the disk of ${file}.`,
      )
    throw e
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await program(backup)
