import { randomBytes } from 'node:crypto'
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Bucket, ObjectDamaged } from '../../ports/objects.ts'
import { fileOf, objectRecords } from './object-records.ts'
import { type LocalObjects, localObjects } from './objects.ts'
import type { Seal } from './seal.ts'
import { memoryTable } from './testing.ts'

const seal: Seal = { key: randomBytes(32), writes: true }
let folder: string
let table: ReturnType<typeof memoryTable>
let objects: LocalObjects
const objectsWith = (one: Seal | undefined): LocalObjects =>
  localObjects({ folder, table, baseUrl: '', secret: randomBytes(32), seal: one })
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-sealed-'))
  table = memoryTable()
  objects = objectsWith(seal)
})
afterEach(async () => {
  table.close()
  await rm(folder, { recursive: true })
})

const fileAt = async (bucket: Bucket, key: string): Promise<string> =>
  fileOf(folder, bucket, key, (await objectRecords(table).get(bucket, key))!)
const piece = 64 * 1024

it('reads any range of objects of any length, and no file holds what was put', async () => {
  const secret = Buffer.from('the-only-copy-of-a-row')
  for (const size of [0, 1, piece - 1, piece, piece + 1, 3 * piece, 300_001]) {
    const bytes = Buffer.concat([secret, randomBytes(size)]).subarray(0, size)
    await objects.put('protected', `d/${size}`, bytes, 'text/plain')
    expect(Buffer.from(await objects.get('protected', `d/${size}`)).equals(bytes)).toBe(true)
    expect((await readFile(await fileAt('protected', `d/${size}`))).includes(secret)).toBe(false)
    for (const [from, to] of [
      [0, 0],
      [piece - 1, piece],
      [piece, piece],
      [2 * piece - 5, size - 1],
      [size - 1, size - 1],
    ] as const) {
      if (from < 0 || from > to || to >= size) continue
      const parts: Uint8Array[] = []
      for await (const part of (await objects.open('protected', `d/${size}`))!.bytes(from, to)) parts.push(part)
      expect(Buffer.concat(parts).equals(bytes.subarray(from, to + 1)), `${size}: ${from}-${to}`).toBe(true)
    }
  }
  expect(await objects.plainFile('protected', 'd/1')).toBeUndefined()
})

it('a piece that was changed, moved, cut or put in another object’s place is damage', async () => {
  const bytes = randomBytes(4 * piece + 100)
  for (const key of ['one', 'two']) await objects.put('protected', key, bytes, 'text/plain')
  const file = await fileAt('protected', 'one')
  const good = await readFile(file)
  const head = good.length - bytes.length - 5 * 16
  const sealed = piece + 16
  const changed = Buffer.from(good)
  changed[head + 2 * sealed + 17]! ^= 1
  const moved = Buffer.concat([
    good.subarray(0, head),
    good.subarray(head + sealed, head + 2 * sealed),
    good.subarray(head, head + sealed),
    good.subarray(head + 2 * sealed),
  ])
  const salt = Buffer.from(good)
  salt[head - 1]! ^= 1
  for (const bad of [changed, moved, salt, await readFile(await fileAt('protected', 'two'))]) {
    await writeFile(file, bad)
    await expect(objects.get('protected', 'one')).rejects.toThrow(ObjectDamaged)
  }
  // A range that is asked alone is not given out either, and what lies in other pieces is.
  await writeFile(file, changed)
  const range = async (from: number, to: number): Promise<number> => {
    let length = 0
    for await (const part of (await objects.open('protected', 'one'))!.bytes(from, to)) length += part.length
    return length
  }
  await expect(range(2 * piece + 50, 2 * piece + 60)).rejects.toThrow(ObjectDamaged)
  expect(await range(3 * piece, 3 * piece + 9)).toBe(10)
  await truncate(file, good.length - sealed)
  await expect(objects.get('protected', 'one')).rejects.toMatchObject({ fault: 'size' })
  await copyFile(await fileAt('protected', 'two'), file)
  await expect(objects.get('protected', 'one')).rejects.toMatchObject({ fault: 'bytes' })
  await expect(objectsWith({ ...seal, key: randomBytes(32) }).get('protected', 'two')).rejects.toThrow(ObjectDamaged)
})

it('objects of before are sealed and unsealed again, and nothing of the other kind is left', async () => {
  const plain = objectsWith(undefined)
  const row = Buffer.from('planted-row-of-a-participant')
  for (const bucket of ['protected', 'released', 'sealed'] as const) await plain.put(bucket, 'a/b', row, 'text/csv')
  await objects.put('released', 'new', row, 'text/csv')
  const holding = async (): Promise<number> => {
    let count = 0
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && (await readFile(join(entry.parentPath, entry.name))).includes(row)) count++
    return count
  }
  expect(await holding()).toBe(3)
  await objects.reseal(() => {})
  await objects.reseal(() => {})
  expect(await holding()).toBe(0)
  expect(Buffer.from(await objects.get('sealed', 'a/b')).equals(row)).toBe(true)
  expect(await objects.head('sealed', 'a/b')).toMatchObject({ size: row.length, type: 'text/csv' })
  await objectsWith({ ...seal, writes: false }).reseal(() => {})
  expect(await holding()).toBe(4)
  expect(Buffer.from(await plain.get('released', 'new')).equals(row)).toBe(true)
})
