/** The seal of a home, with its key from where the home says: a passphrase, or the system's keychain. */
import { join } from 'node:path'
import type { Seal } from '../../adapters/local/seal.ts'
import { Trouble } from '../trouble.ts'
import { keychainKey } from './keychain.ts'
import { readPassphrase } from './passphrase.ts'
import { readSealFile, sealName, type SealFile, unwrapByKey, unwrapByPassphrase } from './seal-file.ts'

/** Where the passphrase of a home is read from when nobody is there to be asked. */
export const passphraseVariable = 'CLOISTER_PASSPHRASE_FILE'

/** The passphrase of a sealed home: from the file that the environment names, else asked for at the terminal. */
export const askPassphrase = (): Promise<string> =>
  readPassphrase({
    file: process.env[passphraseVariable] || undefined,
    isNew: false,
    question: 'This home is sealed. Its passphrase: ',
    todo: `This home is sealed. Name a file with its passphrase in ${passphraseVariable}, or start it at a terminal, where it is asked for.`,
  })

/** The key of a home. `NotUnlocked` when it cannot be had. */
export async function homeKeyOf(file: SealFile, ask: () => Promise<string> = askPassphrase): Promise<Buffer> {
  if (file.by === 'keychain') return unwrapByKey(file, await keychainKey(file.id))
  return unwrapByPassphrase(file, await ask())
}

/** A seal as it is while it holds. */
export const sealBy = (key: Uint8Array): Seal => ({ key, writes: true })

/** The seal of a home; undefined when it has none. A `Trouble` when it is half sealed, or its key cannot be had. */
export async function unlock(home: string, ask?: () => Promise<string>): Promise<Seal | undefined> {
  const file = await readSealFile(home)
  if (!file) return undefined
  if (file.state !== 'sealed')
    throw new Trouble(
      `The ${file.state} of ${home} was cut short. Nothing is lost: run "cloister ${file.state === 'sealing' ? 'seal' : 'unseal'}" again, which goes on where it was.`,
    )
  return sealBy(await homeKeyOf(file, ask))
}

/** What is said of a home whose files are sealed and whose key is nowhere. */
export const sealLost = (home: string): Trouble =>
  new Trouble(
    `The home ${home} is sealed, and its file ${join(home, sealName)} is missing. Put it back from a copy, or restore a backup: without it nobody can open this home.`,
  )
