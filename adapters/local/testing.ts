/** For tests: the table in memory. */
import type { Table } from '../../ports/table.ts'
import { TableFile } from './table-file.ts'
import { tableOn } from './table-on-file.ts'

/** A table of the same making as a home's, which stands in this thread and is gone with it. */
export function memoryTable(): Table & { close(): void } {
  const table = TableFile.make(':memory:')
  return {
    ...tableOn(table, (write) => Promise.resolve(table.commit([write])[0]!)),
    close: () => table.close(),
  }
}
