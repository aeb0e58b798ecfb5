/**
 * What should be there: of every object its size, its digest and its file, as an item of the table. The table's own
 * checksums, digest and head stand for the records, and one moment of the table is one moment of the objects.
 */
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type Bucket, buckets } from '../../ports/objects.ts'
import { AlreadyExists, ConditionFailed, type Item, type Key, queryAll, type Table } from '../../ports/table.ts'
import { absent } from './object-files.ts'
import { type Form, plainForm, sealedForm } from './object-forms.ts'
import { keyOfNames, pathOfKey } from './paths.ts'
import { SealBroken } from '../../runner/seal-words.ts'
import type { Seal } from './seal.ts'

export interface ObjectRecord {
  type: string
  size: number
  /** As hex. */
  sha256: string
  /** The end of the file's name. */
  name: string
  /** Where the bytes begin in the file: version 0.1.0 wrote a line before them. */
  start: number
  /** The bytes are sealed (object-forms.ts). */
  sealed?: true
}
export interface ObjectRecords {
  get(bucket: Bucket, key: string): Promise<ObjectRecord | undefined>
  /** Answers the record that it replaces. */
  put(bucket: Bucket, key: string, record: ObjectRecord): Promise<ObjectRecord | undefined>
  /** Answers the record that there was. */
  remove(bucket: Bucket, key: string): Promise<ObjectRecord | undefined>
  /** Keys with a prefix, in order. */
  keys(bucket: Bucket, prefix: string): AsyncIterable<string>
  /** Keys with their records, in order. */
  all(bucket: Bucket): AsyncIterable<readonly [string, ObjectRecord]>
  /** Whether objects of version 0.1.0, which had no records, have theirs; and that they have. */
  areAdopted(): Promise<boolean>
  adopted(): Promise<void>
}

const partition = (bucket: Bucket): string => `OBJECT#${bucket}`
// A sort key is never empty, and a key of an object may be.
/** Where the record of an object is in the table. */
export const recordItemKey = (bucket: Bucket, key: string): Key => ({
  pk: partition(bucket),
  sk: `/${key.toWellFormed()}`,
})
const adoption: Key = { pk: 'OBJECT#', sk: 'ADOPTED' }

/** The object that an item of the table is the record of; undefined for every other item. */
export function recordedObject(item: Item): { bucket: Bucket; key: string; record: ObjectRecord } | undefined {
  const bucket = buckets.find((name) => item.pk === partition(name))
  return bucket && { bucket, key: item.sk.slice(1), record: item as unknown as ObjectRecord }
}
/** Whether an item of the table is about objects, and no entity's. */
export const isOfObjects = (item: Key): boolean => item.pk.startsWith('OBJECT#')

/** The file of an object, below the folder of all objects. */
export const fileOf = (folder: string, bucket: Bucket, key: string, { name }: Pick<ObjectRecord, 'name'>): string =>
  `${pathOfKey(join(folder, bucket), key)}${name === '' ? '' : `.${name}`}`

/** How an object's bytes lie in its file. Throws `SealBroken` when they are sealed and there is no key. */
export function formOf(
  seal: Seal | undefined,
  bucket: Bucket,
  key: string,
  { name, start, sealed }: Pick<ObjectRecord, 'name' | 'start' | 'sealed'>,
): Form {
  if (!sealed) return plainForm(start)
  if (!seal) throw new SealBroken('no key')
  return sealedForm(seal, JSON.stringify([bucket, key.toWellFormed(), name]))
}

/** The object of a file below its bucket's folder, and the end of its name; undefined for one that is no object's. */
export function objectOfFile(names: readonly string[]): { key: string; name: string } | undefined {
  const last = names.at(-1) ?? ''
  const end = last.indexOf('~')
  const key = keyOfNames([...names.slice(0, -1), last.slice(0, end + 1)])
  return end < 0 || key === undefined ? undefined : { key, name: last.slice(end + 2) }
}

/** As in S3; one byte of the table's sort key is the slash. */
const longestKey = 1023

/** Records in the table. Nothing has a key that is longer than a key may be. */
export function objectRecords(table: Table): ObjectRecords {
  const get = async (bucket: Bucket, key: string): Promise<Item<ObjectRecord> | undefined> =>
    Buffer.byteLength(key) > longestKey ? undefined : table.get<ObjectRecord>(recordItemKey(bucket, key))
  return {
    get,
    async put(bucket, key, record) {
      for (;;) {
        const old = await get(bucket, key)
        try {
          const item = { ...recordItemKey(bucket, key), ...record }
          if (old) await table.replace(item, old.rev!)
          else await table.create(item)
          // The first try was not answered, and was made.
          return old?.name === record.name ? undefined : old
        } catch (e) {
          // Somebody else wrote it meanwhile: the later of two writers wins.
          if (!(e instanceof AlreadyExists || e instanceof ConditionFailed)) throw e
        }
      }
    },
    async remove(bucket, key) {
      const old = await get(bucket, key)
      if (old) await table.remove(recordItemKey(bucket, key))
      return old
    },
    async *keys(bucket, prefix) {
      const options = { prefix: `/${prefix}`, attributes: ['sk'] }
      for await (const item of queryAll(table, partition(bucket), options)) yield item.sk.slice(1)
    },
    async *all(bucket) {
      for await (const item of queryAll<ObjectRecord>(table, partition(bucket))) yield [item.sk.slice(1), item] as const
    },
    areAdopted: async () => (await table.get(adoption)) !== undefined,
    adopted: async () => {
      await table.create(adoption).catch((error: unknown) => {
        if (!(error instanceof AlreadyExists)) throw error
      })
    },
  }
}

/** Files below the folder of a bucket, each with the names of the way to it. */
export async function filesIn(folder: string, bucket: Bucket): Promise<string[][]> {
  const top = join(folder, bucket)
  const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (absent(error)) return []
    throw error
  })
  return entries.filter((e) => !e.isDirectory()).map((e) => relative(top, join(e.parentPath, e.name)).split(sep))
}

/** Files that no record names. */
export async function strayFiles(folder: string, records: ObjectRecords): Promise<string[]> {
  const strays: string[] = []
  for (const bucket of buckets) {
    const names = new Map<string, string>()
    for await (const [key, { name }] of records.all(bucket)) names.set(key, name)
    for (const way of await filesIn(folder, bucket)) {
      const object = objectOfFile(way)
      if (!object || names.get(object.key) !== object.name) strays.push(join(folder, bucket, ...way))
    }
  }
  return strays
}
