/** Who is calling, as the authorizer found out. */
import type { Scope } from '../../domain/access/permissions.ts'

export interface Caller {
  userId: string
  /** Seconds since the epoch when a password was last typed. */
  loginAt: number
  groups: string[]
  token?: { tokenId: string; scopes: Scope[]; expires: string }
}

/**
 * What the authorizer hands on in `event.requestContext.authorizer.lambda`: flat strings, as API Gateway keeps them.
 */
export interface AuthorizerContext {
  userId: string
  loginAt: string
  groups: string
  tokenId: string
  scopes: string
  tokenExpires: string
}

export const toContext = (c: Caller): AuthorizerContext => ({
  userId: c.userId,
  loginAt: String(c.loginAt),
  groups: c.groups.join(' '),
  tokenId: c.token?.tokenId ?? '',
  scopes: c.token?.scopes.join(' ') ?? '',
  tokenExpires: c.token?.expires ?? '',
})

export function fromContext(x: Partial<AuthorizerContext> | undefined): Caller | undefined {
  if (!x?.userId) return undefined
  const words = (s: string | undefined): string[] => (s ? s.split(' ') : [])
  return {
    userId: x.userId,
    loginAt: Number(x.loginAt ?? 0),
    groups: words(x.groups),
    ...(x.tokenId
      ? { token: { tokenId: x.tokenId, scopes: words(x.scopes) as Scope[], expires: x.tokenExpires ?? '' } }
      : {}),
  }
}
