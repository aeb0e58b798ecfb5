/** For tests: the table in memory, and objects in a folder whose records are there. */
import { randomBytes } from 'node:crypto'
import type { Table } from '../../ports/table.ts'
import { type LocalObjects, localObjects } from './objects.ts'
import type { Seal } from './seal.ts'
import { TableFile } from './table-file.ts'
import { tableOn } from './table-on-file.ts'

/** A table of the same making as a home's, which stands in this thread and is gone with it. */
export function memoryTable(seal?: Seal): Table & { close(): void } {
  const table = TableFile.make(':memory:', seal)
  return {
    ...tableOn(table, (write) => Promise.resolve(table.commit([write])[0]!)),
    close: () => table.close(),
  }
}

/** Objects in `folder`. */
export function testObjects(
  folder: string,
  baseUrl = 'http://127.0.0.1:0',
  seal?: Seal,
): { objects: LocalObjects; table: Table; close(): void } {
  const table = memoryTable(seal)
  return { objects: localObjects({ folder, baseUrl, secret: randomBytes(32), table, seal }), table, close: table.close }
}
