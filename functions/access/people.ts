/** What the access routes share: profiles, memberships, and the chains a person's own acts are written to. */
import type { Act } from '../../domain/audit/acts.ts'
import type { Detail, Who } from '../../domain/audit/chain.ts'
import { queryAll, type Item } from '../../ports/table.ts'
import { record, type Writer } from '../kernel/audit.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { indexKeyOf, keyOf, type MemberItem, type OrganisationItem, type PersonProfile } from '../kernel/items.ts'

/** Name and address as recorded at the person's last sign-in; empty before the first. */
export async function profileOf(deps: Pick<Deps, 'table'>, userId: string): Promise<{ name: string; email: string }> {
  const person = await deps.table.get<PersonProfile>(keyOf.person(userId))
  return { name: person?.name ?? '', email: person?.email ?? '' }
}

/** A person's memberships, from the index. */
export async function membershipsOf(deps: Pick<Deps, 'table'>, userId: string): Promise<Item<MemberItem>[]> {
  const { ofPerson } = indexKeyOf.member
  const found: Item<MemberItem>[] = []
  for await (const member of queryAll<MemberItem>(deps.table, ofPerson.partition(userId), {
    index: true,
    prefix: ofPerson.prefix(),
  }))
    found.push(member)
  return found
}

/** Memberships under the organisations' present names; an organisation whose founding was interrupted is left out. */
export async function namedMemberships(
  deps: Pick<Deps, 'table'>,
  userId: string,
): Promise<Pick<MemberItem, 'organisationId' | 'organisation' | 'roles' | 'since'>[]> {
  const members = await membershipsOf(deps, userId)
  const organisations = await Promise.all(
    members.map((m) => deps.table.get<OrganisationItem>(keyOf.organisation(m.organisationId))),
  )
  return members.flatMap((member, index) =>
    organisations[index]
      ? [
          {
            organisationId: member.organisationId,
            organisation: organisations[index].name,
            roles: member.roles,
            since: member.since,
          },
        ]
      : [],
  )
}

/** An act on a person's own credentials matters to every organisation they belong to. */
export async function recordEverywhere(
  deps: Writer,
  userId: string,
  who: Who,
  entry: { act: Act; object: string; detail?: Detail },
): Promise<void> {
  for (const member of await membershipsOf(deps, userId)) await record(deps, member.organisationId, who, [entry])
}

/** Some acts need the person themselves: a leaked token must not be able to make itself last. */
export function notByToken(caller: Caller, what: string): void {
  if (caller.token) throw new Failure('forbidden', `A token cannot ${what}. Sign in at the portal and do it there.`)
}
