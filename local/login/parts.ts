/** What the login's pages share: what they reach, how they answer, how they read a form. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { commonHeaders } from '../../contracts/headers.ts'
import type { Mail } from '../../ports/mail.ts'
import { readBody, send } from '../http.ts'
import { cookieOf, setCookie } from './browser.ts'
import { type DemoPeople, problemPage } from './pages.ts'
import type { Campus } from './campus-port.ts'
import type { LoginState } from './state.ts'

export interface LoginParts {
  provider: Provider
  state: LoginState
  mainOrigin: string
  mail: Mail
  /** Letters stay on this computer: there is no mail server. */
  keptHere: boolean
  /** Whether everybody must have a second factor. */
  secondFactor?: boolean
  /** People shown for one-click sign-in; undefined where no demo organisation was seeded. */
  demo: () => DemoPeople | undefined
  /** Told about a wrong password: the account's id, where there is one. */
  failed: (sub: string | undefined) => Promise<void>
  /** Told that a letter could not be handed over; by which error. */
  mailFailed: (error: string) => void
  now: () => number
  /** The campus' own sign-in, where there is one. */
  campus?: Campus | undefined
}
/** One request and where its answer goes. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

export const headers = {
  ...commonHeaders,
  // Forms of a page without a referrer would say that they come from nowhere, and `isForeign` of login.ts asks where.
  'referrer-policy': 'same-origin',
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
const mostBytes = 8192

export const html = (
  { request, response }: Exchange,
  body: string,
  status = 200,
  more: Record<string, string> = {},
): Promise<void> => send(request, response, { status, headers: { ...headers, ...more }, body })

export const json = ({ request, response }: Exchange, status: number, body: unknown): Promise<void> =>
  send(request, response, {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

export const redirect = ({ request, response }: Exchange, location: string): Promise<void> =>
  send(request, response, { status: 303, headers: { ...headers, location } })

/** The fields of a form that was sent. */
export async function formOf({ request }: Exchange): Promise<(name: string) => string> {
  const fields = new URLSearchParams((await readBody(request, mostBytes)).toString('utf8'))
  return (name) => (fields.get(name) ?? '').trim()
}

/** What a script sent; undefined for what is no JSON. */
export async function jsonOf({ request }: Exchange): Promise<Record<string, unknown> | undefined> {
  const text = (await readBody(request, 4 * mostBytes)).toString('utf8')
  try {
    const sent: unknown = JSON.parse(text)
    return typeof sent === 'object' && sent !== null ? (sent as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

export const tooOld = (exchange: Exchange, mainOrigin: string): Promise<void> =>
  html(
    exchange,
    problemPage(
      'This sign-in cannot go on',
      'It is too old, was finished already, or was begun in another browser.',
      `${mainOrigin}/`,
    ),
    400,
  )

/** Hands a letter over without having the answer wait: how long it takes would tell who has an account. */
export function post({ mail, mailFailed }: LoginParts, letter: Parameters<Mail['send']>[0]): void {
  mail.send(letter).catch((error: unknown) => mailFailed(error instanceof Error ? error.name : typeof error))
}

const knownCookie = 'cloister_known'
const knownSeconds = 180 * 24 * 3600
const mostKnown = 4

function knownSecrets({ request }: Exchange, mainOrigin: string): string[] {
  const value = cookieOf(request, knownCookie, mainOrigin)
  return value.split('.').filter((secret) => /^[\w-]{43}$/.test(secret))
}

/**
 * The secret by which a browser shows that this person has signed in with it before. Guesses of others do not make it
 * wait.
 */
export const knownAs = (exchange: Exchange, { state, mainOrigin }: LoginParts, sub: string): string | undefined =>
  knownSecrets(exchange, mainOrigin)
    .slice(0, mostKnown)
    .find((secret) => state.secrets.find('known', secret)?.sub === sub)

/** Has the browser known as this person's from now on. */
export function makeKnown(exchange: Exchange, parts: LoginParts, sub: string): void {
  const { state, mainOrigin } = parts
  if (knownAs(exchange, parts, sub)) return
  const mine = state.secrets.give('known', { sub, seconds: knownSeconds })
  const all = [mine, ...knownSecrets(exchange, mainOrigin)].slice(0, mostKnown).join('.')
  setCookie(exchange.response, { name: knownCookie, value: all, seconds: knownSeconds }, mainOrigin)
}
