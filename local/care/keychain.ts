/** The system's keychain: macOS Keychain, Windows Credential Manager, the Secret Service of a Linux desktop. */
import { randomBytes } from 'node:crypto'
import { Trouble } from '../trouble.ts'
import { NotUnlocked } from './seal-file.ts'

const service = 'cloister'
const keyBytes = 32

/** Loaded when it is needed: most homes have none. */
async function entryOf(id: string): Promise<InstanceType<(typeof import('@napi-rs/keyring'))['AsyncEntry']>> {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(service, id)
}

const without =
  'This system has no keychain that can be used here (a Linux machine needs a desktop session with a Secret Service). Seal by a passphrase instead.'

/** Puts a new key for the home `id` into the keychain, and answers it once it was found there again. */
export async function makeKeychainKey(id: string): Promise<Buffer> {
  const key = randomBytes(keyBytes)
  const text = key.toString('base64')
  try {
    const entry = await entryOf(id)
    await entry.setPassword(text)
    if ((await entry.getPassword()) === text) return key
  } catch {
    /* said below: its own words differ by system */
  }
  throw new Trouble(without)
}

/** The key for the home `id`. */
export async function keychainKey(id: string): Promise<Buffer> {
  const text = await entryOf(id)
    .then((entry) => entry.getPassword())
    .catch(() => undefined)
  if (!text)
    throw new NotUnlocked(
      'The key of this home is not in the keychain of this user on this machine, or the keychain is locked. Unlock it and start again; a backup can be restored under a passphrase anywhere.',
    )
  return Buffer.from(text, 'base64')
}

/** Removes the key for the home `id`, if it is there. */
export async function forgetKeychainKey(id: string): Promise<void> {
  await entryOf(id)
    .then((entry) => entry.deletePassword())
    .catch(() => {})
}
