/**
 * Objects in a folder: the bytes of each in a file of its own, which is written once and under a name that no other
 * has; what it is, and which file it is, says its record in the table (object-records.ts). So an object changes in the
 * one moment in which its record does, and a file that is missing, cut, changed or another's is told from a good one.
 */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  attachment,
  type Bucket,
  buckets,
  largestWrite,
  ObjectDamaged,
  type ObjectHead,
  ObjectMissing,
  type ObjectStore,
} from '../../ports/objects.ts'
import type { Table } from '../../ports/table.ts'
import { type LinkClaims, signLink } from './links.ts'
import { makeFolder, removeFile, writeWhole } from './durable.ts'
import { absent, measured, UploadRefused } from './object-files.ts'
import { adoptFiles } from './object-adoption.ts'
import { fileOf, formOf, type ObjectRecord, objectRecords, strayFiles } from './object-records.ts'
import { SealBroken } from '../../runner/seal-words.ts'
import type { Seal } from './seal.ts'

export interface LocalObjectsOptions {
  folder: string
  /** Origin (and path) below which the gateway serves `/objects/…`, without a trailing slash. */
  baseUrl: string
  /** Signs links: at least 32 random bytes that only the server knows. */
  secret: Uint8Array
  /** Where the records are kept. */
  table: Table
  /** Whether files that no record names any more must stay for now: a backup reads them. */
  held?: () => Promise<boolean>
  /** Where the home is sealed. */
  seal?: Seal | undefined
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
   * The file that holds exactly an object's bytes, for reading; undefined when there is none, as of one that is sealed.
   * Only until the object is replaced or removed.
   */
  plainFile(bucket: Bucket, key: string): Promise<string | undefined>
  /**
   * For the start, when nobody writes: takes up what version 0.1.0 has left, and removes what a kill between two steps
   * has: uploads that were not finished and files that no record names. Answers how many files it removed, and how many
   * of version 0.1.0 it could not read and has put aside.
   */
  tidy(): Promise<{ removed: number; unreadable: number }>
  /** Removes files that had to stay because they were held. */
  release(): Promise<void>
  /**
   * Writes every object anew that lies otherwise than the seal wants it, and removes the file that it had. For a home
   * without a host; safe to be killed and begun again. `each` hears of every object by its size.
   */
  reseal(each: (bytes: number) => void): Promise<void>
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** The store in `folder`. The gateway serves its links with `serveObject`. */
export function localObjects({ folder, baseUrl, secret, table, held, seal }: LocalObjectsOptions): LocalObjects {
  const incoming = join(folder, '.incoming')
  const temporary = (): string => join(incoming, randomUUID())
  const records = objectRecords(table)
  /** Files that no record names and that are held. */
  const waiting = new Set<string>()

  /** Once no record names a file. Whoever holds files says so before looking at the records. */
  const discard = async (file: string): Promise<void> => {
    if (await held?.()) waiting.add(file)
    else await removeFile(file)
  }

  /** The file of a record, open at its size; undefined when it is not there. */
  const openRecord = async (bucket: Bucket, key: string, record: ObjectRecord): Promise<FileHandle | undefined> => {
    let handle: FileHandle
    try {
      handle = await open(fileOf(folder, bucket, key, record), 'r')
    } catch (e) {
      if (absent(e)) return undefined
      throw e
    }
    const { size } = await handle.stat()
    if (size === formOf(seal, bucket, key, record).fileSize(record.size)) return handle
    await handle.close()
    throw new ObjectDamaged(bucket, key, 'size')
  }
  /** The record and its file, which may be replaced between the two: the next record then names another. */
  const found = async <T>(
    bucket: Bucket,
    key: string,
    look: (record: ObjectRecord) => Promise<T | undefined>,
  ): Promise<{ record: ObjectRecord; there: T } | undefined> => {
    let before: string | undefined
    for (;;) {
      const record = await records.get(bucket, key)
      if (!record) return undefined
      const there = await look(record)
      if (there !== undefined) return { record, there }
      if (record.name === before) throw new ObjectDamaged(bucket, key, 'missing')
      before = record.name
    }
  }

  const openObject = async (bucket: Bucket, key: string): Promise<OpenObject | undefined> => {
    const opened = await found(bucket, key, (record) => openRecord(bucket, key, record))
    if (!opened) return undefined
    const { record, there: handle } = opened
    const { size, type, sha256 } = record
    const form = formOf(seal, bucket, key, record)
    const checked = async function* (from: number, to: number): AsyncIterable<Uint8Array> {
      const whole = from === 0 && to === size - 1 ? createHash('sha256') : undefined
      for await (const chunk of form.read(handle, size, from, to - from + 1)) {
        whole?.update(chunk)
        yield chunk
      }
      if (whole && whole.digest('hex') !== sha256) throw new ObjectDamaged(bucket, key, 'bytes')
    }
    return {
      type,
      sha256,
      size,
      async *bytes(from = 0, to = size - 1) {
        try {
          yield* checked(from, to)
        } catch (e) {
          throw e instanceof SealBroken ? new ObjectDamaged(bucket, key, 'bytes') : e
        } finally {
          await handle.close()
        }
      },
      close: () => handle.close(),
    }
  }

  /** Writes the bytes, then the record; `check` may refuse what was written. */
  const place = async (
    bucket: Bucket,
    key: string,
    type: string,
    body: AsyncIterable<Uint8Array>,
    most: number,
    check: (size: number, sha256: string) => void = () => {},
  ): Promise<void> => {
    const name = randomUUID()
    const record: ObjectRecord = {
      name,
      type,
      start: 0,
      size: 0,
      sha256: '',
      ...(seal?.writes ? { sealed: true } : {}),
    }
    const file = fileOf(folder, bucket, key, record)
    await makeFolder(incoming)
    await writeWhole(file, temporary(), async (handle) => {
      const hash = createHash('sha256')
      const plain = measured(body, most, hash, (bytes) => (record.size += bytes))
      await formOf(seal, bucket, key, record).write(handle, plain)
      record.sha256 = hash.digest('hex')
      check(record.size, record.sha256)
    })
    let old: ObjectRecord | undefined
    try {
      old = await records.put(bucket, key, record)
    } catch (e) {
      // A write that was not answered may have been made: then the record names the file.
      if ((await records.get(bucket, key).catch(() => record))?.name !== name) await rm(file, { force: true })
      throw e
    }
    if (old) await discard(fileOf(folder, bucket, key, old))
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
      await place(bucket, key, what.type, body, what.size, (size, sha256) => {
        if (size !== what.size) throw new UploadRefused(`${size} of the ${what.size} bytes of the link were sent.`)
        if (sha256 !== what.sha256) throw new UploadRefused('The bytes do not have the SHA-256 of the link.')
      })
    },
    async storeAny(bucket, key, body, { most, type }) {
      await place(bucket, key, type, body, most)
    },
    async plainFile(bucket, key) {
      const opened = await found(bucket, key, async (record) => {
        if (record.start > 0 || record.sealed) return ''
        const file = fileOf(folder, bucket, key, record)
        const size = await stat(file).then(
          (stats) => stats.size,
          () => undefined,
        )
        if (size !== undefined && size !== record.size) throw new ObjectDamaged(bucket, key, 'size')
        return size === undefined ? undefined : file
      })
      return opened?.there === '' ? undefined : opened?.there
    },
    async tidy() {
      await rm(incoming, { recursive: true, force: true })
      const unreadable = await adoptFiles(folder, records)
      const strays = await strayFiles(folder, records)
      for (const file of strays) await rm(file, { force: true })
      return { removed: strays.length, unreadable }
    },
    async release() {
      if (waiting.size === 0 || (await held?.())) return
      for (const file of waiting) {
        await rm(file, { force: true })
        waiting.delete(file)
      }
    },
    async reseal(each) {
      const wanted = seal?.writes === true
      for (const bucket of buckets)
        for await (const [key, record] of records.all(bucket)) {
          if ((record.sealed === true) !== wanted) {
            const object = await openObject(bucket, key)
            if (object) await place(bucket, key, object.type, object.bytes(), object.size)
          }
          each(record.size)
        }
    },
    async put(bucket, key, bytes, type) {
      await place(bucket, key, type, one(bytes), bytes.length)
    },
    async get(bucket, key) {
      const object = await openObject(bucket, key)
      if (!object) throw new ObjectMissing(`in ${bucket}`)
      const parts: Uint8Array[] = []
      for await (const chunk of object.bytes()) parts.push(chunk)
      return new Uint8Array(Buffer.concat(parts))
    },
    async head(bucket, key) {
      const record = await records.get(bucket, key)
      return record && { size: record.size, type: record.type, sha256: record.sha256 }
    },
    async copy(bucket, from, to, type) {
      const object = await openObject(bucket, from)
      if (!object) throw new ObjectMissing(`in ${bucket}`)
      await place(bucket, to, type, object.bytes(), object.size)
    },
    async remove(bucket, key) {
      const old = await records.remove(bucket, key)
      if (old) await discard(fileOf(folder, bucket, key, old))
    },
    list: (bucket, prefix) => records.keys(bucket, prefix),
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
