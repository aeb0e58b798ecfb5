/** Suppressions of cdk-nag, written next to the resource they are about. */
import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** Accepts findings on a construct (and below it), each with the reason why it is right here. */
export function accept(construct: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason })
}
