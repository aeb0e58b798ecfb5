/** Everything below /oidc: the provider's own addresses, and the pages where people sign in. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { commonHeaders } from '../../contracts/headers.ts'
import { Email, Name } from '../../contracts/shapes.ts'
import { Gone, readBody, send, TooLarge } from '../http.ts'
import { type DemoPerson, problemPage, signInPage, signOutScript, signUpPage, styles } from './pages.ts'
import { guessBrake, hashPassword, verifyPassword } from './passwords.ts'
import type { LoginState } from './state.ts'

export interface LoginParts {
  provider: Provider
  state: LoginState
  mainOrigin: string
  /** People shown for one-click sign-in; undefined where no demo organisation was seeded. */
  demo: () => { people: readonly DemoPerson[]; password: string } | undefined
  /** Told about a wrong password: the account's id, where there is one. */
  failed: (sub: string | undefined) => Promise<void>
  now: () => number
}

const headers = {
  ...commonHeaders,
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
const wrongPassword =
  'This email and password do not fit together. Check both; after ten attempts an address has to wait a quarter of an hour.'

/** What is wrong with what somebody typed to get an account; undefined when nothing is. */
function signUpProblem(name: string, email: string, password: string): string | undefined {
  if (!Name.safeParse(name).success) return 'Please give a name of at most 120 characters.'
  if (!Email.safeParse(email).success) return 'This is not an email address.'
  if (password.length < 10 || password.length > 200) return 'The password needs at least 10 characters.'
  return undefined
}

/** The handler for requests whose path begins with /oidc. */
export function createLogin(parts: LoginParts): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { provider, state } = parts
  const callback = provider.callback()
  const brake = guessBrake(parts.now)
  const html = (request: IncomingMessage, response: ServerResponse, body: string, status = 200): Promise<void> =>
    send(request, response, { status, headers, body })
  const tooOld = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    html(
      request,
      response,
      problemPage(
        'This sign-in cannot go on',
        'It is too old, was finished already, or was begun in another browser.',
        `${parts.mainOrigin}/`,
      ),
      400,
    )

  /** The account of a right password; undefined, after telling the audit, for a wrong one. */
  const check = async (email: string, password: string): Promise<string | undefined> => {
    const account = state.account(email)
    const blocked = brake.blocked(email)
    const right = await verifyPassword(password, account?.password)
    if (right && account && !blocked) {
      brake.succeeded(email)
      return account.sub
    }
    brake.failed(email)
    await parts.failed(account?.sub)
    return undefined
  }

  const interaction = async (
    request: IncomingMessage,
    response: ServerResponse,
    uid: string,
    signUp: boolean,
  ): Promise<void> => {
    const details = await provider.interactionDetails(request, response).catch(() => undefined)
    if (!details || details.uid !== uid || details.prompt.name !== 'login') return tooOld(request, response)
    const action = `/oidc/interaction/${uid}`
    const again = details.params['prompt'] === 'login' && details.session !== undefined
    const known = again ? (state.accountBySub(details.session!.accountId)?.email ?? '') : ''
    const demo = parts.demo()
    const signIn = (email: string, problem?: string): string =>
      signInPage({ action, signUp: `${action}/sign-up`, email, again, problem, demo })
    const form = (name: string, email: string, problem?: string): string =>
      signUpPage({ action: `${action}/sign-up`, signIn: action, name, email, problem })
    if (request.method !== 'POST') return html(request, response, signUp ? form('', '') : signIn(known))

    const input = new URLSearchParams((await readBody(request, 8192, 20_000)).toString('utf8'))
    const [email, password, name] = ['email', 'password', 'name'].map((k) => (input.get(k) ?? '').trim()) as [
      string,
      string,
      string,
    ]
    let sub: string | undefined
    if (signUp) {
      const problem = signUpProblem(name, email, password)
      if (problem) return html(request, response, form(name, email, problem), 422)
      sub = randomUUID()
      const added = state.addAccount({
        sub,
        email,
        name,
        password: await hashPassword(password),
        groups: [],
        created: new Date(parts.now()).toISOString(),
      })
      if (!added)
        return html(
          request,
          response,
          form(name, email, 'There is an account with this email already. Sign in with it.'),
          409,
        )
    } else {
      sub = await check(email.toLowerCase().slice(0, 254), password.slice(0, 200))
      if (!sub) return html(request, response, signIn(email, wrongPassword), 401)
    }
    await provider.interactionFinished(
      request,
      response,
      { login: { accountId: sub, remember: true, amr: ['pwd'] } },
      { mergeWithLastSubmission: false },
    )
  }

  return async (request, response) => {
    const path = (request.url ?? '').split('?')[0]!
    if (path === '/oidc/login.css')
      return send(request, response, {
        status: 200,
        headers: { ...headers, 'content-type': 'text/css; charset=utf-8', 'cache-control': 'no-cache' },
        body: styles,
      })
    if (path === '/oidc/sign-out.js')
      return send(request, response, {
        status: 200,
        headers: { ...headers, 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' },
        body: signOutScript,
      })
    const [, uid, page] = /^\/oidc\/interaction\/([\w-]{1,64})(\/sign-up)?$/.exec(path) ?? []
    try {
      if (uid) return await interaction(request, response, uid, page !== undefined)
    } catch (e) {
      if (e instanceof TooLarge || e instanceof Gone)
        return html(
          request,
          response,
          problemPage('The form did not arrive', 'Go back and send it again.', `${parts.mainOrigin}/`),
          400,
        )
      throw e
    }
    for (const [name, value] of Object.entries(headers))
      if (name !== 'content-type' && name !== 'cache-control') response.setHeader(name, value)
    // The provider finds out where it is mounted from the difference of the two.
    Object.assign(request, { originalUrl: request.url })
    request.url = (request.url ?? '').slice('/oidc'.length) || '/'
    await callback(request, response)
  }
}
