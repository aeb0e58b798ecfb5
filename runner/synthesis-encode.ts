/** A table's rows as the codes that methods of synthesis compute with. */
import type { Domain } from '../domain/synthesis/column-domain.ts'
import { Encoder, type Table } from '../domain/synthesis/encode.ts'

/** Reads all rows; the columns are the domain's, in its order. */
export async function encode(rows: AsyncIterable<readonly string[]>, domain: Domain): Promise<Table> {
  const encoder = new Encoder(domain)
  for await (const cells of rows) encoder.add(cells)
  return encoder.table()
}
