/** Sign-in settings, and who I am. */
import { base64url, sha256 } from '../../domain/hash.ts'
import { AlreadyExists, ConditionFailed } from '../../ports/table.ts'
import type { access } from '../../contracts/access.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, keyOf, type PersonProfile } from '../kernel/items.ts'
import { groupsIn } from '../../domain/access/group-rules.ts'
import { applyGroupRules } from './group-rules.ts'
import { namedMemberships, profileOf } from './people.ts'
import { NotVerified, type Verifier } from './verifier.ts'

type Routes = (typeof access)['routes']

/** The group of the identity provider whose members may found organisations. */
export const founders = 'founders'

/** Index key under which a person is found by address: a digest, so that addresses stand in profiles alone. */
export const emailKey = async (email: string): Promise<string> =>
  indexKeyOf.person.byEmail.partition(base64url(await sha256(email.trim().toLowerCase())))

export const signInSettings: Implementation<Routes['signInSettings']> = async (_, { settings }) => ({
  issuer: settings.issuer,
  clientId: settings.clientId,
  scope: settings.scope,
  resource: settings.resource,
  logout: settings.logout,
  account: settings.account,
  tellsFactors: settings.tellsFactors === true,
  campus: settings.campus,
  accountClientId: settings.accountClientId,
  studyOrigin: settings.studyOrigin,
  mainOrigin: settings.mainOrigin,
  version: settings.version,
})

async function meOf(deps: Deps, caller: Caller): Promise<Awaited<ReturnType<Implementation<Routes['me']>>>> {
  const [profile, memberships] = await Promise.all([
    profileOf(deps, caller.userId),
    namedMemberships(deps, caller.userId),
  ])
  return {
    userId: caller.userId,
    ...profile,
    memberships,
    mayCreateOrganisation: caller.groups.includes(founders),
    secondFactor: caller.secondFactor === true,
    loginAt: new Date(caller.loginAt * 1000).toISOString(),
    token: caller.token,
  }
}

export const me: Implementation<Routes['me']> = ({ caller }, deps) => meOf(deps, caller)

/**
 * Groups of the campus' sign-in, where Cognito hands them on (lib/identity-stack.ts). Anybody could give an account of
 * their own such an attribute; `identities` is Cognito's own word that somebody came by a provider.
 */
function campusGroups(claims: Record<string, unknown>): string[] | undefined {
  const { identities, 'custom:groups': groups } = claims
  return Array.isArray(identities) && identities.length > 0 ? groupsIn(groups) : undefined
}

const text = (v: unknown): string => (typeof v === 'string' ? v.trim().slice(0, 120) : '')

/** Records name and address from the caller's own ID token. */
export const updateMe =
  (verifier: Verifier): Implementation<Routes['updateMe']> =>
  async ({ caller, body }, deps) => {
    const refused = (message: string): Failure =>
      new Failure('invalid-request', message, [
        { path: '/body/idToken', message, expected: 'the ID token of this sign-in' },
      ])
    const claims = await verifier.id(body.idToken).catch((error: unknown) => {
      throw error instanceof NotVerified ? refused('The ID token is not valid, or not for this installation.') : error
    })
    if (claims.sub !== caller.userId) throw refused('The ID token belongs to somebody else.')
    const groups = campusGroups(claims)
    if (groups) await applyGroupRules(deps, { userId: caller.userId, groups })
    // An address the provider has not verified would let people pass for others.
    const email =
      claims['email_verified'] === false || claims['email_verified'] === 'false' ? '' : text(claims['email'])
    const name =
      text(claims['name']) ||
      [text(claims['given_name']), text(claims['family_name'])].filter(Boolean).join(' ') ||
      email
    const key = keyOf.person(caller.userId)
    const profile: PersonProfile = { userId: caller.userId, name, email, seen: deps.now().toISOString() }
    const index = email ? { gpk: await emailKey(email), gsk: indexKeyOf.person.byEmail.prefix(caller) } : {}
    try {
      await deps.table.create({ ...key, ...profile, ...index })
    } catch (e) {
      if (!(e instanceof AlreadyExists)) throw e
      await deps.table
        .update(key, { set: { ...profile, ...index }, ...(email ? {} : { remove: ['gpk', 'gsk'] }) })
        .catch((error: unknown) => {
          if (!(error instanceof ConditionFailed)) throw error
        })
    }
    return meOf(deps, caller)
  }
