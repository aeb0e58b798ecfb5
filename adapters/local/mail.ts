/** Letters by a mail server (SMTP), or kept on this computer where there is none. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { checkLetter, type Letter, type Mail } from '../../ports/mail.ts'
import { makeFolder, writeWhole } from './durable.ts'
import { openText, type Seal, sealText } from './seal.ts'

const sendMilliseconds = 20_000

/**
 * A mail server. `url`: `smtps://user:password@host:465`, or `smtp://host:587`, which goes on with TLS where the server
 * offers it, and must where a password is sent. `from`: the sender, as `Cloister <cloister@uni.example>`.
 */
export function smtpMail({ url, from }: { url: string; from: string }): Mail {
  const { password, protocol } = new URL(url)
  const transport = createTransport(
    {
      url,
      connectionTimeout: sendMilliseconds,
      greetingTimeout: sendMilliseconds,
      socketTimeout: sendMilliseconds,
      ...(protocol === 'smtp:' && password ? { requireTLS: true } : {}),
      // A letter is text: nothing in it may name a file or an address to be fetched and sent along.
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  return {
    send: async (letter) => {
      checkLetter(letter)
      const { to, subject, text } = letter
      await transport.sendMail({
        to: { name: '', address: to },
        subject,
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    },
  }
}

export interface KeptLetter extends Letter {
  at: string
}
export interface KeptMail extends Mail {
  /** The letters that are kept, newest first. */
  letters(): Promise<KeptLetter[]>
}
const mostKept = 200

/**
 * Letters kept as files of `folder`, for the person at this computer to read; the newest two hundred, sealed
 * where the home is. `now` in milliseconds.
 */
export function keptMail({
  folder,
  now,
  seal,
}: {
  folder: string
  now: () => number
  seal?: Seal | undefined
}): KeptMail {
  const names = async (): Promise<string[]> => {
    const all = await readdir(folder).catch(() => [])
    return all.filter((name) => name.endsWith('.json')).toSorted((a, b) => (a < b ? 1 : -1))
  }
  return {
    send: async (letter) => {
      checkLetter(letter)
      await makeFolder(folder)
      const at = new Date(now()).toISOString()
      const name = `${at.replaceAll(':', '-')}-${randomBytes(6).toString('hex')}.json`
      const text = sealText(seal, name, JSON.stringify({ ...letter, at } satisfies KeptLetter))
      await writeWhole(join(folder, name), join(folder, `${name}.new`), (handle) => handle.writeFile(text))
      for (const old of (await names()).slice(mostKept)) await rm(join(folder, old), { force: true })
    },
    letters: async () => {
      const found = await Promise.all(
        (await names()).map(async (name) =>
          openText(seal, name, await readFile(join(folder, name), 'utf8').catch(() => '')),
        ),
      )
      return found.filter(Boolean).map((text) => JSON.parse(text) as KeptLetter)
    },
  }
}
