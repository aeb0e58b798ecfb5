import { expect, it } from 'vitest'
import { tableContract } from '../../ports/table.contract.ts'
import { createTable, localTable } from './table.ts'
import { startStore } from './testing.ts'

tableContract('embedded store', async () => {
  const store = await startStore()
  const where = { endpoint: store.endpoint, tableName: 'cloister' }
  await createTable(where)
  return { table: localTable(where), close: store.close }
})

it('makes the table once and leaves it alone after that', async () => {
  const store = await startStore()
  const where = { endpoint: store.endpoint, tableName: 'cloister' }
  await createTable(where)
  await localTable(where).create({ pk: 'A#1', sk: 'A' })
  await createTable(where)
  expect(await localTable(where).get({ pk: 'A#1', sk: 'A' })).toMatchObject({ rev: 1 })
  await store.close()
})
