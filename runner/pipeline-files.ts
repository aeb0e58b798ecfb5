/** A pipeline run's folder: code and inputs in, artifacts out. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, chown, lstat, mkdir, open, readdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { Zip, ZipDeflate } from 'fflate'
import {
  artifactSlots,
  type PipelineManifest,
  type ReportedArtifact,
  type RunFile,
} from '../domain/pipelines/manifest.ts'
import { largestWrite } from '../ports/objects.ts'
import { type JobFolder, safePath } from './folders.ts'
import { LinkRefused, type PipelineIo, WrongBytes } from './pipeline-io.ts'

/** An input or a file of the code is not to be had, or not what was recorded. */
export class InputMissing extends Error {
  override name = 'InputMissing'
  readonly missing: string
  constructor(missing: string) {
    super('input missing')
    this.missing = missing
  }
}

const atOnce = 4

/** Fetches files below a folder. What begins with `#!` or is a program may be executed. */
async function fetchInto(
  folder: string,
  files: readonly RunFile[],
  io: PipelineIo,
  name: (file: RunFile) => string,
): Promise<void> {
  const left = [...files]
  await Promise.all(
    Array.from({ length: Math.min(atOnce, left.length) }, async () => {
      for (let file = left.shift(); file; file = left.shift()) {
        if (!safePath(file.path)) throw new RangeError('a file of the manifest is not below its folder')
        const to = join(folder, ...file.path.split('/'))
        await mkdir(dirname(to), { recursive: true, mode: 0o755 })
        try {
          await io.fetchTo(file.link, to, file)
        } catch (e) {
          if (e instanceof WrongBytes || e instanceof LinkRefused) throw new InputMissing(name(file))
          throw e
        }
        const handle = await open(to)
        const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
        await handle.close()
        await chmod(
          to,
          buffer.toString('latin1', 0, 2) === '#!' || buffer.toString('latin1') === '\x7fELF' ? 0o555 : 0o444,
        )
      }
    }),
  )
}

/**
 * `data/<input>/…`, `work/` with the code, `job/parameters.json`, and the places it may write. Belongs to `uid` where
 * there is one; inputs stay the runner's.
 */
export async function makePipelineFolder(
  job: JobFolder,
  manifest: PipelineManifest,
  io: PipelineIo,
  uid?: number,
): Promise<string> {
  const folder = join(job.path, 'run')
  await mkdir(folder, { mode: 0o755 })
  await Promise.all(['data', 'job', 'work', 'output', 'notes'].map((d) => mkdir(join(folder, d), { mode: 0o755 })))
  await writeFile(join(folder, 'job', 'parameters.json'), JSON.stringify(manifest.parameters), { mode: 0o444 })
  await fetchInto(join(folder, 'work'), manifest.code, io, (f) => f.path)
  for (const input of manifest.inputs) {
    if (!safePath(input.name) || input.name.includes('/'))
      throw new RangeError('a name of the manifest is not a plain one')
    await mkdir(join(folder, 'data', input.name), { mode: 0o755 })
    await fetchInto(join(folder, 'data', input.name), input.files, io, (f) => `${input.name}/${f.path}`)
  }
  if (uid !== undefined) {
    for (const name of ['work', 'output', 'notes']) {
      await chown(join(folder, name), uid, uid)
      await chmod(join(folder, name), 0o700)
    }
    for (const entry of await readdir(join(folder, 'work'), { recursive: true, withFileTypes: true }))
      if (entry.isDirectory()) await chown(join(entry.parentPath, entry.name), uid, uid)
    await chown(folder, uid, uid)
  }
  await chmod(folder, 0o700)
  return folder
}

interface Found {
  path: string
  file: string
  size: number
}

/**
 * Regular files of the output folder with names of one link, in order of their paths; what is no plain file, or has
 * another name elsewhere, is not the run's to give.
 */
async function foundIn(output: string): Promise<Found[]> {
  const found: Found[] = []
  for (const entry of await readdir(output, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const path = relative(output, file).split(sep).join('/')
    const stats = await lstat(file)
    if (stats.isFile() && stats.nlink === 1 && safePath(path) && path.isWellFormed())
      found.push({ path, file, size: stats.size })
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(file)) hash.update(part as Buffer)
  return hash.digest('hex')
}

/** A ZIP on disk, file by file, so that no file has to fit into memory. */
async function zipTo(path: string, files: readonly Found[]): Promise<void> {
  const out = await open(path, 'w', 0o600)
  try {
    const ready: Uint8Array[] = []
    const zip = new Zip((error, part) => {
      if (error) throw error
      ready.push(part)
    })
    const drain = async (): Promise<void> => {
      for (const part of ready.splice(0)) await out.write(part)
    }
    for (const file of files) {
      const entry = new ZipDeflate(file.path, { level: 6 })
      zip.add(entry)
      for await (const part of createReadStream(file.file, { highWaterMark: 1 << 20 })) {
        entry.push(part as Buffer)
        await drain()
      }
      entry.push(new Uint8Array(0), true)
      await drain()
    }
    zip.end()
    await drain()
  } finally {
    await out.close()
  }
}

/**
 * Hands the artifacts over: one slot each, the rest as one ZIP in the last slot. Files that do not fit into what may be
 * kept, or into one link, are left out and counted.
 */
export async function storeArtifacts(
  manifest: PipelineManifest,
  folder: string,
  io: PipelineIo,
): Promise<{ artifacts: ReportedArtifact[]; leftOut: number }> {
  let room = manifest.limits.outputBytes
  const all = await foundIn(join(folder, 'output'))
  const kept = all.filter((file) => {
    const fits = file.size <= room && file.size <= largestWrite
    if (fits) room -= file.size
    return fits
  })
  const slots = Math.min(artifactSlots, manifest.artifacts.length)
  const single = kept.length <= slots ? kept : kept.slice(0, Math.max(0, slots - 1))
  const rest = kept.slice(single.length)
  const artifacts: ReportedArtifact[] = []
  const left = single.map((f, slot) => ({ ...f, slot }))
  await Promise.all(
    Array.from({ length: Math.min(atOnce, left.length) }, async () => {
      for (let file = left.shift(); file; file = left.shift()) {
        artifacts.push({ path: file.path, slot: file.slot, size: file.size, sha256: await hashOf(file.file) })
        await io.putFile(manifest.artifacts[file.slot]!, file.file)
      }
    }),
  )
  artifacts.sort((a, b) => a.slot - b.slot)
  let leftOut = all.length - kept.length
  if (rest.length > 0 && slots > 0) {
    const zip = join(folder, 'rest.zip')
    await zipTo(zip, rest)
    if ((await lstat(zip)).size > largestWrite) leftOut += rest.length
    else {
      await io.putFile(manifest.artifacts[slots - 1]!, zip)
      for (const file of rest)
        artifacts.push({
          path: file.path,
          slot: slots - 1,
          zipped: true,
          size: file.size,
          sha256: await hashOf(file.file),
        })
    }
  }
  return { artifacts, leftOut }
}
