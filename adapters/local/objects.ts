/**
 * Objects in a folder: one file each, written whole or not at all. A file is one line of JSON (type, SHA-256) and then
 * the bytes. In the bucket `protected` the bytes lie beside it in a file of their own, which the line names: the engine
 * reads Parquet and CSV by path.
 */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import {
  attachment,
  type Bucket,
  largestWrite,
  ObjectMissing,
  type ObjectHead,
  type ObjectStore,
} from '../../ports/objects.ts'
import { type LinkClaims, signLink } from './links.ts'
import { removeFile, writeWhole } from './durable.ts'
import { absent, maxHeader, openFile, readFrom, receive, UploadRefused } from './object-files.ts'
import { folderOfPrefix, keyOfNames, pathOfKey } from './paths.ts'

export interface LocalObjectsOptions {
  folder: string
  /** Origin (and path) below which the gateway serves `/objects/…`, without a trailing slash. */
  baseUrl: string
  /** Signs links: at least 32 random bytes that only the server knows. */
  secret: Uint8Array
}

/** A stored object, open for reading. Close it, or read `bytes` to the end. */
export interface OpenObject extends ObjectHead {
  /** The bytes from `start` to `end`, both inclusive; the whole object by default. */
  bytes(start?: number, end?: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

export interface LocalObjects extends ObjectStore {
  readonly secret: Uint8Array
  /** Opens an object, or undefined when there is none. */
  open(bucket: Bucket, key: string): Promise<OpenObject | undefined>
  /**
   * Stores a stream of exactly `size` bytes with this SHA-256; `UploadRefused` otherwise, and then nothing is stored.
   */
  store(
    bucket: Bucket,
    key: string,
    body: AsyncIterable<Uint8Array>,
    what: { sha256: string; size: number; type: string },
  ): Promise<void>
  /** Stores a stream of at most `most` bytes; `UploadRefused` when there are more, and then nothing is stored. */
  storeAny(
    bucket: Bucket,
    key: string,
    body: AsyncIterable<Uint8Array>,
    what: { most: number; type: string },
  ): Promise<void>
  /**
   * The file that holds exactly an object's bytes, for reading; undefined when there is none. Only of the bucket
   * `protected`, and only until the object is replaced or removed.
   */
  plainFile(bucket: 'protected', key: string): Promise<string | undefined>
  /**
   * Removes what a kill between two steps has left: uploads that were not finished and bytes that no object names. For
   * the start, when nobody writes.
   */
  tidy(): Promise<void>
}

const plain: readonly Bucket[] = ['protected']

/** The store in `folder`. The gateway serves its links with `serveObject`. */
export function localObjects({ folder, baseUrl, secret }: LocalObjectsOptions): LocalObjects {
  const bucketFolder = (bucket: Bucket): string => join(folder, bucket)
  const incoming = join(folder, '.incoming')
  const temporary = (): string => join(incoming, randomUUID())

  const plainOf = async (path: string): Promise<string | undefined> => {
    const found = await openFile(path)
    await found?.handle.close()
    return found?.head.plain === undefined ? undefined : `${path}.${found.head.plain}`
  }

  const openObject = async (bucket: Bucket, key: string): Promise<OpenObject | undefined> => {
    const path = pathOfKey(bucketFolder(bucket), key)
    for (let tries = 0; ; tries++) {
      const found = await openFile(path)
      if (!found) return undefined
      const { start, type, sha256, plain: name } = found.head
      const opened = (handle: FileHandle, first: number, size: number): OpenObject => ({
        type,
        ...(sha256 ? { sha256 } : {}),
        size,
        bytes: (from = 0, to = size - 1) => readFrom(handle, first + from, to - from + 1),
        close: () => handle.close(),
      })
      if (name === undefined) return opened(found.handle, start, (await found.handle.stat()).size - start)
      await found.handle.close()
      try {
        const handle = await open(`${path}.${name}`, 'r')
        return opened(handle, 0, (await handle.stat()).size)
      } catch (e) {
        // Replaced between the two: the new one names other bytes.
        if (!absent(e) || tries >= 5) throw e
      }
    }
  }

  const place = async (
    bucket: Bucket,
    key: string,
    what: { type: string; sha256?: string | undefined },
    write: (handle: FileHandle) => Promise<unknown>,
  ): Promise<void> => {
    const path = pathOfKey(bucketFolder(bucket), key)
    const name = plain.includes(bucket) ? randomUUID() : undefined
    const header = {
      type: what.type,
      ...(what.sha256 ? { sha256: what.sha256 } : {}),
      ...(name ? { plain: name } : {}),
    }
    const line = `${JSON.stringify(header)}\n`
    if (Buffer.byteLength(line) > maxHeader) throw new RangeError('The media type is too long')
    await mkdir(incoming, { recursive: true, mode: 0o700 })
    if (name === undefined)
      return writeWhole(path, temporary(), async (handle) => {
        await handle.write(line)
        await write(handle)
      })
    const old = await plainOf(path)
    await writeWhole(`${path}.${name}`, temporary(), write)
    await writeWhole(path, temporary(), (f) => f.write(line))
    if (old) await rm(old, { force: true })
  }

  const link = (
    claims: LinkClaims,
    headers: Record<string, string>,
  ): { method: LinkClaims['method']; url: string; headers: Record<string, string>; expires: string } => ({
    method: claims.method,
    url: `${baseUrl}${signLink(secret, claims)}`,
    headers,
    expires: new Date(claims.expires * 1000).toISOString(),
  })
  const expiry = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

  return {
    secret,
    open: openObject,
    async store(bucket, key, body, what) {
      await place(bucket, key, what, async (handle) => {
        const hash = createHash('sha256')
        const length = await receive(handle, body, what.size, hash)
        if (length !== what.size) throw new UploadRefused(`${length} of the ${what.size} bytes of the link were sent.`)
        if (hash.digest('hex') !== what.sha256)
          throw new UploadRefused('The bytes do not have the SHA-256 of the link.')
      })
    },
    async storeAny(bucket, key, body, { most, type }) {
      await place(bucket, key, { type }, (f) => receive(f, body, most))
    },
    plainFile: (bucket, key) => plainOf(pathOfKey(bucketFolder(bucket), key)),
    async tidy() {
      await rm(incoming, { recursive: true, force: true })
      for (const bucket of plain) {
        const files = await readdir(bucketFolder(bucket), { recursive: true, withFileTypes: true }).catch(
          (error: unknown) => {
            if (absent(error)) return []
            throw error
          },
        )
        for (const entry of files) {
          const match = /^(.+~)\.[0-9a-f-]{36}$/.exec(entry.name)
          if (
            entry.isFile() &&
            match &&
            (await plainOf(join(entry.parentPath, match[1]!))) !== join(entry.parentPath, entry.name)
          )
            await rm(join(entry.parentPath, entry.name), { force: true })
        }
      }
    },
    async put(bucket, key, bytes, type) {
      await place(bucket, key, { type, sha256: createHash('sha256').update(bytes).digest('hex') }, async (handle) => {
        await handle.writeFile(bytes)
      })
    },
    async get(bucket, key) {
      const found = await openObject(bucket, key)
      if (!found) throw new ObjectMissing(`in ${bucket}`)
      const parts: Uint8Array[] = []
      for await (const chunk of found.bytes()) parts.push(chunk)
      return new Uint8Array(Buffer.concat(parts))
    },
    async head(bucket, key) {
      const found = await openObject(bucket, key)
      if (!found) return undefined
      await found.close()
      return { size: found.size, type: found.type, ...(found.sha256 ? { sha256: found.sha256 } : {}) }
    },
    async copy(bucket, from, to, type) {
      const found = await openObject(bucket, from)
      if (!found) throw new ObjectMissing(`in ${bucket}`)
      await place(bucket, to, { type, sha256: found.sha256 }, async (handle) => {
        for await (const chunk of found.bytes()) await handle.write(chunk)
      })
    },
    async remove(bucket, key) {
      const path = pathOfKey(bucketFolder(bucket), key)
      const bytes = plain.includes(bucket) ? await plainOf(path) : undefined
      await removeFile(path).catch((error: unknown) => {
        if (!absent(error)) throw error
      })
      if (bytes) await removeFile(bytes)
    },
    async *list(bucket, prefix) {
      const top = bucketFolder(bucket)
      const found = await readdir(folderOfPrefix(top, prefix), { recursive: true, withFileTypes: true }).catch(
        (error: unknown) => {
          if (absent(error)) return []
          throw error
        },
      )
      const keys = found
        .filter((e) => e.isFile())
        .map((e) => keyOfNames(relative(top, join(e.parentPath, e.name)).split(sep)))
      yield* keys
        .filter((k): k is string => k !== undefined && k.startsWith(prefix))
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    },
    async signedPut(bucket, key, { sha256, size, type }, seconds) {
      return link(
        { method: 'PUT', bucket, key, expires: expiry(seconds), size, sha256, type },
        { 'content-type': type, 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') },
      )
    },
    async signedWrite(bucket, key, type, seconds) {
      return link(
        { method: 'PUT', bucket, key, expires: expiry(seconds), type, most: largestWrite },
        { 'content-type': type },
      )
    },
    async signedGet(bucket, key, seconds, filename) {
      return link(
        {
          method: 'GET',
          bucket,
          key,
          expires: expiry(seconds),
          ...(filename === undefined ? {} : { disposition: attachment(filename) }),
        },
        {},
      )
    },
  }
}
