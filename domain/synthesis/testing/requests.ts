/** For tests: requests for a synthetic table of a chain, and what they are refused with. */
import { rhoWithin } from '../../privacy/accounting.ts'
import type { Method } from '../auto.ts'
import { SynthesisError } from '../errors.ts'
import { type Request, synthesise } from '../synthesise.ts'
import { categorical, chainTable, fixedUniform } from './tables.ts'

export const methods: Method[] = ['aim', 'mst', 'privsyn', 'independent']
/** A request at epsilon 1 and one row a person, for `rows` rows of a chain over columns of these sizes. */
export const request = (
  method: Method | 'auto',
  sizes: readonly number[],
  rows: number,
  seed: number,
  more: Partial<Request> = {},
): Request => ({
  domain: categorical(sizes),
  data: chainTable(rows, sizes, seed),
  method,
  budget: rhoWithin(1, 1e-9),
  rowsPerPerson: 1,
  random: fixedUniform(seed + 99),
  ...more,
})
/** The refusal that a request ends in; throws when it is met. */
export const refusal = async (asked: Request): Promise<SynthesisError> => {
  try {
    await synthesise(asked)
  } catch (e) {
    if (e instanceof SynthesisError) return e
    throw e
  }
  throw new Error('no refusal')
}
