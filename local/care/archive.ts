/** An archive of files: a tar whose last entry lists them all with their digests, so that one can tell it is whole. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { type Extract, extract, type Header, pack } from 'tar-stream'

/** A file that is to be packed, under the name it has in the archive. */
export type Source = { name: string } & (
  | { bytes: Uint8Array }
  | {
      file: string
      /** Where its bytes begin, and how many there are; the whole file by default. */
      start?: number
      size?: number
    }
)
export interface Listed {
  name: string
  size: number
  sha256: string
}
/** The last entry. */
export interface Manifest {
  kind: 'cloister-backup'
  format: 1
  /** ISO 8601. */
  created: string
  /** How far the table had come. */
  store: { id: string; commits: number; items: number; digest: string }
  files: Listed[]
  /** Files that were damaged before, and are not in it. */
  missing: string[]
}

const manifestName = 'manifest.json'
/** Made again by its reader; the file's own says nothing. */
const headers = { mode: 0o600, mtime: new Date(0), uid: 0, gid: 0 } as const

/** An archive is not what was written, or no archive. */
export class ArchiveDamaged extends Error {
  override name = 'ArchiveDamaged'
}

const drained = (stream: { once(event: 'drain', hear: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => {
    stream.once('drain', () => resolve())
  })

/** Bytes of a file that grows or shrinks meanwhile: as many as were announced, or an error. */
async function* exactly(
  file: string,
  start: number,
  size: number,
  hear: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  let left = size
  if (size > 0)
    for await (const chunk of createReadStream(file, { start, end: start + size - 1 })) {
      left -= (chunk as Buffer).length
      hear(chunk as Buffer)
      yield chunk as Buffer
    }
  if (left !== 0) throw new ArchiveDamaged(`${file} became shorter`)
}

/** What is packed of a source, and how many bytes that are. */
async function bodyOf(
  source: Source,
  hear: (chunk: Uint8Array) => void,
): Promise<{ length: number; body: AsyncIterable<Uint8Array> }> {
  if ('bytes' in source) {
    hear(source.bytes)
    return { length: source.bytes.length, body: Readable.from([source.bytes]) }
  }
  const { file, start = 0, size } = source
  const length = size ?? (await stat(file)).size - start
  return { length, body: exactly(file, start, length, hear) }
}

/**
 * The bytes of an archive of these files. `manifest` makes the last entry of what was packed. `each` hears of every
 * file, before it is packed.
 */
export function packed(
  sources: AsyncIterable<Source>,
  manifest: (files: Listed[]) => Manifest,
  packing: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  const tar = pack()
  const entry = async (header: Pick<Header, 'name' | 'size'>, body: AsyncIterable<Uint8Array>): Promise<void> => {
    const writing = tar.entry({ ...headers, ...header })
    for await (const chunk of body) {
      if (!writing.write(chunk)) await drained(writing)
      packing(chunk.length)
    }
    await new Promise<void>((resolve, reject) => {
      writing.once('error', reject)
      writing.once('finish', () => resolve())
      writing.end(undefined)
    })
  }
  const all = async (): Promise<void> => {
    const files: Listed[] = []
    for await (const source of sources) {
      const { name } = source
      const hash = createHash('sha256')
      const { length, body } = await bodyOf(source, (chunk) => void hash.update(chunk))
      await entry({ name, size: length }, body)
      files.push({ name, size: length, sha256: hash.digest('hex') })
    }
    const text = Buffer.from(`${JSON.stringify(manifest(files), null, 1)}\n`)
    await entry({ name: manifestName, size: text.length }, Readable.from([text]))
    tar.finalize()
  }
  all().catch((e: unknown) => tar.destroy(e as Error))
  return tar as unknown as AsyncIterable<Uint8Array>
}

/** Whether a name stays below the folder that it is unpacked to. */
const isBelow = (name: string): boolean =>
  name !== '' && !name.includes('\\') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/** What becomes of a file: all of its bytes are read when this resolves. */
type Take = (name: string, body: AsyncIterable<Uint8Array>) => Promise<void>

const largestManifest = 512 * 1024 * 1024

/**
 * Reads an archive to its end and answers its manifest; `take` gets every file's name and bytes. Throws
 * `ArchiveDamaged` when files are missing, more, or others than the manifest lists.
 */
export async function unpacked(archive: AsyncIterable<Uint8Array>, take: Take): Promise<Manifest> {
  const reading = extract()
  let failure: unknown
  const feed = async (): Promise<void> => {
    for await (const chunk of archive) if (!reading.write(chunk)) await drained(reading)
    reading.end(undefined)
  }
  feed().catch((error: unknown) => {
    failure = error
    reading.destroy(error as Error)
  })
  try {
    return await readEntries(reading, take)
  } catch (e) {
    // Of a source that fails the reader hears only that it is over.
    throw failure ?? e
  }
}

async function readEntries(reading: Extract, take: Take): Promise<Manifest> {
  const found = new Map<string, Listed>()
  let manifest: Manifest | undefined
  for await (const entry of reading) {
    const { name, size = 0, type } = entry.header
    if (manifest || type !== 'file' || !isBelow(name) || found.has(name)) throw new ArchiveDamaged(name)
    if (name === manifestName) {
      if (size > largestManifest) throw new ArchiveDamaged(name)
      const parts: Buffer[] = []
      for await (const chunk of entry) parts.push(chunk as Buffer)
      manifest = JSON.parse(Buffer.concat(parts).toString('utf8')) as Manifest
      continue
    }
    const hash = createHash('sha256')
    async function* heard(): AsyncGenerator<Uint8Array> {
      for await (const chunk of entry) {
        hash.update(chunk as Buffer)
        yield chunk as Buffer
      }
    }
    await take(name, heard())
    found.set(name, { name, size, sha256: hash.digest('hex') })
  }
  if (manifest?.kind !== 'cloister-backup' || manifest.format !== 1) throw new ArchiveDamaged('it has no manifest')
  const same = manifest.files.every(({ name, size, sha256 }) => {
    const one = found.get(name)
    return one?.size === size && one.sha256 === sha256
  })
  if (!same || manifest.files.length !== found.size) throw new ArchiveDamaged('its files are not those it lists')
  return manifest
}
