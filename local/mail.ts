/** How letters leave this host: by a mail server where one is set, else they stay here for its operator to read. */
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { keptMail, smtpMail } from '../adapters/local/mail.ts'
import type { Seal } from '../adapters/local/seal.ts'
import type { Mail } from '../ports/mail.ts'
import { lettersPage, mayRead } from './login/letters-page.ts'
import type { LettersPage } from './login/login.ts'
import { Trouble } from './trouble.ts'

/** A mail server, and who letters are from. */
export interface MailServer {
  url: string
  from: string
}

/** `CLOISTER_SMTP` and `CLOISTER_MAIL_FROM`; undefined when there is no mail server. `Trouble` for what is none. */
export function mailServerFrom(settings: Readonly<Record<string, string | undefined>>): MailServer | undefined {
  const [url, from] = [settings['CLOISTER_SMTP'], settings['CLOISTER_MAIL_FROM']]
  if (!url && !from) return undefined
  if (!url || !from)
    throw new Trouble(
      'CLOISTER_SMTP and CLOISTER_MAIL_FROM belong together: a mail server, and who its letters are from.',
    )
  if (!URL.canParse(url) || !['smtp:', 'smtps:'].includes(new URL(url).protocol))
    throw new Trouble('CLOISTER_SMTP must be an address such as smtps://user:password@mail.uni.example:465.')
  if (!/^[^\r\n]*[^\s@]@[^\s@]+$/.test(from))
    throw new Trouble(`CLOISTER_MAIL_FROM is "${from}"; it must be an address such as cloister@uni.example.`)
  return { url, from }
}

export interface HostMail {
  mail: Mail
  /** Where letters that stayed here are read; undefined where a mail server takes them. */
  letters: { address: string; page: LettersPage } | undefined
}

/** Letters of a home. `secret` is the home's own: whoever may read it may read the letters. */
export function hostMail(options: {
  server: MailServer | undefined
  home: string
  mainOrigin: string
  secret: Buffer
  now: () => number
  seal: Seal | undefined
}): HostMail {
  const { server, home, mainOrigin, secret, now, seal } = options
  if (server) return { mail: smtpMail(server), letters: undefined }
  const mail = keptMail({ folder: join(home, 'letters'), now, seal })
  const printed = createHmac('sha256', secret).update('letters').digest('base64url')
  return {
    mail,
    letters: {
      address: `${mainOrigin}/oidc/letters/${printed}`,
      page: async (key) => (mayRead(key, printed) ? lettersPage(await mail.letters(), mainOrigin) : undefined),
    },
  }
}
