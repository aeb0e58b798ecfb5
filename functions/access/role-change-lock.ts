/**
 * One change of roles at a time per organisation, so that the last admin stays although every write is one item.
 *
 * The item `ORG#id`/`PEOPLE` carries the change in hand, the audit event of it, and a rev. A change goes: (1) finish
 * whatever is in hand, (2) look at all members and judge, (3) take the turn: put the change in hand, if rev is still
 * what it was before (2), (4) write the event, (5) apply the change, (6) clear the turn. Two admins who remove each
 * other at once both judge, but only one takes the turn; the other judges anew and is refused. Steps 4 to 6 may be done
 * by several at once and again: whoever finds a change in hand goes on with it, so that nobody waits for a process that
 * may have died, and no clock says when it has.
 */
import type { Role } from '../../domain/access/permissions.ts'
import { AlreadyExists, type Condition, ConditionFailed, type Item, queryAll } from '../../ports/table.ts'
import type { Who } from '../../domain/audit/chain.ts'
import { type AuditEntry, toWrite, writeOnce, type Writing } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { indexKeyOf, keyOf, type MemberItem, type StudyPersonItem } from '../kernel/items.ts'
import { isOfMembership } from '../kernel/membership.ts'
import { retrying } from '../kernel/retry.ts'

/** A change of one member: their new roles, or none to remove them. `rev` and `membership` are the item's as judged. */
export interface PeopleChange {
  userId: string
  rev: number
  membership?: string | undefined
  roles: Role[]
  /** Those that a rule gave, when a rule makes the change. */
  byRule?: Role[]
}
interface TurnItem {
  change?: PeopleChange | undefined
  /** Of a change that an earlier version took it is missing. */
  writing?: Writing | undefined
  /** Said by an earlier version of one whose event it had written: it is applied, others had no effect yet. */
  state?: 'taken' | 'recorded' | undefined
}

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

/** What is of the membership that a change was judged by. */
const ofMembership = ({ membership }: Pick<PeopleChange, 'membership'>): Condition =>
  membership === undefined
    ? { attribute: 'membership', is: 'missing' }
    : { attribute: 'membership', is: 'equal', value: membership }

/** Of a helper that stood still the change may be done by another, and what is there now come after it. */
const unlessDone = (error: unknown): void => {
  if (!(error instanceof ConditionFailed)) throw error
}

/**
 * Clears away the rights on the organisation's studies, as far as the index shows them; what it does not show counts
 * for nothing any more (functions/kernel/membership.ts).
 */
async function removeRights(deps: Deps, organisationId: string, change: PeopleChange): Promise<void> {
  const { userId } = change
  const { ofPerson } = indexKeyOf.studyPerson
  for await (const person of queryAll<StudyPersonItem>(deps.table, ofPerson.partition(userId), {
    index: true,
    prefix: ofPerson.prefix(),
  }))
    if (person.organisationId === organisationId)
      await deps.table.remove(keyOf.studyPerson(person.studyId, userId), [ofMembership(change)]).catch(unlessDone)
}

/** Safe to run twice: the member's membership and rev say whether it has been done. */
async function apply(deps: Deps, organisationId: string, change: PeopleChange): Promise<void> {
  const { userId, rev, roles, byRule } = change
  const key = keyOf.member(organisationId, userId)
  const asJudged: Condition[] = [{ attribute: 'rev', is: 'equal', value: rev }, ofMembership(change)]
  if (roles.length > 0) {
    await deps.table.update(key, { set: { roles, byRule }, when: asJudged }).catch(unlessDone)
    return
  }
  const member = await deps.table.get<MemberItem>(key)
  if (!member || member.rev !== rev || !isOfMembership(member, change)) return
  await removeRights(deps, organisationId, change)
  await deps.table.remove(key, asJudged).catch(unlessDone)
}

const clear = async (deps: Deps, turn: Item<TurnItem>): Promise<void> => {
  try {
    await deps.table.replace<TurnItem>({ pk: turn.pk, sk: turn.sk }, turn.rev!)
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/** Steps 4 to 6. */
async function goOn(deps: Deps, organisationId: string, turn: Item<TurnItem>): Promise<void> {
  const { change, writing, state } = turn
  if (writing) await writeOnce(deps, organisationId, writing)
  if (change && (writing || state === 'recorded')) await apply(deps, organisationId, change)
  await clear(deps, turn)
}

/** Another change was in hand, and was gone on with: look again. */
class InHand extends Error {
  override name = 'InHand'
}
type Judge = (members: Item<MemberItem>[]) => PeopleChange | undefined

/** One try, steps 1 to 6. Throws `InHand`, and `ConditionFailed` when somebody else was faster. */
async function tryChange(
  deps: Deps,
  organisationId: string,
  judge: Judge,
  eventOf: (change: PeopleChange) => { who: Who; entry: AuditEntry },
): Promise<void> {
  const turn = await turnOf(deps, organisationId)
  if (turn.change) {
    await goOn(deps, organisationId, turn)
    throw new InHand()
  }
  const members: Item<MemberItem>[] = []
  const place = { prefix: keyOf.member.prefix() }
  for await (const member of queryAll<MemberItem>(deps.table, keyOf.member.partition(organisationId), place))
    members.push(member)
  const judged = judge(members)
  if (!judged) return
  const membership = members.find(({ userId }) => userId === judged.userId)?.membership
  const change = { ...judged, ...(membership === undefined ? {} : { membership }) }
  const { who, entry } = eventOf(change)
  const writing = await toWrite(deps, organisationId, who, entry)
  const key = keyOf.roleChange(organisationId)
  await goOn(deps, organisationId, await deps.table.replace<TurnItem>({ ...key, change, writing }, turn.rev!))
}

/**
 * Changes one member. `judge` sees all members and throws a `Failure`, or answers the change (undefined: nothing to
 * do); `eventOf` says what is written to
 * the chain. Both may run again when somebody else was faster. Throws `changed-meanwhile`
 * when too many others were.
 */
export async function changePeople(
  deps: Deps,
  organisationId: string,
  judge: Judge,
  eventOf: (change: PeopleChange) => { who: Who; entry: AuditEntry },
): Promise<void> {
  const waits = (e: unknown): boolean => e instanceof InHand || e instanceof ConditionFailed
  try {
    await retrying(deps, () => tryChange(deps, organisationId, judge, eventOf), { when: waits })
  } catch (e) {
    if (!waits(e)) throw e
    throw new Failure(
      'changed-meanwhile',
      'Too many people are changing roles in this organisation just now. Try again in a moment.',
    )
  }
}
