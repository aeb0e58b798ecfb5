/** Everything below /oidc: the provider's own addresses, and the pages where people sign in. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Gone, send, TooLarge } from '../http.ts'
import { createAccount } from './account.ts'
import { wasBegunHere } from './browser.ts'
import { createByMail } from './by-mail.ts'
import { campusReturn, createCampus } from './campus.ts'
import { problemPage, signOutScript, styles } from './pages.ts'
import { type Exchange, headers, html, type LoginParts, tooOld } from './parts.ts'
import { passkeyScript } from './passkey-script.ts'
import { passkeyName } from './passkeys.ts'
import { accountPath } from './provider.ts'
import { type Begun, begunBy, createSignIn } from './sign-in.ts'

/** Letters kept on this computer, as a page; undefined for a key that is not the right one. */
export type LettersPage = (key: string) => Promise<string | undefined>

/** The sign-out page's form is led on to the campus, which browsers ask its policy about. */
const policyTowards = (issuer: string): string =>
  headers['content-security-policy'].replace("form-action 'self'", `form-action 'self' ${new URL(issuer).origin}`)

const files: Record<string, { type: string; body: string }> = {
  '/oidc/login.css': { type: 'text/css', body: styles },
  '/oidc/sign-out.js': { type: 'text/javascript', body: signOutScript },
  '/oidc/passkey.js': { type: 'text/javascript', body: passkeyScript },
}

/** What the provider does by what a request carries, and by no cookie, or does the same for a page that links there. */
const byNoCookie = new Set(['/oidc/auth', '/oidc/me', '/oidc/session/end', '/oidc/token', '/oidc/token/revocation'])
/** Whether this would act by cookies that a page of elsewhere, also one next door, had the browser send. */
const isForeign = ({ method, headers: { origin } }: IncomingMessage, path: string, mainOrigin: string): boolean =>
  method === 'POST' && !byNoCookie.has(path) && origin !== mainOrigin

/** The handler for requests whose path begins with /oidc. */
export function createLogin(
  parts: LoginParts & { letters?: LettersPage | undefined },
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { provider, mainOrigin, letters } = parts
  // Before the provider's own pages are put together: it adds to them.
  const campus = parts.campus && createCampus(parts, parts.campus)
  const callback = provider.callback()
  const signIn = createSignIn(parts)
  const byMail = createByMail(parts)
  const account = createAccount(parts)
  const steps: Record<string, (exchange: Exchange, begun: Begun) => Promise<void>> = {
    '': (exchange, begun) =>
      exchange.request.method === 'POST' ? signIn.password(exchange, begun) : signIn.show(exchange, begun),
    '/code': signIn.code,
    '/set-up': signIn.setUp,
    '/sign-up': byMail.signUp,
    '/forgot': byMail.forgot,
    ...(campus ? { '/campus': campus.leave, '/campus-done': campus.finish } : {}),
    ...(passkeyName(mainOrigin) === undefined ? {} : { '/passkey': signIn.passkey }),
  }
  const nothing = (exchange: Exchange): Promise<void> =>
    html(exchange, problemPage('There is no such page', 'The address is not right.', `${mainOrigin}/`), 404)

  const interaction = async (exchange: Exchange, uid: string, step: string): Promise<void> => {
    const { request, response } = exchange
    const details = await provider.interactionDetails(request, response).catch(() => undefined)
    const goesOn = details?.uid === uid && details.prompt.name === 'login' && wasBegunHere(request, uid, parts)
    if (!goesOn) return tooOld(exchange, mainOrigin)
    return Object.hasOwn(steps, step) ? steps[step]!(exchange, begunBy(parts, details)) : nothing(exchange)
  }
  const readLetters = async (exchange: Exchange, key: string): Promise<void> => {
    const page = await letters?.(key)
    return page === undefined ? nothing(exchange) : html(exchange, page)
  }
  /** The page of an address of ours; undefined for the provider's own. */
  const pageAt = (exchange: Exchange, path: string): Promise<void> | undefined => {
    const [, uid, step] = /^\/oidc\/interaction\/([\w-]{1,64})(|\/[a-z-]{1,20})$/.exec(path) ?? []
    if (uid) return interaction(exchange, uid, step!)
    const [, kind, secret] = /^\/oidc\/(confirm|reset|letters)\/([\w-]{43})$/.exec(path) ?? []
    if (kind === 'letters') return readLetters(exchange, secret!)
    if (secret) return kind === 'confirm' ? byMail.confirm(exchange, secret) : byMail.reset(exchange, secret)
    const [, resumed] = /^\/oidc\/auth\/([\w-]{1,64})$/.exec(path) ?? []
    if (resumed && !wasBegunHere(exchange.request, resumed, parts)) return tooOld(exchange, mainOrigin)
    if (campus && path === campusReturn) return campus.back(exchange)
    if (path === accountPath || path.startsWith(`${accountPath}/`))
      return account(exchange, path.slice(accountPath.length))
    return undefined
  }

  return async (request, response) => {
    const exchange = { request, response }
    const path = (request.url ?? '').split('?')[0]!
    if (isForeign(request, path, mainOrigin))
      return html(
        exchange,
        problemPage(
          'The form did not come from here',
          'Open the page again, and send it from there.',
          `${mainOrigin}/`,
        ),
        403,
      )
    const file = Object.hasOwn(files, path) ? files[path] : undefined
    if (file)
      return send(request, response, {
        status: 200,
        headers: { ...headers, 'content-type': `${file.type}; charset=utf-8`, 'cache-control': 'no-cache' },
        body: file.body,
      })
    const page = pageAt(exchange, path)
    if (page)
      return page.catch((error: unknown) => {
        if (!(error instanceof TooLarge || error instanceof Gone)) throw error
        return html(
          exchange,
          problemPage('The form did not arrive', 'Go back and send it again.', `${mainOrigin}/`),
          400,
        )
      })
    for (const [name, value] of Object.entries(headers))
      if (name !== 'content-type' && name !== 'cache-control') response.setHeader(name, value)
    if (parts.campus) response.setHeader('content-security-policy', policyTowards(parts.campus.settings.issuer))
    // The provider finds out where it is mounted from the difference of the two.
    Object.assign(request, { originalUrl: request.url })
    request.url = (request.url ?? '').slice('/oidc'.length) || '/'
    await callback(request, response)
  }
}
