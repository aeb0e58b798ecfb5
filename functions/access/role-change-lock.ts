/**
 * One change of roles at a time per organisation, so that the last admin stays although every write is one item.
 *
 * The item `ORG#id`/`PEOPLE` carries the change in hand and a rev. A change goes: (1) finish whatever is in hand, (2)
 * look at all members and judge, (3) take the turn: put the change in hand, if rev is still what it was before (2), (4)
 * write the audit event, (5) mark it recorded, (6) apply it, (7) clear it. Two admins who remove each other at once
 * both judge, but only one takes the turn; the other judges anew and is refused. A change that a crash left recorded is
 * applied by whoever comes next; one that was taken but not recorded has had no effect and is dropped after a while.
 */
import type { Role } from '../../domain/access/permissions.ts'
import { AlreadyExists, ConditionFailed, type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { indexKeyOf, keyOf, type MemberItem, type StudyPersonItem } from '../kernel/items.ts'
import { retrying } from '../kernel/retry.ts'

/** A change of one member: their new roles, or none to remove them. `rev` is the member item's as judged. */
export interface PeopleChange {
  userId: string
  rev: number
  roles: Role[]
  /** Those that a rule gave, when a rule makes the change. */
  byRule?: Role[]
}
interface TurnItem {
  change?: PeopleChange | undefined
  state?: 'taken' | 'recorded' | undefined
  until?: string | undefined
}

const takenForMs = 15_000

async function turnOf(deps: Deps, organisationId: string): Promise<Item<TurnItem>> {
  const key = keyOf.roleChange(organisationId)
  const found = await deps.table.get<TurnItem>(key)
  if (found) return found
  try {
    return await deps.table.create<TurnItem>(key)
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
    return (await deps.table.get<TurnItem>(key))!
  }
}

/** Rights on the organisation's studies end with the membership: they do not come back with a later invitation. */
async function removeRights(deps: Deps, organisationId: string, userId: string): Promise<void> {
  const { ofPerson } = indexKeyOf.studyPerson
  for await (const person of queryAll<StudyPersonItem>(deps.table, ofPerson.partition(userId), {
    index: true,
    prefix: ofPerson.prefix(),
  }))
    if (person.organisationId === organisationId) await deps.table.remove(keyOf.studyPerson(person.studyId, userId))
}

/** Safe to run twice: the member's rev says whether it has been done. */
async function apply(deps: Deps, organisationId: string, { userId, rev, roles, byRule }: PeopleChange): Promise<void> {
  const key = keyOf.member(organisationId, userId)
  if (roles.length > 0) {
    await deps.table
      .update(key, { set: { roles, byRule }, when: [{ attribute: 'rev', is: 'equal', value: rev }] })
      .catch((error: unknown) => {
        if (!(error instanceof ConditionFailed)) throw error
      })
    return
  }
  if ((await deps.table.get<MemberItem>(key))?.rev !== rev) return
  await removeRights(deps, organisationId, userId)
  await deps.table.remove(key)
}

const clear = async (deps: Deps, turn: Item<TurnItem>): Promise<void> => {
  try {
    await deps.table.replace<TurnItem>({ pk: turn.pk, sk: turn.sk }, turn.rev!)
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/** Whether a change that was taken is in hand. One that ends too far ahead was taken by a clock that went wrong. */
function isHeld(until: string, now: Date): boolean {
  const ahead = Date.parse(until) - now.getTime()
  return ahead > 0 && ahead <= takenForMs
}

/** Step 1. False when somebody else is between taking and recording: look again in a moment. */
async function finish(deps: Deps, organisationId: string, turn: Item<TurnItem>): Promise<boolean> {
  if (!turn.change) return true
  if (turn.state === 'recorded') await apply(deps, organisationId, turn.change)
  else if (isHeld(turn.until!, deps.now())) return false
  await clear(deps, turn)
  return false
}

/** Another change is in hand: it was helped on, or has to be waited for. */
class InHand extends Error {
  override name = 'InHand'
}
type Judge = (members: Item<MemberItem>[]) => PeopleChange | undefined

/** One try, steps 1 to 7. Throws `InHand`, and `ConditionFailed` when somebody else was faster. */
async function tryChange(
  deps: Deps,
  organisationId: string,
  judge: Judge,
  recordIt: (change: PeopleChange) => Promise<void>,
): Promise<void> {
  const turn = await turnOf(deps, organisationId)
  if (!(await finish(deps, organisationId, turn))) throw new InHand()
  const members: Item<MemberItem>[] = []
  const place = { prefix: keyOf.member.prefix() }
  for await (const member of queryAll<MemberItem>(deps.table, keyOf.member.partition(organisationId), place))
    members.push(member)
  const change = judge(members)
  if (!change) return
  const key = keyOf.roleChange(organisationId)
  const until = new Date(deps.now().getTime() + takenForMs).toISOString()
  const taken = await deps.table.replace<TurnItem>({ ...key, change, state: 'taken', until }, turn.rev!)
  await recordIt(change)
  const recorded = await deps.table.replace<TurnItem>({ ...key, change, state: 'recorded' }, taken.rev!)
  await apply(deps, organisationId, change)
  await clear(deps, recorded)
}

/**
 * Changes one member. `judge` sees all members and throws a `Failure`, or answers the change (undefined: nothing to
 * do); `recordIt` writes the audit event. Both may run again when somebody else was faster. Throws `changed-meanwhile`
 * when too many others were.
 */
export async function changePeople(
  deps: Deps,
  organisationId: string,
  judge: Judge,
  recordIt: (change: PeopleChange) => Promise<void>,
): Promise<void> {
  const waits = (e: unknown): boolean => e instanceof InHand || e instanceof ConditionFailed
  try {
    await retrying(deps, () => tryChange(deps, organisationId, judge, recordIt), { when: waits })
  } catch (e) {
    if (!waits(e)) throw e
    throw new Failure(
      'changed-meanwhile',
      'Too many people are changing roles in this organisation just now. Try again in a moment.',
    )
  }
}
