/**
 * Rules by which groups of the campus' sign-in become roles: made by an admin, applied at each sign-in, both giving and
 * taking. A rule counts for as long as who made it is an admin.
 */
import type { access } from '../../contracts/access.ts'
import { givenBy, rolesAfter } from '../../domain/access/group-rules.ts'
import type { Role } from '../../domain/access/permissions.ts'
import type { Who } from '../../domain/audit/chain.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import { type AuditEntry, record, whoOf } from '../kernel/audit.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import type { Deps } from '../kernel/deps.ts'
import { notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import { type GroupRuleItem, indexKeyOf, keyOf, type MemberItem, type OrganisationItem } from '../kernel/items.ts'
import { newMembership } from '../kernel/membership.ts'
import { membershipsOf, notByToken } from './people.ts'
import { changePeople } from './role-change-lock.ts'

type Routes = (typeof access)['routes']

/** Acts that nobody did by hand are the platform's. */
const byRule: Who = { kind: 'platform', id: 'group-rules' }

const shown = ({ ruleId, group, role, madeBy, created }: GroupRuleItem): Omit<GroupRuleItem, 'organisationId'> => ({
  ruleId,
  group,
  role,
  madeBy,
  created,
})

export const groupRules: Implementation<Routes['groupRules']> = async ({ params: { organisationId }, query }, deps) => {
  const page = await deps.table.query<GroupRuleItem>(keyOf.groupRule.partition(organisationId), {
    prefix: keyOf.groupRule.prefix(),
    limit: query.limit,
    after: query.after,
  })
  return { items: page.items.map(shown), next: page.next }
}

/** The same group and role again is the same rule, as it was first made. */
export const makeGroupRule: Implementation<Routes['makeGroupRule']> = async (
  { params: { organisationId }, body: { group, role }, caller },
  deps,
) => {
  notByToken(caller, 'make rules')
  const ruleId = await derivedId('rul', organisationId, group, role)
  const key = keyOf.groupRule(organisationId, ruleId)
  const known = await deps.table.get<GroupRuleItem>(key)
  if (known) return shown(known)
  const rule: GroupRuleItem = {
    ruleId,
    organisationId,
    group,
    role,
    madeBy: caller.userId,
    created: deps.now().toISOString(),
  }
  await record(deps, organisationId, whoOf(caller), [
    { act: 'group-rule.made', object: `rule ${ruleId}`, detail: { group, role } },
  ])
  const index = indexKeyOf.groupRule.ofInstallation({ organisationId, ruleId })
  await createIfAbsent<GroupRuleItem>(deps, { ...key, ...index, ...rule })
  return shown(rule)
}

export const removeGroupRule: Implementation<Routes['removeGroupRule']> = async (
  { params: { organisationId, ruleId }, caller },
  deps,
) => {
  notByToken(caller, 'remove rules')
  const key = keyOf.groupRule(organisationId, ruleId)
  if (!(await deps.table.get<GroupRuleItem>(key))) throw notFound()
  await record(deps, organisationId, whoOf(caller), [{ act: 'group-rule.removed', object: `rule ${ruleId}` }])
  await deps.table.remove(key)
  return undefined
}

/** All rules, by organisation. */
async function rulesByOrganisation(deps: Pick<Deps, 'table'>): Promise<Map<string, GroupRuleItem[]>> {
  const place = indexKeyOf.groupRule.ofInstallation
  const rules: GroupRuleItem[] = []
  for await (const rule of queryAll<GroupRuleItem>(deps.table, place.partition(), { index: true })) rules.push(rule)
  return Map.groupBy(rules, (rule) => rule.organisationId)
}

/** Somebody who was no member becomes one. */
async function join(deps: Deps, organisationId: string, userId: string, given: Role[]): Promise<void> {
  const organisation = await deps.table.get<OrganisationItem>(keyOf.organisation(organisationId))
  if (!organisation) return
  await record(deps, organisationId, byRule, [
    { act: 'member.joined', object: `person ${userId}`, detail: { roles: given, by: 'group-rules' } },
  ])
  await createIfAbsent<MemberItem>(deps, {
    ...keyOf.member(organisationId, userId),
    ...indexKeyOf.member.ofPerson({ userId, organisationId }),
    organisationId,
    organisation: organisation.name,
    userId,
    roles: given,
    byRule: given,
    membership: newMembership(deps),
    since: deps.now().toISOString(),
  })
}

/** Rules of one organisation, applied to one person. */
async function applyIn(
  deps: Deps,
  organisationId: string,
  { userId, groups }: { userId: string; groups: readonly string[] },
  rules: readonly GroupRuleItem[],
): Promise<void> {
  const nobody = await deps.table.get<MemberItem>(keyOf.member(organisationId, userId))
  const authors = await Promise.all(
    [...new Set(rules.map((rule) => rule.madeBy))].map((author) =>
      deps.table.get<MemberItem>(keyOf.member(organisationId, author)),
    ),
  )
  const admins = new Set(authors.filter((author) => author?.roles.includes('admin')).map((author) => author!.userId))
  const given = givenBy(
    rules.filter((rule) => admins.has(rule.madeBy)),
    groups,
  )
  if (!nobody) return given.length > 0 ? join(deps, organisationId, userId, given) : undefined
  let from: readonly Role[] = []
  await changePeople(
    deps,
    organisationId,
    (all) => {
      const member: Item<MemberItem> | undefined = all.find((one) => one.userId === userId)
      if (!member) return undefined
      from = member.roles
      const after = rolesAfter({ roles: member.roles, byRule: member.byRule ?? [] }, given)
      const same = (one: readonly Role[], other: readonly Role[]): boolean => [...one].sort().join() === other.join()
      const stands = same(member.roles, after.roles) && same(member.byRule ?? [], after.byRule)
      return stands ? undefined : { userId, rev: member.rev!, ...after }
    },
    ({ roles }): { who: Who; entry: AuditEntry } => ({
      who: byRule,
      entry:
        roles.length > 0
          ? {
              act: 'member.roles-changed',
              object: `person ${userId}`,
              detail: { from: [...from], to: roles, by: 'group-rules' },
            }
          : { act: 'member.removed', object: `person ${userId}`, detail: { by: 'group-rules' } },
    }),
  )
}

/**
 * Applies all rules to somebody who signs in by the campus with these groups: gives what rules give now, takes what
 * they gave before and give no more. Done before the sign-in counts; safe to do twice.
 */
export async function applyGroupRules(
  deps: Deps,
  person: { userId: string; groups: readonly string[] },
): Promise<void> {
  const rules = await rulesByOrganisation(deps)
  const held = await membershipsOf(deps, person.userId)
  const had = held.filter((member) => (member.byRule ?? []).length > 0).map((member) => member.organisationId)
  const giving = [...rules].filter(([, own]) => givenBy(own, person.groups).length > 0).map(([id]) => id)
  for (const organisationId of new Set([...had, ...giving]))
    await applyIn(deps, organisationId, person, rules.get(organisationId) ?? [])
}
