/** Setting up an authenticator app, on the account's page or while signing in where a second factor is demanded. */
import { renderSVG } from 'uqr'
import { described, escapeHtml, page, wrong } from './pages.ts'
import type { Account, LoginState } from './state.ts'

const setUpSeconds = 15 * 60
export const wrongSetUpCode = 'This is not the code that the app shows now. Look at the clock of the phone, too.'

export interface AppForm {
  action: string
  /** What a QR code tells the app, and the secret in it. */
  address: string
  secret: string
  /** Where whoever does not want an app goes; undefined where one is demanded. */
  notNow?: string
  problem?: string
}

/** A new secret for the app of a person, kept until its first code. */
export function beginApp({ totp, secrets }: LoginState, { sub, email }: Account, action: string): AppForm {
  const secret = totp.begin()
  secrets.keep('totp', sub, { sub, value: secret, seconds: setUpSeconds })
  return { action, secret, address: totp.address(secret, email) }
}

/** The square to be read by the app's camera, and the same as letters. */
export const appPage = (form: AppForm): string =>
  page(
    'Set up an authenticator app',
    `<h1>Set up an authenticator app</h1>${form.notNow ? '' : '<p class="soft">This installation asks everybody for a second factor.</p>'}<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}<p>Read this square with the app, such as Aegis, Google Authenticator or a password manager.</p>
<div class="qr" role="img" aria-label="Square to be read by the app; the same letters stand below">${renderSVG(form.address, { border: 2, ecc: 'M' })}</div>
<p>Or type these letters into it: <code class="secret">${form.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code></p>
<label for="code">Code that the app shows now</label><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="10"${described(form.problem)}>
<button>Set it up</button></form>${form.notNow ? `<p class="soft"><a href="${escapeHtml(form.notNow)}">Not now</a></p>` : ''}`,
  )

/** Recovery codes, shown once; `goOn` is where it goes from there. */
export const codesPage = (codes: readonly string[], goOn: string): string =>
  page(
    'Recovery codes',
    `<h1>Recovery codes</h1><div class="card"><p>Keep them where your phone is not. Each lets you in once in place of the app’s code. <b>They are shown this once.</b></p><ul class="codes">${codes.map((code) => `<li><code>${code}</code></li>`).join('')}</ul></div><p><a href="${escapeHtml(goOn)}">I have kept them</a></p>`,
  )
