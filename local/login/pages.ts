/** The pages of the local login: plain HTML, no script needed, light and dark, from 390 px. */

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (s: string): string => s.replace(/[&<>"']/g, (c) => escapes[c]!)

export const styles = `:root{color-scheme:light dark;--ink:#1c2530;--soft:#5b6672;--paper:#fff;--ground:#f4f6f8;--line:#d5dbe1;--accent:#1f7183;--on-accent:#fff;--bad:#a11a1a;--bad-ground:#fdeeee}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaee;--soft:#a3adb8;--paper:#1d242b;--ground:#14191e;--line:#3a444e;--accent:#7cc7d6;--on-accent:#0d2026;--bad:#ffb3b3;--bad-ground:#3a2020}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;display:grid;place-items:start center;min-height:100vh;padding:6vh 16px 32px}
code{white-space:nowrap}.card>label:first-child{margin-top:0}main{width:100%;max-width:26rem}h1{font-size:1.35rem;margin:0 0 .25rem}p{margin:.4rem 0}.soft{color:var(--soft)}
.card{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:1.5rem;margin-top:1rem}
label{display:block;font-weight:600;margin-top:1rem}input{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:6px;padding:.6rem .7rem;margin-top:.25rem;min-height:44px}
button{font:inherit;font-weight:600;cursor:pointer;min-height:44px;border-radius:6px;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);padding:.5rem 1rem;margin-top:1.25rem;width:100%}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}a{color:var(--accent)}.bad{background:var(--bad-ground);color:var(--bad);border-radius:6px;padding:.6rem .8rem;margin-top:1rem}
h2{font-size:1rem;margin:0}ul{list-style:none;margin:.75rem 0 0;padding:0;display:grid;gap:.5rem}li form{display:block}
li button{margin:0;background:transparent;color:inherit;border-color:var(--line);font-weight:400;text-align:left;display:flex;justify-content:space-between;gap:.75rem;flex-wrap:wrap}li b{font-weight:600}`

const page = (title: string, body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)} · Cloister</title><link rel="stylesheet" href="/oidc/login.css">${head}</head><body><main>${body}</main></body></html>`
const wrong = (message: string | undefined): string =>
  message ? `<p class="bad" role="alert" id="problem">${escapeHtml(message)}</p>` : ''
const described = (message: string | undefined): string =>
  message ? ' aria-describedby="problem" aria-invalid="true"' : ''

export interface DemoPerson {
  email: string
  name: string
  what: string
}

/**
 * The sign-in form. `demo`: people of the demo organisation, each one click away; only where that organisation is
 * seeded.
 */
export function signInPage(form: {
  action: string
  signUp: string
  email: string
  again: boolean
  problem?: string | undefined
  demo?: { people: readonly DemoPerson[]; password: string } | undefined
}): string {
  const demo = form.demo
    ? `<section class="card" aria-labelledby="demo"><h2 id="demo">Demo people</h2><p class="soft">This installation has a demo organisation. Sign in as one of its people; their password is <code>${escapeHtml(form.demo.password)}</code>. Do not collect real data under these accounts.</p><ul>${form.demo.people
        .map(
          (p) =>
            `<li><form method="post" action="${escapeHtml(form.action)}"><input type="hidden" name="email" value="${escapeHtml(p.email)}"><input type="hidden" name="password" value="${escapeHtml(form.demo!.password)}"><button><b>${escapeHtml(p.email)}</b> <span class="soft">${escapeHtml(p.what)}</span></button></form></li>`,
        )
        .join('')}</ul></section>`
    : ''
  return page(
    'Sign in',
    `<h1>${form.again ? 'Sign in again' : 'Sign in to Cloister'}</h1><p class="soft">${form.again ? 'What you are about to do needs a fresh sign-in.' : 'This is the local login of this computer’s installation.'}</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}
<label for="email">Email</label><input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(form.email)}"${form.email ? '' : ' autofocus'}${described(form.problem)}>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200"${form.email ? ' autofocus' : ''}${described(form.problem)}>
<button name="do" value="sign-in">Sign in</button></form>
<p class="soft">No account yet? <a href="${escapeHtml(form.signUp)}">Create one</a>, for instance when somebody has invited you.</p>${demo}`,
  )
}

export const signUpPage = (form: {
  action: string
  signIn: string
  name: string
  email: string
  problem?: string | undefined
}): string =>
  page(
    'Create an account',
    `<h1>Create an account</h1><p class="soft">An account alone sees nothing: somebody’s invitation opens their organisation to you.</p>
<form class="card" method="post" action="${escapeHtml(form.action)}">${wrong(form.problem)}
<label for="name">Name</label><input id="name" name="name" autocomplete="name" required maxlength="120" value="${escapeHtml(form.name)}" autofocus>
<label for="email">Email</label><input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(form.email)}">
<label for="password">Password (at least 10 characters)</label><input id="password" name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="200"${described(form.problem)}>
<button>Create account</button></form><p class="soft"><a href="${escapeHtml(form.signIn)}">I have an account</a></p>`,
  )

/** The provider's own form (with its CSRF token) becomes a page that sends itself; without script a button does. */
export const signOutPage = (form: string): string =>
  page(
    'Sign out',
    `<h1>Sign out of Cloister?</h1><div class="card">${form}<button form="op.logoutForm">Sign out</button></div>`,
    '<script src="/oidc/sign-out.js" defer></script>',
  )
export const signOutScript = "document.getElementById('op.logoutForm').submit()\n"
export const signedOutPage = (home: string): string =>
  page('Signed out', `<h1>You are signed out</h1><p><a href="${escapeHtml(home)}">To the start page</a></p>`)
export const problemPage = (title: string, detail: string, home: string): string =>
  page(
    title,
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(detail)}</p><p><a href="${escapeHtml(home)}">Start again</a></p>`,
  )
