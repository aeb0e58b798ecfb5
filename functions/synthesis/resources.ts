/** How a synthetic table that routes are about is found. */
import type { Needs } from '../../contracts/route.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import type { Item } from '../../ports/table.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { notFound } from '../kernel/failure.ts'
import { keyOf, type SynthesisItem } from '../kernel/items.ts'
import { type AsMember, decide, memberOf } from '../kernel/resources.ts'

export interface InSynthesis extends AsMember {
  synthesis: Item<SynthesisItem>
}
declare module '../kernel/resources.ts' {
  interface Contexts {
    synthesis: InSynthesis
  }
}

/** Its custodians; once it is shared, members of the organisation. */
export async function inSynthesis(deps: Deps, caller: Caller, synthesisId: string, needs: Needs): Promise<InSynthesis> {
  const synthesis = await deps.table.get<SynthesisItem>(keyOf.synthesis(synthesisId))
  if (!synthesis) throw notFound()
  const member = await memberOf(deps, caller, synthesis.organisationId)
  const everything: Subject = { roles: member.roles, shared: synthesis.shared }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, needs, may(everything, 'synthesis.read'))
  return { caller, member, synthesis, subject }
}
