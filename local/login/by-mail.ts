/**
 * What goes by mail: a new account, which is none before its address is confirmed, and the way back in. Neither page
 * nor time tells whether there is an account of an address.
 */
import { randomUUID } from 'node:crypto'
import { Email, Name } from '../../contracts/shapes.ts'
import { networkOf } from '../../functions/kernel/address.ts'
import { addressOf } from '../asked.ts'
import type { BrakeRule } from './brake.ts'
import { accountExistsLetter, changedLetter, confirmLetter, resetLetter } from './letters.ts'
import { confirmPage, donePage, forgotPage, letterSentPage, problemPage, resetPage, signUpPage } from './pages.ts'
import { type Exchange, formOf, html, type LoginParts, makeKnown, post } from './parts.ts'
import { hashPassword } from './passwords.ts'
import type { Begun } from './sign-in.ts'
import { type Account, normalEmail } from './state.ts'

const confirmSeconds = 24 * 3600
const resetSeconds = 3600
/** Letters to one address: the longest wait is shorter than a link lives, so its owner always has one that works. */
const toOneAddress: BrakeRule = { free: 3, longest: 600 }
const fromOneAddress: BrakeRule = { free: 20, longest: 60 }

const tooShort = 'The password needs at least 10 characters.'
const passwordFits = (password: string): boolean => password.length >= 10 && password.length <= 200

/** What is wrong with what somebody typed to get an account; undefined when nothing is. */
function accountProblem(name: string, password: string): string | undefined {
  if (!Name.safeParse(name).success) return 'Please give a name of at most 120 characters.'
  return passwordFits(password) ? undefined : tooShort
}

/** The pages and forms that letters lead from and to. */
export function createByMail(parts: LoginParts): {
  signUp: (exchange: Exchange, begun: Begun) => Promise<void>
  forgot: (exchange: Exchange, begun: Begun) => Promise<void>
  confirm: (exchange: Exchange, secret: string) => Promise<void>
  reset: (exchange: Exchange, secret: string) => Promise<void>
} {
  const { state, mainOrigin, keptHere } = parts
  const { brake, secrets } = state
  const home = `${mainOrigin}/`
  const mayWrite = (exchange: Exchange, email: string): boolean =>
    brake.attempt([
      { name: `letters ${email}`, rule: toOneAddress },
      { name: `letters from ${networkOf(addressOf(exchange.request))}`, rule: fromOneAddress },
    ]) === 0
  const sent = (exchange: Exchange, email: string, { action }: Begun): Promise<void> =>
    html(exchange, letterSentPage({ email, goOn: action, keptHere }))
  const notThere = (exchange: Exchange): Promise<void> =>
    html(
      exchange,
      problemPage('This link does not work', 'It is too old, or was used already. Ask for a new letter.', home),
      404,
    )

  const signUp = async (exchange: Exchange, begun: Begun): Promise<void> => {
    const action = `${begun.action}/sign-up`
    const form = (email: string, problem?: string): string =>
      signUpPage({ action, signIn: begun.action, email, problem })
    if (exchange.request.method !== 'POST') return html(exchange, form(''))
    const email = (await formOf(exchange))('email').slice(0, 254)
    if (!Email.safeParse(email).success) return html(exchange, form(email, 'This is not an email address.'), 422)
    const to = normalEmail(email)
    if (mayWrite(exchange, to)) {
      const secret = secrets.give('sign-up', { value: to, seconds: confirmSeconds })
      post(
        parts,
        state.account(to) ? accountExistsLetter(to, home) : confirmLetter(to, `${mainOrigin}/oidc/confirm/${secret}`),
      )
    }
    return sent(exchange, to, begun)
  }

  const forgot = async (exchange: Exchange, begun: Begun): Promise<void> => {
    const action = `${begun.action}/forgot`
    const known = begun.again?.email ?? ''
    if (exchange.request.method !== 'POST')
      return html(exchange, forgotPage({ action, signIn: begun.action, email: known }))
    const to = normalEmail((await formOf(exchange))('email')).slice(0, 254)
    const account = state.account(to)
    const may = Email.safeParse(to).success && mayWrite(exchange, to)
    if (may) {
      const secret = secrets.give('reset', { ...(account ? { sub: account.sub } : {}), seconds: resetSeconds })
      if (account) post(parts, resetLetter(account.email, `${mainOrigin}/oidc/reset/${secret}`))
    }
    return sent(exchange, to, begun)
  }

  const confirm = async (exchange: Exchange, secret: string): Promise<void> => {
    const held = secrets.find('sign-up', secret)
    if (!held) return notThere(exchange)
    const email = held.value
    const form = (name: string, problem?: string): string =>
      confirmPage({ action: `/oidc/confirm/${secret}`, email, name, problem })
    if (exchange.request.method !== 'POST') return html(exchange, form(''))
    const field = await formOf(exchange)
    const name = field('name')
    const problem = accountProblem(name, field('password'))
    if (problem) return html(exchange, form(name.slice(0, 200), problem), 422)
    const password = await hashPassword(field('password'))
    if (!secrets.take('sign-up', secret)) return notThere(exchange)
    const account: Account = {
      sub: randomUUID(),
      email,
      name,
      password,
      groups: [],
      created: new Date(parts.now()).toISOString(),
    }
    // Of two letters to one address the first that is answered makes the account.
    if (!state.addAccount(account)) return notThere(exchange)
    makeKnown(exchange, parts, account.sub)
    return html(
      exchange,
      donePage(
        'You have an account',
        'Your address is confirmed. Go on where you began, in the page that told you to look into your mail; or begin here.',
        { address: home, words: 'To the start page' },
      ),
    )
  }

  const reset = async (exchange: Exchange, secret: string): Promise<void> => {
    const held = secrets.find('reset', secret)
    const account = held?.sub === undefined ? undefined : state.accountBySub(held.sub)
    if (!account) return notThere(exchange)
    const page = (problem?: string): string =>
      resetPage({ action: `/oidc/reset/${secret}`, email: account.email, problem })
    if (exchange.request.method !== 'POST') return html(exchange, page())
    const field = await formOf(exchange)
    const change = field('do') !== 'keep'
    if (change && !passwordFits(field('password'))) return html(exchange, page(tooShort), 422)
    const hash = change ? await hashPassword(field('password')) : account.password
    if (!secrets.take('reset', secret)) return notThere(exchange)
    makeKnown(exchange, parts, account.sub)
    const on = { address: home, words: 'Sign in' }
    if (!change) return html(exchange, donePage('This browser is let in', 'Sign in with the password you have.', on))
    state.setPassword(account.sub, hash)
    state.end(account.sub, () => true)
    post(
      parts,
      changedLetter(account.email, 'Your password was changed by a link in a mail.', `${mainOrigin}/oidc/account`),
    )
    return html(exchange, donePage('Your password is changed', 'Sign in with the new one.', on))
  }

  return { signUp, forgot, confirm, reset }
}
