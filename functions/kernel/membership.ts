/**
 * Rights on studies end with the membership that they were given in. Removing them with it is not enough: they are
 * found by an index, which may not show yet what was given a moment ago, and somebody may be giving one just then. So
 * each membership has a name of its own, a right carries it, and under another it counts for nothing.
 */
import type { StudyRight } from '../../domain/access/permissions.ts'
import { base32 } from '../../domain/hash.ts'
import type { Deps } from './deps.ts'
import type { MemberItem, StudyPersonItem } from './items.ts'

/** A name for a membership that begins. */
export const newMembership = (deps: Pick<Deps, 'random'>): string => base32(deps.random(10))

/** Whether something was given in this membership. Those of older homes have no name, and neither have their rights. */
export const isOfMembership = (
  member: Pick<MemberItem, 'membership'>,
  given: Pick<StudyPersonItem, 'membership'>,
): boolean => given.membership === member.membership

/** The rights that somebody has by what was given to them. */
export const rightsOf = (
  member: Pick<MemberItem, 'membership'>,
  given: Pick<StudyPersonItem, 'membership' | 'rights'> | undefined,
): StudyRight[] => (given && isOfMembership(member, given) ? given.rights : [])

/** What something that is given now carries. */
export const inMembership = ({ membership }: Pick<MemberItem, 'membership'>): Pick<StudyPersonItem, 'membership'> =>
  membership === undefined ? {} : { membership }
