/** Who is calling, as the authorizer found out. */
import type { Scope } from '../../domain/access/permissions.ts'

export interface Caller {
  userId: string
  /** Seconds since the epoch when a password was last typed. */
  loginAt: number
  groups: string[]
  /** The sign-in, or the one that the token was made in, was by two factors. */
  secondFactor?: true
  token?: { tokenId: string; scopes: Scope[]; expires: string }
}

/**
 * What the authorizer hands on in `event.requestContext.authorizer.lambda`: flat strings, as API Gateway keeps them.
 */
export interface AuthorizerContext {
  userId: string
  loginAt: string
  groups: string
  /** `yes`, or empty. */
  secondFactor: string
  tokenId: string
  scopes: string
  tokenExpires: string
}

/** The authorizer’s answer about a caller, as flat strings. */
export const toContext = (caller: Caller): AuthorizerContext => ({
  userId: caller.userId,
  loginAt: String(caller.loginAt),
  groups: caller.groups.join(' '),
  secondFactor: caller.secondFactor ? 'yes' : '',
  tokenId: caller.token?.tokenId ?? '',
  scopes: caller.token?.scopes.join(' ') ?? '',
  tokenExpires: caller.token?.expires ?? '',
})

/** The caller out of that; undefined when nobody signed in. */
export function fromContext(context: Partial<AuthorizerContext> | undefined): Caller | undefined {
  if (!context?.userId) return undefined
  const words = (s: string | undefined): string[] => (s ? s.split(' ') : [])
  return {
    userId: context.userId,
    loginAt: Number(context.loginAt ?? 0),
    groups: words(context.groups),
    ...(context.secondFactor === 'yes' ? { secondFactor: true as const } : {}),
    ...(context.tokenId
      ? {
          token: {
            tokenId: context.tokenId,
            scopes: words(context.scopes) as Scope[],
            expires: context.tokenExpires ?? '',
          },
        }
      : {}),
  }
}
