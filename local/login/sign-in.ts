/** Signing in: by password, by password and code, by passkey. */
import type { Interaction } from 'oidc-provider'
import { networkOf } from '../../functions/kernel/address.ts'
import { addressOf } from '../asked.ts'
import type { BrakeRule } from './brake.ts'
import { appPage, beginApp, codesPage, wrongSetUpCode } from './app.ts'
import { codePage, signInPage } from './pages.ts'
import { type Exchange, formOf, html, json, jsonOf, knownAs, type LoginParts, makeKnown, redirect } from './parts.ts'
import { passkeyName } from './passkeys.ts'
import { verifyPassword } from './passwords.ts'
import { type Account, normalEmail } from './state.ts'

/** Guesses at one account, from anywhere. */
const byAccount: BrakeRule = { free: 5, longest: 15 * 60 }
/** Passwords with a code beside them: both must be right, so a million guesses at the code come for each password. */
const byCode: BrakeRule = { free: 5, longest: 30 }
/** Guesses from one address, which many people may share. */
const byAddress: BrakeRule = { free: 20, longest: 60 }
/** How long a right password waits for its code. */
const halfSeconds = 10 * 60

const wrongPassword =
  'This email and password do not fit together. Check both; after several attempts the next has to wait.'
const wrongCode = 'This code is not right, or was used already. Wait for the next one.'
const inWords = (seconds: number): string =>
  seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
const mustWait = (seconds: number): string =>
  `There were too many wrong attempts. Try again in ${inWords(seconds)}; or come in at once by a code of your authenticator app beside the password, by a passkey, or by a link in a mail ("Forgotten your password?").`

/** A sign-in that a browser has begun. */
export interface Begun {
  uid: string
  action: string
  /** Who is signed in and asked again. */
  again: Account | undefined
}

/** What the interaction of the provider means here. */
export function begunBy({ state }: LoginParts, details: Interaction): Begun {
  const asked = details.params['prompt'] === 'login' ? details.session?.accountId : undefined
  return {
    uid: details.uid,
    action: `/oidc/interaction/${details.uid}`,
    again: asked === undefined ? undefined : state.accountBySub(asked),
  }
}

const fromAddress = ({ request }: Exchange): string => `address ${networkOf(addressOf(request))}`

/** Names under which an attempt is counted. A browser that is known to the account has a counter of its own. */
function countedAs(
  exchange: Exchange,
  parts: LoginParts,
  { email, account, code }: { email: string; account: Account | undefined; code: boolean },
): { name: string; rule: BrakeRule }[] {
  const known = account && knownAs(exchange, parts, account.sub)
  if (known) return [{ name: `browser ${known}`, rule: byAccount }]
  return [
    code ? { name: `code ${email}`, rule: byCode } : { name: `account ${email}`, rule: byAccount },
    { name: fromAddress(exchange), rule: byAddress },
  ]
}

/** Tells the audit, without having the answer wait: how long that takes would tell who has an account. */
const tell = ({ failed }: LoginParts, sub: string | undefined): void => void failed(sub)

/** The pages and forms of signing in. */
export function createSignIn(parts: LoginParts): {
  show: (exchange: Exchange, begun: Begun) => Promise<void>
  password: (exchange: Exchange, begun: Begun) => Promise<void>
  code: (exchange: Exchange, begun: Begun) => Promise<void>
  setUp: (exchange: Exchange, begun: Begun) => Promise<void>
  passkey: (exchange: Exchange, begun: Begun) => Promise<void>
} {
  const { provider, state, mainOrigin } = parts
  const { brake, secrets, totp, passkeys } = state

  const finish = async (exchange: Exchange, account: Account, amr: string[]): Promise<string> => {
    makeKnown(exchange, parts, account.sub)
    return provider.interactionResult(
      exchange.request,
      exchange.response,
      { login: { accountId: account.sub, remember: true, amr } },
      { mergeWithLastSubmission: false },
    )
  }
  const form = (
    exchange: Exchange,
    { action, again }: Begun,
    {
      email = again?.email ?? '',
      problem,
      status = 200,
      withCode = false,
      more = {},
    }: {
      email?: string
      problem?: string
      status?: number
      withCode?: boolean
      more?: Record<string, string>
    } = {},
  ): Promise<void> =>
    html(
      exchange,
      signInPage({
        action,
        email,
        again: again !== undefined,
        problem,
        withCode,
        byCode: again !== undefined && totp.has(again.sub),
        passkeys: passkeyName(mainOrigin) !== undefined,
        demo: parts.demo(),
        campus: parts.campus?.settings.name,
      }),
      status,
      more,
    )

  const password = async (exchange: Exchange, begun: Begun): Promise<void> => {
    const field = await formOf(exchange)
    const email = normalEmail(field('email')).slice(0, 254)
    const code = field('code').slice(0, 20)
    const account = state.account(email)
    const names = countedAs(exchange, parts, { email, account, code: code !== '' })
    const wait = brake.attempt(names)
    const again = { email: field('email').slice(0, 254) }
    if (wait > 0)
      return form(exchange, begun, {
        ...again,
        problem: mustWait(wait),
        status: 429,
        withCode: true,
        more: { 'retry-after': String(wait) },
      })
    const right = await verifyPassword(field('password').slice(0, 200), account?.password)
    const second = account !== undefined && totp.has(account.sub)
    if (!right || !account || (code !== '' && !(second && totp.check(account.sub, code)))) {
      tell(parts, account?.sub)
      return form(exchange, begun, { ...again, problem: wrongPassword, status: 401, withCode: code !== '' })
    }
    for (const { name } of names) brake.succeeded(name, name !== fromAddress(exchange))
    if (code !== '') return redirect(exchange, await finish(exchange, account, ['pwd', 'otp', 'mfa']))
    if (!second && !parts.secondFactor) return redirect(exchange, await finish(exchange, account, ['pwd']))
    secrets.keep('half', begun.uid, { sub: account.sub, seconds: halfSeconds })
    return second
      ? html(exchange, codePage({ action: `${begun.action}/code` }))
      : redirect(exchange, `${begun.action}/set-up`)
  }

  const code = async (exchange: Exchange, begun: Begun): Promise<void> => {
    const half = secrets.find('half', begun.uid)
    const account = half?.sub === undefined ? begun.again : state.accountBySub(half.sub)
    if (!account || !totp.has(account.sub)) return redirect(exchange, begun.action)
    const action = `${begun.action}/code`
    if (exchange.request.method !== 'POST') return html(exchange, codePage({ action }))
    const known = knownAs(exchange, parts, account.sub)
    const name = known ? `browser-code ${known}` : `second ${account.sub}`
    const wait = brake.attempt([{ name, rule: byAccount }])
    if (wait > 0)
      return html(
        exchange,
        codePage({ action, problem: `There were too many wrong codes. Try again in ${inWords(wait)}.` }),
        429,
        { 'retry-after': String(wait) },
      )
    if (!totp.check(account.sub, (await formOf(exchange))('code').slice(0, 20))) {
      tell(parts, account.sub)
      return html(exchange, codePage({ action, problem: wrongCode }), 401)
    }
    brake.succeeded(name, true)
    secrets.take('half', begun.uid)
    // Without the password it is asked of a session alone, which began with one.
    return redirect(exchange, await finish(exchange, account, half ? ['pwd', 'otp', 'mfa'] : ['otp', 'mfa']))
  }

  /** Where a second factor is demanded: whoever has given the password and has none sets up an app before going on. */
  const setUp = async (exchange: Exchange, begun: Begun): Promise<void> => {
    const sub = secrets.find('half', begun.uid)?.sub
    const account = sub === undefined ? undefined : state.accountBySub(sub)
    if (!account || totp.has(account.sub)) return redirect(exchange, begun.action)
    const action = `${begun.action}/set-up`
    if (exchange.request.method !== 'POST') return html(exchange, appPage(beginApp(state, account, action)))
    const secret = secrets.find('totp', account.sub)?.value
    if (secret === undefined) return redirect(exchange, action)
    const codes = totp.confirm(account.sub, secret, (await formOf(exchange))('code').slice(0, 20))
    if (!codes) {
      const form = { action, secret, address: totp.address(secret, account.email) }
      return html(exchange, appPage({ ...form, problem: wrongSetUpCode }), 422)
    }
    secrets.take('half', begun.uid)
    secrets.take('totp', account.sub)
    return html(exchange, codesPage(codes, await finish(exchange, account, ['pwd', 'otp', 'mfa'])))
  }

  const passkey = async (exchange: Exchange, _begun: Begun): Promise<void> => {
    if (exchange.request.method !== 'POST') return json(exchange, 200, await passkeys.challenge(mainOrigin))
    const sent = await jsonOf(exchange)
    const sub = sent && (await passkeys.verify(mainOrigin, sent['response']))
    const account = sub === undefined ? undefined : state.accountBySub(sub)
    if (!account) return json(exchange, 401, { detail: 'This installation does not know this passkey.' })
    // The device has asked for a finger, a face or a PIN: two factors in one.
    return json(exchange, 200, { to: await finish(exchange, account, ['hwk', 'user', 'mfa']) })
  }

  return { show: (exchange, begun) => form(exchange, begun), password, code, setUp, passkey }
}
