/** Members of an organisation and their roles. */
import type { z } from 'zod'
import type { access, Member } from '../../contracts/access.ts'
import type { Role } from '../../domain/access/permissions.ts'
import type { Item } from '../../ports/table.ts'
import { whoOf } from '../kernel/audit.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { keyOf, type MemberItem } from '../kernel/items.ts'
import { profileOf } from './people.ts'
import { changePeople } from './role-change-lock.ts'

type Routes = (typeof access)['routes']

const shown = async (
  deps: Parameters<typeof profileOf>[0],
  member: Item<MemberItem>,
): Promise<z.input<typeof Member>> => ({
  userId: member.userId,
  ...(await profileOf(deps, member.userId)),
  roles: member.roles,
  since: member.since,
  rev: member.rev!,
})

export const members: Implementation<Routes['members']> = async ({ params, query }, deps) => {
  const page = await deps.table.query<MemberItem>(keyOf.member.partition(params.organisationId), {
    prefix: keyOf.member.prefix(),
    limit: query.limit,
    after: query.after,
  })
  return {
    items: await Promise.all(page.items.map((m) => shown(deps, m))),
    next: page.next,
  }
}

/** The member as listed, after making sure that an admin is left when they no longer are one. */
function judged(all: Item<MemberItem>[], userId: string, roles: Role[]): Item<MemberItem> {
  const member = all.find((m) => m.userId === userId)
  if (!member) throw notFound()
  if (
    member.roles.includes('admin') &&
    !roles.includes('admin') &&
    !all.some((m) => m.userId !== userId && m.roles.includes('admin'))
  )
    throw new Failure('last-admin', 'This is the organisation’s only admin. Make somebody else an admin first.')
  return member
}

export const setRoles: Implementation<Routes['setRoles']> = async (
  { params: { organisationId, userId }, body, caller },
  deps,
) => {
  const roles = [...body.roles].sort()
  let from: Role[] = []
  await changePeople(
    deps,
    organisationId,
    (all) => {
      const member = judged(all, userId, roles)
      if (member.rev !== body.rev)
        throw new Failure('changed-meanwhile', 'This person’s roles were changed since you read them. Load them again.')
      from = member.roles
      return [...from].sort().join() === roles.join() ? undefined : { userId, rev: body.rev, roles }
    },
    () => ({
      who: whoOf(caller),
      entry: { act: 'member.roles-changed', object: `person ${userId}`, detail: { from, to: roles } },
    }),
  )
  const member = await deps.table.get<MemberItem>(keyOf.member(organisationId, userId))
  if (!member) throw notFound()
  return shown(deps, member)
}

export const removeMember: Implementation<Routes['removeMember']> = async (
  { params: { organisationId, userId }, caller },
  deps,
) => {
  await changePeople(
    deps,
    organisationId,
    (all) => ({ userId, rev: judged(all, userId, []).rev!, roles: [] }),
    () => ({ who: whoOf(caller), entry: { act: 'member.removed', object: `person ${userId}` } }),
  )
  return undefined
}
