/**
 * Why a query may not run: a stable code, and a sentence that says what to do instead. It speaks of the query's own
 * text alone, never of data.
 */
export type RefusalCode = 'unknown-column' | 'not-allowed' | 'not-an-aggregate' | 'query-error'

export class Refused extends Error {
  override name = 'Refused'
  readonly code: RefusalCode
  /** Columns, tables or functions that are meant, as the query writes them. */
  readonly names: string[]
  constructor(code: RefusalCode, message: string, names: string[] = []) {
    super(message)
    this.code = code
    this.names = names.map((n) => n.slice(0, 80))
  }
}

/** The refusal of something that is not allowed here; `names` are columns, tables or functions that are meant. */
export const notAllowed = (message: string, ...names: string[]): Refused => new Refused('not-allowed', message, names)
