/** One's own account: for whoever has signed in within the last quarter of an hour. */
import { recentLoginSeconds } from '../../domain/access/permissions.ts'
import { accountPage, type AccountView, type Done, doneWords } from './account-pages.ts'
import { appPage, beginApp, codesPage, wrongSetUpCode } from './app.ts'
import type { BrakeRule } from './brake.ts'
import { changedLetter } from './letters.ts'
import { problemPage } from './pages.ts'
import { type Exchange, formOf, html, json, jsonOf, type LoginParts, post, redirect } from './parts.ts'
import { passkeyName } from './passkeys.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { accountClient, accountPath } from './provider.ts'
import type { Account } from './state.ts'

const guesses: BrakeRule = { free: 5, longest: 15 * 60 }

/** Who asks, in which session. */
interface Own {
  account: Account
  uid: string
}
type Act = (exchange: Exchange, own: Own) => Promise<void>

const isDone = (word: string | null): word is Done => word !== null && word in doneWords

/** The handler for what is below /oidc/account. */
export function createAccount(parts: LoginParts): (exchange: Exchange, path: string) => Promise<void> {
  const { provider, state, mainOrigin } = parts
  const { totp, passkeys, secrets, brake } = state
  const here = `${mainOrigin}${accountPath}`

  /** The session behind the cookie, if its sign-in is recent. */
  const ownOf = async ({ request, response }: Exchange): Promise<Own | undefined> => {
    const session = await provider.Session.get(provider.createContext(request, response))
    const account = session.accountId ? state.accountBySub(session.accountId) : undefined
    return account && !session.past(recentLoginSeconds) ? { account, uid: session.uid } : undefined
  }
  const signIn = (exchange: Exchange): Promise<void> => {
    const query = new URLSearchParams({
      client_id: accountClient,
      redirect_uri: here,
      response_type: 'none',
      scope: 'openid',
      prompt: 'login',
    })
    return redirect(exchange, `/oidc/auth?${query}`)
  }
  const tell = ({ account }: Own, what: string): void => post(parts, changedLetter(account.email, what, here))
  const back = (exchange: Exchange, done: Done): Promise<void> => redirect(exchange, `${accountPath}?done=${done}`)

  const view = ({ account, uid }: Own, more: Pick<AccountView, 'done' | 'problem'>): AccountView => ({
    email: account.email,
    home: mainOrigin,
    app: totp.has(account.sub),
    codesLeft: totp.left(account.sub),
    passkeys: passkeyName(mainOrigin) === undefined ? undefined : passkeys.list(account.sub),
    sessions: state.sessions(account.sub),
    present: uid,
    ...more,
  })
  const overview: Act = (exchange, own) => {
    const done = new URL(exchange.request.url ?? '', mainOrigin).searchParams.get('done')
    return html(exchange, accountPage(view(own, { done: isDone(done) ? done : undefined })))
  }

  const password: Act = async (exchange, own) => {
    const { account, uid } = own
    const field = await formOf(exchange)
    const refuse = (problem: string, status: number): Promise<void> =>
      html(exchange, accountPage(view(own, { problem })), status)
    const next = field('password')
    if (next.length < 10 || next.length > 200) return refuse('The new password needs at least 10 characters.', 422)
    const name = `session ${uid}`
    const wait = brake.attempt([{ name, rule: guesses }])
    if (wait > 0) return refuse(`There were too many wrong attempts. Try again in ${wait} seconds.`, 429)
    if (!(await verifyPassword(field('current').slice(0, 200), account.password)))
      return refuse('The present password is not right.', 401)
    brake.succeeded(name, true)
    state.setPassword(account.sub, await hashPassword(next))
    state.end(account.sub, (other) => other !== uid)
    tell(own, 'Your password was changed.')
    return back(exchange, 'password')
  }

  const setUp: Act = (exchange, { account }) => {
    if (totp.has(account.sub)) return redirect(exchange, accountPath)
    return html(exchange, appPage({ ...beginApp(state, account, `${accountPath}/app`), notNow: accountPath }))
  }
  const confirmApp: Act = async (exchange, own) => {
    const { sub, email } = own.account
    const secret = secrets.find('totp', sub)?.value
    if (secret === undefined || totp.has(sub)) return redirect(exchange, `${accountPath}/app`)
    const codes = totp.confirm(sub, secret, (await formOf(exchange))('code').slice(0, 20))
    if (!codes) {
      const form = { action: `${accountPath}/app`, secret, address: totp.address(secret, email), notNow: accountPath }
      return html(exchange, appPage({ ...form, problem: wrongSetUpCode }), 422)
    }
    secrets.take('totp', sub)
    tell(own, 'An authenticator app was set up as your second factor.')
    return html(exchange, codesPage(codes, accountPath))
  }
  const removeApp: Act = async (exchange, own) => {
    totp.remove(own.account.sub)
    tell(own, 'Your authenticator app was removed: signing in takes the password alone.')
    return back(exchange, 'app')
  }
  const newCodes: Act = async (exchange, own) => {
    if (!totp.has(own.account.sub)) return redirect(exchange, accountPath)
    tell(own, 'New recovery codes were made.')
    return html(exchange, codesPage(totp.renew(own.account.sub), accountPath))
  }

  const passkeyOptions: Act = async (exchange, { account }) =>
    json(exchange, 200, await passkeys.registration(account, mainOrigin))
  const addPasskey: Act = async (exchange, own) => {
    const sent = await jsonOf(exchange)
    const name = (typeof sent?.['name'] === 'string' ? sent['name'].trim().slice(0, 60) : '') || 'Passkey'
    if (!sent || !(await passkeys.register(own.account.sub, mainOrigin, name, sent['response'])))
      return json(exchange, 422, { detail: 'That passkey could not be added. Try again.' })
    tell(own, 'A passkey was added.')
    return json(exchange, 200, { to: `${accountPath}?done=passkey` })
  }
  const removePasskey: Act = async (exchange, own) => {
    passkeys.remove(own.account.sub, (await formOf(exchange))('id'))
    tell(own, 'A passkey was removed.')
    return back(exchange, 'passkey-removed')
  }

  const endSessions: Act = async (exchange, { account, uid }) => {
    const one = (await formOf(exchange))('uid')
    state.end(account.sub, (other) => (one ? other === one : other !== uid))
    return back(exchange, one ? 'session' : 'sessions')
  }

  const acts: Record<string, Act> = {
    'GET ': overview,
    'POST /password': password,
    'GET /app': setUp,
    'POST /app': confirmApp,
    'POST /app/remove': removeApp,
    'POST /codes': newCodes,
    'POST /passkeys/remove': removePasskey,
    'POST /sessions/end': endSessions,
    ...(passkeyName(mainOrigin) === undefined ? {} : { 'GET /passkeys': passkeyOptions, 'POST /passkeys': addPasskey }),
  }
  return async (exchange, path) => {
    const { request } = exchange
    const act = Object.hasOwn(acts, `${request.method} ${path}`) ? acts[`${request.method} ${path}`] : undefined
    if (!act) return html(exchange, problemPage('There is no such page', 'Go back to your account.', here), 404)
    const own = await ownOf(exchange)
    return own ? act(exchange, own) : signIn(exchange)
  }
}
