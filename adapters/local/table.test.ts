import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableContract } from '../../ports/table.contract.ts'
import { localTable } from './table.ts'
import { makeTable } from './table-folder.ts'
import { memoryTable } from './testing.ts'

tableContract('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-table-'))
  await makeTable(join(folder, 'store'), () => {})
  const table = await localTable({
    folder: join(folder, 'store'),
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
})

tableContract('SQLite in memory', () => {
  const table = memoryTable()
  return Promise.resolve({ table, close: () => Promise.resolve(table.close()) })
})
