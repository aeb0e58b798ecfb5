/** Organisations: founding, reading, renaming, and what they demand of sign-ins. */
import type { z } from 'zod'
import type { access, Organisation } from '../../contracts/access.ts'
import { AlreadyExists, ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import { head } from '../kernel/chain.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import { indexKeyOf, keyOf, type MemberItem, type OrganisationItem } from '../kernel/items.ts'
import { newMembership } from '../kernel/membership.ts'
import { secondFactorNeeded } from '../kernel/resources.ts'
import { notByToken } from './people.ts'
import { founders } from './session.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

type Routes = (typeof access)['routes']

const shown = (organisation: Item<OrganisationItem>): z.input<typeof Organisation> => ({
  organisationId: organisation.organisationId,
  name: organisation.name,
  created: organisation.created,
  secondFactor: organisation.secondFactor === true,
  rev: organisation.rev!,
})

/**
 * The id comes from founder and request id, so a repeat goes on where the first attempt stopped. The organisation's own
 * item is written last: while it is missing nothing can be done with the organisation, and once it is there a repeat
 * changes nothing (above all, it gives nobody admin again).
 */
export const createOrganisation: Implementation<Routes['createOrganisation']> = async ({ caller, body }, deps) => {
  notByToken(caller, 'found an organisation')
  if (!caller.groups.includes(founders))
    throw new Failure(
      'forbidden',
      'Only people in the group “founders” of the identity provider can found an organisation. Ask whoever runs this installation.',
    )
  const organisationId = await derivedId('org', caller.userId, body.requestId)
  const repeat = async (): Promise<z.input<typeof Organisation> | undefined> => {
    const [existing, member] = await Promise.all([
      deps.table.get<OrganisationItem>(keyOf.organisation(organisationId)),
      deps.table.get(keyOf.member(organisationId, caller.userId)),
    ])
    if (existing && !member)
      throw new Failure('forbidden', 'This organisation exists already and you no longer belong to it.')
    return existing && shown(existing)
  }
  const existing = await repeat()
  if (existing) return existing
  const kid = await deps.keys.createKey(organisationId)
  const created = deps.now().toISOString()
  if ((await head(deps, organisationId)).seq === 0)
    await record(deps, organisationId, whoOf(caller), [
      { act: 'organisation.created', object: `organisation ${organisationId}`, detail: { kid, admin: caller.userId } },
    ])
  const member: Item<MemberItem> = {
    ...keyOf.member(organisationId, caller.userId),
    ...indexKeyOf.member.ofPerson({ userId: caller.userId, organisationId }),
    organisationId,
    organisation: body.name,
    userId: caller.userId,
    roles: ['admin'],
    membership: newMembership(deps),
    since: created,
  }
  await createIfAbsent<MemberItem>(deps, member)
  try {
    return shown(
      await deps.table.create<OrganisationItem>({
        ...keyOf.organisation(organisationId),
        organisationId,
        name: body.name,
        kid,
        created,
      }),
    )
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
    return (await repeat())!
  }
}

export const organisation: Implementation<Routes['organisation']> = async ({ organisation: o }) => shown(o)

const changed = (): Failure =>
  new Failure('changed-meanwhile', 'The organisation was changed since you read it. Load it again.')

export const renameOrganisation: Implementation<Routes['renameOrganisation']> = async (
  { organisation: held, caller, body },
  deps,
) => {
  if (held.rev !== body.rev) throw changed()
  if (held.name === body.name) return shown(held)
  await record(deps, held.organisationId, whoOf(caller), [
    {
      act: 'organisation.renamed',
      object: `organisation ${held.organisationId}`,
      detail: { from: held.name, to: body.name },
    },
  ])
  try {
    return shown(await deps.table.replace<OrganisationItem>({ ...held, name: body.name }, body.rev))
  } catch (e) {
    throw e instanceof ConditionFailed ? changed() : e
  }
}

/**
 * Whoever demands it has shown that they can meet it: otherwise they would be the first whom it shuts out, and who has
 * not met it may not undo it.
 */
export const demandSecondFactor: Implementation<Routes['demandSecondFactor']> = async (
  { organisation: { secondFactor, ...held }, caller, body },
  deps,
) => {
  notByToken(caller, 'change what sign-ins need')
  if (!deps.settings.tellsFactors)
    throw new Failure(
      'wrong-state',
      'Sign-ins of this installation do not say by how many factors they were. Whoever runs it can demand two of everybody.',
    )
  if (!caller.secondFactor) throw secondFactorNeeded()
  if (held.rev !== body.rev) throw changed()
  if ((secondFactor === true) === body.demanded) return shown({ ...held, ...(secondFactor ? { secondFactor } : {}) })
  await record(deps, held.organisationId, whoOf(caller), [
    {
      act: 'organisation.second-factor',
      object: `organisation ${held.organisationId}`,
      detail: { demanded: body.demanded },
    },
  ])
  const next = { ...held, ...(body.demanded ? { secondFactor: true as const } : {}) }
  try {
    return shown(await deps.table.replace<OrganisationItem>(next, body.rev))
  } catch (e) {
    throw e instanceof ConditionFailed ? changed() : e
  }
}
