/** Personal access tokens: made at the portal, shown once, kept as a digest. */
import { base64url, sha256Hex } from '../../domain/hash.ts'
import type { access } from '../../contracts/access.ts'
import { whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { createOrFirst } from '../kernel/create-if-absent.ts'
import { endedDays } from '../kernel/ends.ts'
import { goneAfter } from '../kernel/gone.ts'
import { intendedId, madeBefore } from '../kernel/intent.ts'
import { indexKeyOf, keyOf, type TokenItem } from '../kernel/items.ts'
import type { Item } from '../../ports/table.ts'
import { notByToken, recordEverywhere } from './people.ts'
import { formatToken } from './secrets.ts'

type Routes = (typeof access)['routes']

export const dayMs = 24 * 60 * 60 * 1000

/** What a list shows of a token. */
export const shown = (
  token: TokenItem,
): Pick<TokenItem, 'tokenId' | 'name' | 'scopes' | 'created' | 'expires' | 'lastUsed' | 'madeBy'> => ({
  tokenId: token.tokenId,
  name: token.name,
  scopes: token.scopes,
  created: token.created,
  expires: token.expires,
  lastUsed: token.lastUsed,
  madeBy: token.madeBy,
})

/** The item of a token, listed under its owner. */
export const tokenItem = (token: TokenItem): Item<TokenItem> => ({
  ...keyOf.token(token.tokenId),
  ...indexKeyOf.token.ofPerson(token),
  ...goneAfter(token.expires, endedDays.token),
  ...token,
})

export const tokens: Implementation<Routes['tokens']> = async ({ caller, query }, deps) => {
  const page = await deps.table.query<TokenItem>(indexKeyOf.token.ofPerson.partition(caller.userId), {
    index: true,
    prefix: indexKeyOf.token.ofPerson.prefix(),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  return { items: page.items.map(shown), next: page.next }
}

export const createToken: Implementation<Routes['createToken']> = async ({ caller, body, intent }, deps) => {
  notByToken(caller, 'make tokens')
  const now = deps.now()
  const tokenId = await intendedId(intent, 'tok')
  const secret = base64url(await intent.secret('token'))
  const made = await madeBefore<TokenItem>(deps, intent, keyOf.token(tokenId))
  if (made) return { ...shown(made), secret: formatToken(tokenId, secret) }
  const token: TokenItem = {
    tokenId,
    userId: caller.userId,
    name: body.name,
    scopes: [...new Set(body.scopes)],
    hash: await sha256Hex(secret),
    created: now.toISOString(),
    expires: new Date(now.getTime() + body.days * dayMs).toISOString(),
    loginAt: caller.loginAt,
    ...(caller.secondFactor ? { secondFactor: true } : {}),
    madeBy: 'portal',
  }
  await recordEverywhere(deps, caller.userId, whoOf(caller), {
    act: 'token.created',
    object: `token ${token.tokenId}`,
    detail: { scopes: token.scopes, expires: token.expires, madeBy: 'portal' },
  })
  const stands = await createOrFirst<TokenItem>(deps, tokenItem(token))
  return { ...shown(stands), secret: formatToken(tokenId, secret) }
}

/** A token may revoke itself (a tool that signs out), nothing else. */
export const revokeToken: Implementation<Routes['revokeToken']> = async ({ caller, params: { tokenId } }, deps) => {
  const token = await deps.table.get<TokenItem>(keyOf.token(tokenId))
  if (!token || token.userId !== caller.userId || (caller.token && caller.token.tokenId !== tokenId))
    throw new Failure('not-found', 'You have no such token.')
  await recordEverywhere(deps, caller.userId, whoOf(caller), { act: 'token.revoked', object: `token ${tokenId}` })
  await deps.table.remove(keyOf.token(tokenId))
  return undefined
}
