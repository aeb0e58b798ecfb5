/** The pages of one's own account: password, second factor, passkeys, sessions. */
import { browserName } from './agents.ts'
import { described, escapeHtml, page, passkeyScriptTag, wrong } from './pages.ts'
import type { Passkey } from './passkeys.ts'
import type { OpenSession } from './state.ts'

/** What has just been done, by the word that the address carries. */
export const doneWords = {
  password: 'Your password is changed. You were signed out everywhere else.',
  app: 'Your second factor is removed.',
  passkey: 'The passkey is added.',
  'passkey-removed': 'The passkey is removed.',
  session: 'The session is ended.',
  sessions: 'All other sessions are ended.',
} as const
export type Done = keyof typeof doneWords

const at = '/oidc/account'
const day = (instant: string): string => instant.slice(0, 10)
const moment = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
const button = (path: string, words: string, fields: Record<string, string> = {}, label = words): string =>
  `<form method="post" action="${at}/${path}">${Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('')}<button class="second small" aria-label="${escapeHtml(label)}">${words}</button></form>`

export interface AccountView {
  email: string
  home: string
  app: boolean
  codesLeft: number
  /** Undefined where there can be none. */
  passkeys: readonly Passkey[] | undefined
  sessions: readonly OpenSession[]
  /** The session that this page is shown in. */
  present: string
  done?: Done | undefined
  problem?: string | undefined
}

const passwordCard = ({ email, problem }: AccountView): string =>
  `<section class="card" aria-labelledby="password-title"><h2 id="password-title">Password</h2><form method="post" action="${at}/password">${wrong(problem)}<input type="hidden" name="email" autocomplete="username" value="${escapeHtml(email)}">
<label for="current">Present password</label><input id="current" name="current" type="password" autocomplete="current-password" required maxlength="200"${described(problem)}>
<label for="password">New password (at least 10 characters)</label><input id="password" name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="200">
<button>Change the password</button></form></section>`

const appCard = ({ app, codesLeft }: AccountView): string =>
  `<section class="card" aria-labelledby="app-title"><h2 id="app-title">Authenticator app</h2>${
    app
      ? `<p>A code is asked for after your password. ${codesLeft} recovery ${codesLeft === 1 ? 'code is' : 'codes are'} left.</p><ul class="rows"><li>New recovery codes, in place of the old ones ${button('codes', 'Make new codes')}</li><li>Go without an app ${button('app/remove', 'Remove', {}, 'Remove the authenticator app')}</li></ul>`
      : `<p class="soft">A second factor: whoever learns your password still lacks your phone.</p><p><a href="${at}/app">Set up an authenticator app</a></p>`
  }</section>`

const passkeyCard = ({ passkeys, home }: AccountView): string => {
  const title = '<h2 id="passkeys-title">Passkeys</h2>'
  if (!passkeys)
    return `<section class="card" aria-labelledby="passkeys-title">${title}<p class="soft">Passkeys belong to a name, and this installation is reached by a bare number (${escapeHtml(home)}). Browsers have none for it.</p></section>`
  const rows = passkeys
    .map(
      ({ id, name, created, used }) =>
        `<li><span><b>${escapeHtml(name)}</b><br><span class="soft">made ${day(created)}${used ? `, last used ${day(used)}` : ''}</span></span> ${button('passkeys/remove', 'Remove', { id }, `Remove ${name}`)}</li>`,
    )
    .join('')
  return `<section class="card" aria-labelledby="passkeys-title">${title}<p class="soft">A finger, a face or a PIN on a device of yours, in place of password and code.</p>${rows ? `<ul class="rows">${rows}</ul>` : ''}
<div data-passkey="${at}/passkeys" data-makes hidden><label for="passkey-name">Name of this device</label><input id="passkey-name" maxlength="60" value="My device"><button type="button">Add a passkey</button><p class="bad" role="alert" hidden></p></div></section>`
}

const sessionCard = ({ sessions, present }: AccountView): string =>
  `<section class="card" aria-labelledby="sessions-title"><h2 id="sessions-title">Where you are signed in</h2><p class="soft">A session that is ended here works for fifteen minutes at most.</p><ul class="rows">${sessions
    .map(
      ({ uid, at: began, agent }) =>
        `<li><span><b>${browserName(agent)}</b><br><span class="soft">since ${moment(began)} UTC</span></span> ${uid === present ? '<span class="soft">this one</span>' : button('sessions/end', 'End', { uid }, `End ${browserName(agent)} of ${moment(began)}`)}</li>`,
    )
    .join('')}</ul>${sessions.length > 1 ? button('sessions/end', 'End all others') : ''}</section>`

export const accountPage = (view: AccountView): string =>
  page(
    'Sign-in and security',
    `<h1>Sign-in and security</h1><p class="soft">${escapeHtml(view.email)} · <a href="${escapeHtml(view.home)}/">Back to Cloister</a> · <a href="${escapeHtml(view.home)}/settings/tokens">Access tokens of tools</a></p>${view.done ? `<p class="good" role="status">${doneWords[view.done]}</p>` : ''}${passwordCard(view)}${appCard(view)}${passkeyCard(view)}${sessionCard(view)}`,
    { head: view.passkeys ? passkeyScriptTag : '', wide: true },
  )
