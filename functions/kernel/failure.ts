/** A failure has a kind; the kernel maps it once to a problem. */
import type { FieldError, Kind } from '../../contracts/problems.ts'

export class Failure extends Error {
  override name = 'Failure'
  readonly kind: Kind
  readonly errors: FieldError[] | undefined
  readonly extra: Record<string, unknown>
  /** `detail` is a sentence for a person: what was wrong, what is expected. Never a value of anybody's data. */
  constructor(kind: Kind, detail: string, errors?: FieldError[], extra: Record<string, unknown> = {}) {
    super(detail)
    this.kind = kind
    this.errors = errors
    this.extra = extra
  }
}

/** The one answer for what does not exist and for what may not be seen. */
export const notFound = (): Failure =>
  new Failure('not-found', 'There is nothing here that you can see. Check the address, or ask for access.')
