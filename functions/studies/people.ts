/** Who may do what with a study. */
import type { z } from 'zod'
import type { StudyPerson, studies } from '../../contracts/studies.ts'
import { may, type StudyRight, studyRights } from '../../domain/access/permissions.ts'
import { type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, keyOf, type MemberItem, type PersonProfile, type StudyPersonItem } from '../kernel/items.ts'
import { inMembership, isOfMembership } from '../kernel/membership.ts'
import { retrying } from '../kernel/retry.ts'
import { isGoing } from '../stores/study-rest.ts'

type Routes = (typeof studies)['routes']

async function shown(deps: Deps, person: Item<StudyPersonItem>): Promise<z.input<typeof StudyPerson>> {
  const profile = await deps.table.get<PersonProfile>(keyOf.person(person.userId), ['name', 'email'])
  return {
    userId: person.userId,
    name: profile?.name ?? '',
    email: profile?.email ?? '',
    rights: person.rights,
    since: person.since,
    rev: person.rev!,
  }
}

export const people: Implementation<Routes['people']> = async ({ study, query }, deps) => {
  const page = await deps.table.query<StudyPersonItem>(keyOf.studyPerson.partition(study.studyId), {
    prefix: keyOf.studyPerson.prefix(),
    limit: query.limit,
    after: query.after,
  })
  // Rights end with the membership: whoever left the organisation is not shown.
  const members = await Promise.all(
    page.items.map((p) => deps.table.get<MemberItem>(keyOf.member(study.organisationId, p.userId), ['membership'])),
  )
  return {
    items: await Promise.all(
      page.items.filter((p, i) => members[i] && isOfMembership(members[i], p)).map((p) => shown(deps, p)),
    ),
    next: page.next,
  }
}

/**
 * Nobody gives a right that they do not hold, and taking rights away needs the right to remove people; an admin can do
 * both.
 */
function judge(
  holds: readonly StudyRight[],
  admin: boolean,
  mayRemove: boolean,
  before: readonly StudyRight[],
  after: readonly StudyRight[],
): void {
  const lacking = admin ? [] : after.filter((r) => !before.includes(r) && !holds.includes(r))
  if (lacking.length > 0)
    throw new Failure('forbidden', `You cannot give rights that you do not hold yourself: ${lacking.join(', ')}.`, [
      { path: '/body/rights', message: `Not yours to give: ${lacking.join(', ')}` },
    ])
  if (!mayRemove && before.some((r) => !after.includes(r)))
    throw new Failure('forbidden', 'Taking a right away needs the right to remove people.')
}

export const share: Implementation<Routes['share']> = async (
  { study, subject, caller, params: { userId }, body },
  deps,
) => {
  const rights = studyRights.filter((r) => body.rights.includes(r))
  const member = await deps.table.get<MemberItem>(keyOf.member(study.organisationId, userId))
  if (!member) throw new Failure('wrong-state', 'This person is not a member of the organisation. Invite them first.')
  const key = keyOf.studyPerson(study.studyId, userId)
  return retrying(deps, async () => {
    const found = await deps.table.get<StudyPersonItem>(key)
    const before = found && isOfMembership(member, found) ? found : undefined
    judge(
      subject.rights ?? [],
      subject.roles.includes('admin'),
      may(subject, 'study.unshare'),
      before?.rights ?? [],
      rights,
    )
    if (before && before.rights.join() === rights.join()) return shown(deps, before)
    await record(deps, study.organisationId, whoOf(caller), [
      { act: 'study.shared', object: `study ${study.studyId}`, detail: { person: userId, rights } },
    ])
    if (before) return shown(deps, await deps.table.replace<StudyPersonItem>({ ...before, rights }, before.rev!))
    const given: Item<StudyPersonItem> = {
      ...key,
      ...indexKeyOf.studyPerson.ofPerson({ userId, studyId: study.studyId }),
      studyId: study.studyId,
      organisationId: study.organisationId,
      userId,
      rights,
      ...inMembership(member),
      since: deps.now().toISOString(),
    }
    // What an earlier membership has left is in the way, and counts for nothing.
    const made = await (found ? deps.table.replace(given, found.rev!) : deps.table.create(given))
    // Deleted at this moment: its people were looked for before this one was there.
    if (await isGoing(deps, study.studyId)) {
      await deps.table.remove(key)
      throw notFound()
    }
    return shown(deps, made)
  })
}

export const unshare: Implementation<Routes['unshare']> = async ({ study, caller, params: { userId } }, deps) => {
  const key = keyOf.studyPerson(study.studyId, userId)
  if (!(await deps.table.get<StudyPersonItem>(key, ['userId']))) return undefined
  await record(deps, study.organisationId, whoOf(caller), [
    { act: 'study.unshared', object: `study ${study.studyId}`, detail: { person: userId } },
  ])
  await deps.table.remove(key)
  return undefined
}
