/** Who is to open a backup, and with what one is opened: a passphrase, or keys of age. */
import { open, readFile } from 'node:fs/promises'
import { Trouble } from '../trouble.ts'
import { isUnderPassphrase } from './age.ts'
import { identityKey, type Lock, type NotOpened, type Opener, recipientKey } from './age-keys.ts'
import { passphrase } from './passphrase.ts'
import { Misused } from './program.ts'

export interface LockOptions {
  passphraseFile?: string
  recipients?: readonly string[]
  recipientsFile?: string
}
export interface OpenerOptions {
  passphraseFile?: string
  identityFile?: string
}

/** Why a backup could not be opened, in a person's words. */
export const notOpenedWords: Record<NotOpened['why'], string> = {
  passphrase: 'This is not its passphrase.',
  identity: 'None of these identities is one of its recipients’.',
  'sealed-by-passphrase': 'It is under a passphrase, not for recipients: leave --identity out.',
  'sealed-for-recipients': 'It is for recipients: give the identity of one of them, with --identity FILE.',
  damaged: 'It was cut or changed after it was written: take another backup.',
  format: 'It is no backup of Cloister.',
}

/** Lines of a file of keys, without comments. */
async function keysIn(file: string, what: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Trouble(`The ${what} cannot be read from ${file}.`)
  })
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}

/** Who is to open a new backup. */
export async function lockOf({ passphraseFile, recipients = [], recipientsFile }: LockOptions): Promise<Lock> {
  const all = [...recipients, ...(recipientsFile === undefined ? [] : await keysIn(recipientsFile, 'recipients'))]
  if (all.length === 0) {
    if (recipientsFile !== undefined) throw new Trouble(`The file ${recipientsFile} names no recipients.`)
    return { passphrase: await passphrase(passphraseFile, true) }
  }
  if (passphraseFile !== undefined)
    throw new Misused('A backup is under a passphrase or for recipients, not both: leave one of them out.')
  for (const one of all) {
    // Said without it: it opens every backup.
    if (/^age-secret-key-/i.test(one))
      throw new Trouble(
        'This is an identity, which is secret. A recipient begins with age1; keep the identity to restore.',
      )
    if (!recipientKey(one))
      throw new Trouble(`"${one}" is no recipient of age: one begins with age1 and was copied whole.`)
  }
  return { recipients: [...new Set(all)] }
}

async function isUnderAPassphrase(backup: string): Promise<boolean> {
  const handle = await open(backup, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0)
    return isUnderPassphrase(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await handle.close()
  }
}

/** With what a backup is opened. */
export async function openerOf(backup: string, { passphraseFile, identityFile }: OpenerOptions): Promise<Opener> {
  if (identityFile === undefined) {
    const asked = passphraseFile !== undefined || process.env['CLOISTER_PASSPHRASE'] !== undefined
    // Whatever else it is, it is not what a passphrase would open.
    if (!asked && !(await isUnderAPassphrase(backup)))
      throw new Trouble(`${backup} cannot be restored. ${notOpenedWords['sealed-for-recipients']}`)
    return { passphrase: await passphrase(passphraseFile, false) }
  }
  const identities = await keysIn(identityFile, 'identities')
  if (identities.length === 0 || identities.some((one) => !identityKey(one)))
    throw new Trouble(
      `${identityFile} holds no identities of age, a line each that begins with AGE-SECRET-KEY-1. One that is itself encrypted is opened with age first.`,
    )
  return { identities }
}
