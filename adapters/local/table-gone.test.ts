/** Items whose time has come leave the store by themselves, as they do in DynamoDB. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type LocalTable, localTable } from './table.ts'
import { inspect, makeTable, tableFile } from './table-folder.ts'

let folder: string
let table: LocalTable
const open = (): Promise<LocalTable> =>
  localTable({
    folder: join(folder, 'store'),
    failed: (failure) => {
      throw failure
    },
  })
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-table-'))
  await makeTable(join(folder, 'store'), () => {})
  table = await open()
})
afterEach(async () => {
  await table.close()
  await rm(folder, { recursive: true })
})

const key = (name: string) => ({ pk: `DEVICE#${name}`, sk: 'DEVICE' })
const make = (name: string, goneAt?: number) =>
  table.create({ ...key(name), text: `says "goneAt":1`, ...(goneAt === undefined ? {} : { goneAt }) })
const left = async (...names: string[]): Promise<string[]> => {
  const found = await Promise.all(names.map((name) => table.get(key(name))))
  return names.filter((_, place) => found[place] !== undefined)
}
const second = (at: number): Date => new Date(at * 1000)

it('goes from its second on, and nothing else does', async () => {
  await Promise.all([make('early', 10), make('late', 20), make('endless')])
  await table.removeGone(second(9.9))
  expect(await left('early', 'late', 'endless')).toEqual(['early', 'late', 'endless'])
  await table.removeGone(second(10))
  expect(await left('early', 'late', 'endless')).toEqual(['late', 'endless'])
})
it('stays when its end was put off, or taken away, and goes at its new end', async () => {
  await Promise.all([make('later', 10), make('kept', 10)])
  await table.update(key('later'), { set: { goneAt: 30 } })
  await table.update(key('kept'), { remove: ['goneAt'] })
  await table.removeGone(second(10))
  expect(await left('later', 'kept')).toEqual(['later', 'kept'])
  await table.removeGone(second(30))
  expect(await left('later', 'kept')).toEqual(['kept'])
})
it('goes in a table of before, too, many at once, and the sums stay right', async () => {
  await table.close()
  const before = new DatabaseSync(tableFile(join(folder, 'store')))
  before.exec('drop table ending')
  before.close()
  table = await open()
  const names = Array.from({ length: 250 }, (_, place) => `n${place}`)
  await Promise.all([...names.map((name) => make(name, 10)), make('other', 11)])
  await table.removeGone(second(10))
  expect(await left(...names, 'other')).toEqual(['other'])
  await table.close()
  expect(inspect(join(folder, 'store'), 'whole')).toMatchObject({ faults: [], head: { items: 1 } })
  table = await open()
})
