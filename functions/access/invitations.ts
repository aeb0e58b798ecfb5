/**
 * Invitations: a link that works once, for seven days. Only the digest of its secret is kept, and is the invitation's
 * id.
 */
import { base64url, sha256Hex } from '../../domain/hash.ts'
import type { access } from '../../contracts/access.ts'
import type { Letter } from '../../ports/mail.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import { endedDays } from '../kernel/ends.ts'
import { goneAfter } from '../kernel/gone.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, type InvitationItem, keyOf, type MemberItem, type OrganisationItem } from '../kernel/items.ts'
import { newMembership } from '../kernel/membership.ts'
import { notByToken } from './people.ts'
import { madeBefore } from '../kernel/intent.ts'
import { createIfAbsent, createOrFirst } from '../kernel/create-if-absent.ts'

type Routes = (typeof access)['routes']

/**
 * `takenBy` is set before the membership is made, `joined` after it: nobody else can come in between, and nobody comes
 * back with it.
 */
interface Stored extends InvitationItem {
  takenBy?: string
  joined?: boolean
}

const validMs = 7 * 24 * 60 * 60 * 1000
const shown = ({
  invitationId,
  email,
  roles,
  created,
  expires,
  invitedBy,
}: InvitationItem): Omit<InvitationItem, 'organisationId'> => ({
  invitationId,
  email,
  roles,
  created,
  expires,
  invitedBy,
})

/** The letter that brings an invitation. It names the organisation, and nobody who belongs to it. */
const letterOf = (to: string, organisation: string, link: string): Letter => ({
  to,
  subject: 'You are invited to Cloister',
  text: `You are invited to join ${organisation} at Cloister.\nThis link works once, for seven days. Sign in, or create an account, when it asks you to:\n\n${link}\n\nCloister\n`,
})

/** Sends an invitation; answers whether it was handed over. One that was not is sent by whoever has its link. */
async function mailed(deps: Deps, { email, organisationId }: InvitationItem, link: string): Promise<boolean> {
  if (!deps.mail) return false
  const organisation = await deps.table.get<OrganisationItem>(keyOf.organisation(organisationId))
  try {
    await deps.mail.send(letterOf(email, organisation?.name ?? 'an organisation', link))
    return true
  } catch (e) {
    deps.log('error', { at: 'mail', error: e instanceof Error ? e.name : typeof e })
    return false
  }
}

export const invite: Implementation<Routes['invite']> = async (
  { params: { organisationId }, body, caller, intent },
  deps,
) => {
  const secret = base64url(await intent.secret('invitation'))
  const invitationId = await sha256Hex(secret)
  // After the #: the secret reaches no server log on its way to the portal.
  const link = `${deps.settings.mainOrigin}/join#${secret}`
  const made = await madeBefore<InvitationItem>(deps, intent, keyOf.invitation(invitationId))
  // A letter is sent again: the one before may not have been.
  if (made) return { ...shown(made), link, mailed: await mailed(deps, made, link) }
  const now = deps.now()
  const item: InvitationItem = {
    invitationId,
    organisationId,
    email: body.email,
    roles: body.roles,
    created: now.toISOString(),
    expires: new Date(now.getTime() + validMs).toISOString(),
    invitedBy: caller.userId,
  }
  await record(deps, organisationId, whoOf(caller), [
    { act: 'member.invited', object: `invitation ${invitationId}`, detail: { roles: body.roles } },
  ])
  const stands = await createOrFirst<InvitationItem>(deps, {
    ...keyOf.invitation(invitationId),
    ...indexKeyOf.invitation.ofOrganisation(item),
    ...goneAfter(item.expires, endedDays.invitation),
    ...item,
  })
  return { ...shown(stands), link, mailed: await mailed(deps, stands, link) }
}

export const invitations: Implementation<Routes['invitations']> = async ({ params, query }, deps) => {
  const page = await deps.table.query<Stored>(indexKeyOf.invitation.ofOrganisation.partition(params.organisationId), {
    index: true,
    prefix: indexKeyOf.invitation.ofOrganisation.prefix(),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  const now = deps.now().toISOString()
  return {
    items: page.items.filter((i) => i.expires > now && !i.joined).map(shown),
    next: page.next,
  }
}

export const revokeInvitation: Implementation<Routes['revokeInvitation']> = async (
  { params: { organisationId, invitationId }, caller },
  deps,
) => {
  const item = await deps.table.get<Stored>(keyOf.invitation(invitationId))
  if (!item || item.organisationId !== organisationId || item.joined) throw notFound()
  await record(deps, organisationId, whoOf(caller), [
    { act: 'invitation.revoked', object: `invitation ${invitationId}` },
  ])
  await deps.table.remove(keyOf.invitation(invitationId))
  return undefined
}

export const acceptInvitation: Implementation<Routes['acceptInvitation']> = async ({ body, caller }, deps) => {
  notByToken(caller, 'accept an invitation')
  const unknown = (): Failure =>
    new Failure('not-found', 'This invitation does not exist, was taken back or has been used. Ask for a new one.')
  const invitationId = await sha256Hex(body.invitation)
  const key = keyOf.invitation(invitationId)
  const invitation = await deps.table.get<Stored>(key)
  if (!invitation) throw unknown()
  const { organisationId } = invitation
  const [organisation, present] = await Promise.all([
    deps.table.get<OrganisationItem>(keyOf.organisation(organisationId)),
    deps.table.get<MemberItem>(keyOf.member(organisationId, caller.userId)),
  ])
  if (!organisation) throw unknown()
  const answer = (
    member: Pick<MemberItem, 'roles' | 'since'>,
  ): Awaited<ReturnType<Implementation<Routes['acceptInvitation']>>> => ({
    organisationId,
    organisation: organisation.name,
    roles: member.roles,
    since: member.since,
  })
  if (invitation.joined || (invitation.takenBy !== undefined && invitation.takenBy !== caller.userId)) {
    if (present && invitation.takenBy === caller.userId) return answer(present)
    throw unknown()
  }
  if (deps.now().toISOString() >= invitation.expires)
    throw new Failure('invitation-expired', 'Invitations work for seven days. Ask for a new one.')
  // Whoever belongs to the organisation already leaves the invitation for the person it was meant for.
  if (present && invitation.takenBy === undefined) return answer(present)

  if (invitation.takenBy === undefined) {
    try {
      await deps.table.update(key, { set: { takenBy: caller.userId }, when: [{ attribute: 'takenBy', is: 'missing' }] })
    } catch (e) {
      if (!(e instanceof ConditionFailed)) throw e
      if ((await deps.table.get<Stored>(key))?.takenBy !== caller.userId) throw unknown()
    }
  }
  const since = deps.now().toISOString()
  const member: Item<MemberItem> = {
    ...keyOf.member(organisationId, caller.userId),
    ...indexKeyOf.member.ofPerson({ userId: caller.userId, organisationId }),
    organisationId,
    organisation: organisation.name,
    userId: caller.userId,
    roles: invitation.roles,
    membership: newMembership(deps),
    since,
  }
  if (!present)
    await record(deps, organisationId, whoOf(caller), [
      {
        act: 'member.joined',
        object: `person ${caller.userId}`,
        detail: { invitation: invitationId, roles: invitation.roles },
      },
    ])
  await createIfAbsent<MemberItem>(deps, member)
  // A revocation at this very moment has removed the item: then there is nothing to mark.
  await deps.table.update(key, { set: { joined: true }, remove: ['gpk', 'gsk'] }).catch((error: unknown) => {
    if (!(error instanceof ConditionFailed)) throw error
  })
  return answer((await deps.table.get<MemberItem>(keyOf.member(organisationId, caller.userId))) ?? member)
}
