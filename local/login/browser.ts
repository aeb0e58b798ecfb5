/**
 * A sign-in goes on in the browser that began it, and in no other. The provider says so by cookies of one path each,
 * and such a cookie can be planted by a page of a neighbouring name: with a sign-in of somebody else's in it, people
 * would go on as that somebody. So each browser has a secret of its own, in a cookie that no neighbour can set.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isHttps } from '../reach.ts'
import type { LoginState } from './state.ts'

/** How long a sign-in may take. */
export const interactionSeconds = 30 * 60

/**
 * Under https the name has browsers refuse what a neighbouring name, or somebody without TLS, would set in its place.
 */
const cookieName = (name: string, mainOrigin: string): string => (isHttps(mainOrigin) ? `__Host-${name}` : name)

/** The value of a cookie that this origin has set. */
export function cookieOf({ headers }: IncomingMessage, name: string, mainOrigin: string): string {
  const start = `${cookieName(name, mainOrigin)}=`
  const found = (headers.cookie ?? '').split(/; */).find((cookie) => cookie.startsWith(start))
  return found?.slice(start.length) ?? ''
}

/** Sets a cookie of this origin alone. */
export function setCookie(
  response: ServerResponse,
  { name, value, seconds }: { name: string; value: string; seconds: number },
  mainOrigin: string,
): void {
  const secure = isHttps(mainOrigin) ? '; Secure' : ''
  response.appendHeader(
    'set-cookie',
    `${cookieName(name, mainOrigin)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
  )
}

const browserCookie = 'cloister_browser'
const secretOf = (request: IncomingMessage, mainOrigin: string): string | undefined =>
  /^[\w-]{43}$/.exec(cookieOf(request, browserCookie, mainOrigin))?.[0]

interface Login {
  state: Pick<LoginState, 'secrets'>
  mainOrigin: string
}

/** Notes that the sign-in `uid` was begun in this browser. */
export function beganHere(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  uid: string,
  { state, mainOrigin }: Login,
): void {
  const secret = secretOf(request, mainOrigin) ?? randomBytes(32).toString('base64url')
  state.secrets.keep('browser', `${uid} ${secret}`, { seconds: interactionSeconds })
  setCookie(response, { name: browserCookie, value: secret, seconds: interactionSeconds }, mainOrigin)
}

/** Whether the sign-in `uid` was begun in this browser. */
export function wasBegunHere(request: IncomingMessage, uid: string, { state, mainOrigin }: Login): boolean {
  const secret = secretOf(request, mainOrigin)
  return secret !== undefined && state.secrets.find('browser', `${uid} ${secret}`) !== undefined
}
