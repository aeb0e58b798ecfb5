/**
 * The gateway's authorizer (HTTP API, simple response): who is calling, from an access token or a personal access
 * token.
 */
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda'
import { backstage } from '../../contracts/backstage.ts'
import { ConditionFailed } from '../../ports/table.ts'
import { bearerOf } from '../kernel/bearer.ts'
import { type AuthorizerContext, type Caller, toContext } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { endedDays } from '../kernel/ends.ts'
import { goneAfter } from '../kernel/gone.ts'
import { guarded } from '../kernel/grants.ts'
import { keyOf, type TokenItem } from '../kernel/items.ts'
import { parseToken, sameDigest } from './secrets.ts'
import { createVerifier, NotVerified, type Verifier, type VerifierOptions } from './verifier.ts'

export type AuthorizerEvent = Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>
export type AuthorizerResult = APIGatewaySimpleAuthorizerWithContextResult<Partial<AuthorizerContext>>
export type Authorizer = (event: AuthorizerEvent) => Promise<AuthorizerResult>

const useShownEvery = 60_000

async function byToken(deps: Deps, text: string): Promise<Caller | undefined> {
  const parsed = await parseToken(text)
  if (!parsed) return undefined
  const token = await deps.table.get<TokenItem>(keyOf.token(parsed.tokenId))
  const now = deps.now()
  if (!token || !sameDigest(token.hash, parsed.digest) || now.toISOString() >= token.expires) return undefined
  if (token.lastUsed === undefined || Math.abs(now.getTime() - Date.parse(token.lastUsed)) >= useShownEvery) {
    const before =
      token.lastUsed === undefined
        ? { attribute: 'lastUsed', is: 'missing' as const }
        : { attribute: 'lastUsed', is: 'equal' as const, value: token.lastUsed }
    try {
      await deps.table.update(keyOf.token(token.tokenId), {
        // The end, too: tokens of 0.1.0 have none.
        set: { lastUsed: now.toISOString(), ...goneAfter(token.expires, endedDays.token) },
        when: [before],
      })
    } catch (e) {
      // another request noted it, or the token was revoked a moment ago: the next request will say so
      if (!(e instanceof ConditionFailed)) throw e
    }
  }
  // A token belongs to its owner but founds no organisations: it carries no groups.
  return {
    userId: token.userId,
    loginAt: token.loginAt,
    groups: [],
    ...(token.secondFactor ? { secondFactor: true } : {}),
    token: { tokenId: token.tokenId, scopes: token.scopes, expires: token.expires },
  }
}

async function byJwt(verifier: Verifier, jwt: string): Promise<Caller | undefined> {
  try {
    const claims = await verifier.access(jwt)
    const groups = claims['cognito:groups']
    return {
      userId: claims.sub!,
      loginAt: typeof claims['auth_time'] === 'number' ? claims['auth_time'] : 0,
      groups: Array.isArray(groups) ? groups.filter((g): g is string => typeof g === 'string' && /^\S+$/.test(g)) : [],
      ...(claims['second_factor'] === true ? { secondFactor: true as const } : {}),
    }
  } catch (e) {
    if (e instanceof NotVerified) return undefined
    throw e
  }
}

/**
 * `isAuthorized: false` for anything but a good credential; throws only when the provider's keys or the table cannot be
 * reached.
 */
export function createAuthorizer(deps: Deps, options: VerifierOptions = {}): Authorizer {
  const own = guarded(deps, 'authorizer', backstage.find((f) => f.name === 'authorizer')!.grants)
  const verifier = createVerifier(deps.settings, options)
  const callerOf = (credential: string) =>
    credential.startsWith('clo_') ? byToken(own, credential) : byJwt(verifier, credential)
  return async (event) => {
    const credential = bearerOf(event.headers?.['authorization'])
    const caller = credential === undefined ? undefined : await callerOf(credential)
    return caller ? { isAuthorized: true, context: toContext(caller) } : { isAuthorized: false, context: {} }
  }
}
