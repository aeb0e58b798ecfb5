/** What the login writes to people. A link stands on a line of its own. */
import type { Letter } from '../../ports/mail.ts'

const signed = (lines: readonly string[]): string => `${lines.join('\n')}\n\nCloister\n`

/** Somebody gave this address to get an account: the link makes it. */
export const confirmLetter = (to: string, link: string): Letter => ({
  to,
  subject: 'Confirm your address for Cloister',
  text: signed([
    'Somebody, most likely you, asked for an account at Cloister with this address.',
    'Open this link within a day to confirm that the address is yours:',
    '',
    link,
    '',
    'If it was not you, do nothing: without the link there will be no account.',
  ]),
})

/** The address has an account already; only its owner learns that. */
export const accountExistsLetter = (to: string, home: string): Letter => ({
  to,
  subject: 'You have an account at Cloister',
  text: signed([
    'Somebody, most likely you, asked for an account at Cloister with this address.',
    'You have one already. Sign in with it; if you do not remember the password, choose "Forgotten your password?" there:',
    '',
    home,
    '',
    'If it was not you, do nothing: nothing has changed.',
  ]),
})

/** The way in for whoever forgot the password, or is kept waiting because others guess at it. */
export const resetLetter = (to: string, link: string): Letter => ({
  to,
  subject: 'Your way into Cloister',
  text: signed([
    'Somebody, most likely you, asked for help with signing in.',
    'Open this link within an hour to choose a new password, or to let your browser in with the one you have:',
    '',
    link,
    '',
    'If it was not you, do nothing: your password stays as it is.',
  ]),
})

/** Told after the fact, so that a change that somebody else made does not go unnoticed. */
export const changedLetter = (to: string, what: string, account: string): Letter => ({
  to,
  subject: 'Your sign-in at Cloister has changed',
  text: signed([
    `${what}`,
    '',
    'If it was not you, sign in and look at your account, and choose a new password:',
    '',
    account,
  ]),
})
