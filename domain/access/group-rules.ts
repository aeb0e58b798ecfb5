/** Roles by groups of the campus' sign-in: what a rule may give, and what a person's roles are after a sign-in. */
import { type Role, roles } from './permissions.ts'

/** Whoever is in `group` there has `role` here. */
export interface GroupRule {
  group: string
  role: RuleRole
}

/**
 * Roles that a rule may give: every one but `admin`. Who runs a group at the campus must not by that decide who runs
 * the organisation; rights on studies, such as opening results, are no roles and come from people alone.
 */
export const rolesByRule = roles.filter((role) => role !== 'admin')
export type RuleRole = (typeof rolesByRule)[number]

const mostGroups = 200
const longestName = 200

/** Names of groups as a claim has them: a list, or one text with commas between; brackets around it are Cognito's. */
export function groupsIn(claim: unknown): string[] {
  const words = typeof claim === 'string' ? claim.replace(/^\[(.*)\]$/s, '$1').split(/[,;]/) : claim
  const all: unknown[] = Array.isArray(words) ? words : []
  const names = all
    .filter((name) => typeof name === 'string')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name.length <= longestName)
  return [...new Set(names)].slice(0, mostGroups)
}

/** A member's roles, and which of them are there because a rule gave them. */
export interface RolesHeld {
  roles: readonly Role[]
  byRule: readonly Role[]
}

/** What rules give somebody who is in these groups. */
export function givenBy(rules: readonly GroupRule[], groups: readonly string[]): Role[] {
  const given = rules
    .filter(({ group, role }) => groups.includes(group) && (role as Role) !== 'admin')
    .map(({ role }) => role)
  return [...new Set(given)].sort()
}

/** Roles after a sign-in: those given by hand stay, those by rule are what the rules give now. */
export function rolesAfter(held: RolesHeld, given: readonly Role[]): { roles: Role[]; byRule: Role[] } {
  const byHand = held.roles.filter((role) => !held.byRule.includes(role))
  const byRule = given.filter((role) => !byHand.includes(role))
  return { roles: [...byHand, ...byRule].sort(), byRule: [...byRule].sort() }
}
