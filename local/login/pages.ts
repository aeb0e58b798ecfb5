/** The pages of the local login: plain HTML, light and dark, from 390 px. Scripts serve passkeys alone. */

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (s: string): string => s.replace(/[&<>"']/g, (c) => escapes[c]!)

export const styles = `:root{color-scheme:light dark;--ink:#1c2530;--soft:#5b6672;--paper:#fff;--ground:#f4f6f8;--line:#d5dbe1;--accent:#1f7183;--on-accent:#fff;--bad:#a11a1a;--bad-ground:#fdeeee;--good:#1b5e3a;--good-ground:#e8f5ec}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaee;--soft:#a3adb8;--paper:#1d242b;--ground:#14191e;--line:#3a444e;--accent:#7cc7d6;--on-accent:#0d2026;--bad:#ffb3b3;--bad-ground:#3a2020;--good:#a9e0bd;--good-ground:#1b3325}}
*{box-sizing:border-box}[hidden]{display:none!important}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;display:grid;place-items:start center;min-height:100vh;padding:6vh 16px 32px}
code{white-space:nowrap}.card>:first-child,.card>input[type=hidden]:first-child+label{margin-top:0}.card+p{margin-top:1rem}ul+form{margin-top:1rem}main{width:100%;max-width:26rem}main.wide{max-width:40rem}h1{font-size:1.35rem;margin:0 0 .25rem}p{margin:.4rem 0}.soft{color:var(--soft)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:1.5rem;margin-top:1rem}
label{display:block;font-weight:600;margin-top:1rem}input{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:6px;padding:.6rem .7rem;margin-top:.25rem;min-height:44px}
button{font:inherit;font-weight:600;cursor:pointer;min-height:44px;border-radius:6px;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);padding:.5rem 1rem;margin-top:1.25rem;width:100%}
button.second{background:transparent;color:var(--accent)}button.small{width:auto;margin:0}
.button{display:block;text-align:center;text-decoration:none;font-weight:600;border:1px solid var(--accent);border-radius:6px;padding:.6rem 1rem;min-height:44px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}a{color:var(--accent)}.bad,.good{border-radius:6px;padding:.6rem .8rem;margin-top:1rem}.bad{background:var(--bad-ground);color:var(--bad)}.good{background:var(--good-ground);color:var(--good)}
h2{font-size:1rem;margin:0}ul{list-style:none;margin:.75rem 0 0;padding:0;display:grid;gap:.5rem}li form{display:block}
.people button{margin:0;background:transparent;color:inherit;border-color:var(--line);font-weight:400;text-align:left;display:flex;justify-content:space-between;gap:.75rem;flex-wrap:wrap}.people b{font-weight:600}
.rows li{display:flex;justify-content:space-between;align-items:center;gap:.75rem;flex-wrap:wrap;border-top:1px solid var(--line);padding-top:.5rem}
.qr{background:#fff;padding:8px;border-radius:6px;width:min(100%,240px);margin:1rem 0}.qr svg{display:block;width:100%;height:auto}
.codes{columns:2;list-style:none;padding:0;margin:1rem 0}.codes li{display:block}.codes code,.secret{font:1rem/1.9 ui-monospace,monospace;overflow-wrap:anywhere;white-space:normal}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.75rem 0 0}`

/** A whole page around `body`. */
export const page = (title: string, body: string, { head = '', wide = false } = {}): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} · Cloister</title><link rel="stylesheet" href="/oidc/login.css">${head}</head><body><main${wide ? ' class="wide"' : ''}>${body}</main></body></html>`
/** A sentence that says what is wrong, above a form. */
export const wrong = (message: string | undefined): string =>
  message ? `<p class="bad" role="alert" id="problem">${escapeHtml(message)}</p>` : ''
/** Ties a field to that sentence. */
export const described = (message: string | undefined): string =>
  message ? ' aria-describedby="problem" aria-invalid="true"' : ''
export const passkeyScriptTag = '<script src="/oidc/passkey.js" defer></script>'

const codeField = (message: string | undefined): string =>
  `<label for="code">Code</label><input id="code" name="code" autocomplete="one-time-code" required maxlength="20" spellcheck="false" autocapitalize="none"${described(message)}`

export interface DemoPerson {
  email: string
  name: string
  what: string
}
export interface DemoPeople {
  people: readonly DemoPerson[]
  password: string
}

const demoCard = (action: string, { people, password }: DemoPeople): string =>
  `<section class="card" aria-labelledby="demo"><h2 id="demo">Demo people</h2><p class="soft">This installation has a demo organisation. Sign in as one of its people; their password is <code>${escapeHtml(password)}</code>. Do not collect real data under these accounts.</p><ul class="people">${people
    .map(
      (p) =>
        `<li><form method="post" action="${escapeHtml(action)}"><input type="hidden" name="email" value="${escapeHtml(p.email)}"><input type="hidden" name="password" value="${escapeHtml(password)}"><button><b>${escapeHtml(p.email)}</b> <span class="soft">${escapeHtml(p.what)}</span></button></form></li>`,
    )
    .join('')}</ul></section>`

export interface SignInForm {
  action: string
  email: string
  /** Somebody is signed in and is asked again. */
  again: boolean
  problem?: string | undefined
  /** A code may be given beside the password: the way in for its owner while others guess. */
  withCode?: boolean
  /** Whoever is asked again may answer by a code alone. */
  byCode?: boolean
  passkeys: boolean
  demo?: DemoPeople | undefined
  /** Name of the campus' own sign-in. */
  campus?: string | undefined
}

/**
 * The sign-in form. `demo`: people of the demo organisation, each one click away; only where that organisation is
 * seeded.
 */
export function signInPage(form: SignInForm): string {
  const { action, email, again, problem } = form
  const link = (path: string, words: string): string => `<a href="${escapeHtml(`${action}${path}`)}">${words}</a>`
  // A link: a form that leads to another origin is against the page's own policy.
  const campus = form.campus
    ? `<p class="card"><a class="button" href="${escapeHtml(`${action}/campus`)}">Sign in with ${escapeHtml(form.campus)}</a></p>`
    : ''
  const passkey = form.passkeys
    ? `<div class="card" data-passkey="${escapeHtml(`${action}/passkey`)}" hidden><button class="second" type="button">Use a passkey</button><p class="bad" role="alert" hidden></p></div>`
    : ''
  const code = form.withCode
    ? '<label for="code">Code of your authenticator app, if you have one</label><input id="code" name="code" autocomplete="one-time-code" maxlength="20">'
    : ''
  return page(
    again ? 'Sign in again' : 'Sign in',
    `<h1>${again ? 'Sign in again' : 'Sign in to Cloister'}</h1><p class="soft">${again ? 'What you are about to do needs a fresh sign-in.' : 'With your account at this installation.'}</p>
<form class="card" method="post" action="${escapeHtml(action)}">${wrong(problem)}
<label for="email">Email</label><input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(email)}"${email ? '' : ' autofocus'}${described(problem)}>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200"${email ? ' autofocus' : ''}${described(problem)}>${code}
<button name="do" value="sign-in">Sign in</button></form>${campus}${passkey}
<p class="soft">${form.byCode ? `${link('/code', 'Use a code of your authenticator app')} · ` : ''}${link('/forgot', 'Forgotten your password?')}</p>
<p class="soft">No account yet? ${link('/sign-up', 'Create one')}, for instance when somebody has invited you.</p>${form.demo ? demoCard(action, form.demo) : ''}`,
    { head: form.passkeys ? passkeyScriptTag : '' },
  )
}

/** The second step of whoever has an authenticator app. */
export const codePage = (form: { action: string; problem?: string | undefined }): string =>
  page(
    'Enter a code',
    `<h1>Enter a code</h1><p class="soft">From your authenticator app; or one of your recovery codes, if the app is gone.</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}${codeField(form.problem)} autofocus>
<button>Go on</button></form>`,
  )

export const signUpPage = (form: {
  action: string
  signIn: string
  email: string
  problem?: string | undefined
}): string =>
  page(
    'Create an account',
    `<h1>Create an account</h1><p class="soft">An account alone sees nothing: somebody’s invitation opens their organisation to you. A letter to your address comes first; its link asks for name and password.</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}
<label for="email">Email</label><input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(form.email)}" autofocus${described(form.problem)}>
<button>Send the letter</button></form><p class="soft"><a href="${escapeHtml(form.signIn)}">I have an account</a></p>`,
  )

export const forgotPage = (form: { action: string; signIn: string; email: string }): string =>
  page(
    'Forgotten your password?',
    `<h1>Forgotten your password?</h1><p class="soft">A link by mail lets you choose a new one, and lets you in when somebody else’s guesses keep you waiting.</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">
<label for="email">Email</label><input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(form.email)}" autofocus>
<button>Send the link</button></form><p class="soft"><a href="${escapeHtml(form.signIn)}">Back to signing in</a></p>`,
  )

/** Says the same whether there is such an account or not. `keptHere`: there is no mail server, letters stay here. */
export const letterSentPage = (form: { email: string; goOn: string; keptHere: boolean }): string =>
  page(
    'Look into your mail',
    `<h1>Look into your mail</h1><div class="card"><p>A letter to <b>${escapeHtml(form.email)}</b> says how it goes on.</p>${
      form.keptHere
        ? '<p>This installation has no mail server: its letters are kept on its own computer. Open the address that was printed after “Letters” where Cloister was started.</p>'
        : '<p class="soft">It may take a minute. If nothing comes, look among unwanted mail, or ask again; after several letters to one address the next has to wait.</p>'
    }</div><p class="soft">Done what the letter says? <a href="${escapeHtml(form.goOn)}">Go on to sign in</a></p>`,
  )

/**
 * What a confirmation link opens. The password is chosen here, by whoever reads the mail: had it been chosen before,
 * somebody else could know it. It is a form, since programs that look through mails follow links on their own.
 */
export const confirmPage = (form: {
  action: string
  email: string
  name: string
  problem?: string | undefined
}): string =>
  page(
    'Create your account',
    `<h1>Create your account</h1><p class="soft">For ${escapeHtml(form.email)}.</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}<input type="hidden" name="email" autocomplete="username" value="${escapeHtml(form.email)}">
<label for="name">Name</label><input id="name" name="name" autocomplete="name" required maxlength="120" value="${escapeHtml(form.name)}" autofocus>
<label for="password">Password (at least 10 characters)</label><input id="password" name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="200"${described(form.problem)}>
<button>Create account</button></form>`,
  )

export const resetPage = (form: { action: string; email: string; problem?: string | undefined }): string =>
  page(
    'Choose a new password',
    `<h1>Choose a new password</h1><p class="soft">For ${escapeHtml(form.email)}. You will be signed out everywhere else.</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}<input type="hidden" name="email" autocomplete="username" value="${escapeHtml(form.email)}">
<label for="password">New password (at least 10 characters)</label><input id="password" name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="200" autofocus${described(form.problem)}>
<button name="do" value="change">Change the password</button></form>
<form class="card" method="post" action="${escapeHtml(form.action)}"><p>Or keep the password you have: somebody’s wrong guesses will not make this browser wait.</p><button class="second" name="do" value="keep">Let this browser in</button></form>`,
  )

/** Something is done, and there is one way on. */
export const donePage = (title: string, detail: string, to: { address: string; words: string }): string =>
  page(
    title,
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(detail)}</p><p><a href="${escapeHtml(to.address)}">${escapeHtml(to.words)}</a></p>`,
  )

/** The provider's own form (with its CSRF token) becomes a page that sends itself; without script a button does. */
export const signOutPage = (form: string): string =>
  page(
    'Sign out',
    `<h1>Sign out of Cloister?</h1><div class="card">${form}<button form="op.logoutForm">Sign out</button></div>`,
    { head: '<script src="/oidc/sign-out.js" defer></script>' },
  )
export const signOutScript = "document.getElementById('op.logoutForm').submit()\n"
export const signedOutPage = (home: string): string =>
  page('Signed out', `<h1>You are signed out</h1><p><a href="${escapeHtml(home)}">To the start page</a></p>`)
export const problemPage = (title: string, detail: string, home: string): string =>
  donePage(title, detail, { address: home, words: 'Start again' })
