import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Item, ItemDamaged } from '../../ports/table.ts'
import { tableContract } from '../../ports/table.contract.ts'
import { localTable } from './table.ts'
import { makeTable } from './table-folder.ts'
import { hashOf, type HashedRow, itemOf, openRow, type Row, rowKey, rowOf, sealRow } from './table-row.ts'
import type { Seal } from './seal.ts'
import { memoryTable } from './testing.ts'

async function onDisk(seal?: Seal): ReturnType<Parameters<typeof tableContract>[1]> {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-table-'))
  await makeTable(join(folder, 'store'), () => {})
  const table = await localTable({
    folder: join(folder, 'store'),
    seal,
    failed: (failure) => {
      throw failure
    },
  })
  return {
    table,
    async close() {
      await table.close()
      await rm(folder, { recursive: true })
    },
  }
}

tableContract('SQLite', () => onDisk())
tableContract('SQLite, sealed', () => onDisk({ key: randomBytes(32), writes: true }))

tableContract('SQLite in memory', () => {
  const table = memoryTable()
  return Promise.resolve({ table, close: () => Promise.resolve(table.close()) })
})

it('a sealed row says its keys and nothing else, and stands for no other row', () => {
  const key = rowKey({ key: randomBytes(32), writes: true })
  const row = rowOf({ pk: 'RUN#1', sk: 'A', answer: 'planted', rev: 1 } as Item)
  const sealed = sealRow(key, row)
  expect(JSON.stringify(sealed)).not.toContain('planted')
  const kept = (one: Row): HashedRow => ({ ...one, hash: hashOf(one) })
  expect(itemOf(openRow(key, kept(sealed)))).toMatchObject({ pk: 'RUN#1', answer: 'planted' })
  // Whole by its hash, and not what was sealed there.
  for (const moved of [
    { ...sealed, sk: 'B' },
    { ...sealed, gpk: 'x', gsk: 'y' },
  ])
    expect(() => itemOf(openRow(key, kept(moved)))).toThrow(ItemDamaged)
  for (const other of [undefined, randomBytes(32)])
    expect(() => itemOf(openRow(other, kept(sealed)))).toThrow(ItemDamaged)
})
