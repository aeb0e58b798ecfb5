/**
 * The file `seal.json` of a home that is sealed: the home's key, wrapped under a passphrase or under a key that the
 * system's keychain holds, and how far the sealing has come (decision 0022).
 */
import { randomBytes, randomUUID, scrypt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openWord, SealBroken, sealWord } from '../../runner/seal-words.ts'
import { homeKeyBytes } from '../../adapters/local/seal.ts'
import { syncFolder } from '../../adapters/local/durable.ts'
import { readJson, writeWhole } from '../files.ts'
import { Trouble } from '../trouble.ts'

export const sealName = 'seal.json'
/** The cost of a guess: 2 to this many. */
const usualWork = 17
/** More than this is refused: a file must not be able to ask for all memory. */
const mostWork = 20

/** `sealing` and `unsealing`: it was begun, and is to be done to its end before a host may start. */
export type SealState = 'sealing' | 'sealed' | 'unsealing'
export interface SealFile {
  version: 1
  /** Names the home in the keychain. */
  id: string
  state: SealState
  by: 'passphrase' | 'keychain'
  /** Of a passphrase: scrypt's salt (base64) and its cost. */
  salt?: string
  work?: number
  /** The home's key. */
  wrapped: string
}

/** The key of a home could not be had: another passphrase, another keychain. */
export class NotUnlocked extends Trouble {
  override name = 'NotUnlocked'
}

const about = (id: string): string => `cloister home ${id}`

async function passphraseKey(passphrase: string, salt: Buffer, work: number): Promise<Buffer> {
  const cost = 2 ** work
  const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)
  return derive(passphrase.normalize('NFC'), salt, homeKeyBytes, { N: cost, r: 8, p: 1, maxmem: 2 * 128 * 8 * cost })
}

function isSealFile(file: Partial<SealFile>): file is SealFile {
  const passphrase = typeof file.salt === 'string' && Number.isInteger(file.work) && file.work! <= mostWork
  return (
    file.version === 1 &&
    typeof file.id === 'string' &&
    typeof file.wrapped === 'string' &&
    ['sealing', 'sealed', 'unsealing'].includes(file.state ?? '') &&
    (file.by === 'keychain' || (file.by === 'passphrase' && passphrase))
  )
}

/** The file of a home; undefined when the home is not sealed. */
export async function readSealFile(home: string): Promise<SealFile | undefined> {
  const path = join(home, sealName)
  const damaged = new Trouble(
    `The file ${path} cannot be read as it was written. Put it back from a copy, or restore a backup: without it nobody can open this home.`,
  )
  const file = await readJson<Partial<SealFile>>(path).catch((error: unknown) => {
    throw error instanceof SyntaxError ? damaged : error
  })
  if (file && !isSealFile(file)) throw damaged
  return file
}

export const writeSealFile = (home: string, file: SealFile): Promise<void> =>
  writeWhole(join(home, sealName), `${JSON.stringify(file, null, 2)}\n`)

/** The home is not sealed any more. */
export async function removeSealFile(home: string): Promise<void> {
  await rm(join(home, sealName), { force: true })
  await syncFolder(home)
}

/** A home's key, wrapped under a passphrase. */
export async function wrapByPassphrase(
  key: Uint8Array,
  passphrase: string,
  { id, state }: Pick<SealFile, 'id' | 'state'>,
): Promise<SealFile> {
  const salt = randomBytes(16)
  const wrapping = await passphraseKey(passphrase, salt, usualWork)
  const wrapped = sealWord(wrapping, Buffer.from(key).toString('base64'), about(id))
  return { version: 1, id, state, by: 'passphrase', salt: salt.toString('base64'), work: usualWork, wrapped }
}

/** The same, under a key that the keychain holds. */
export const wrapByKey = (
  key: Uint8Array,
  wrapping: Uint8Array,
  { id, state }: Pick<SealFile, 'id' | 'state'>,
): SealFile => ({
  version: 1,
  id,
  state,
  by: 'keychain',
  wrapped: sealWord(wrapping, Buffer.from(key).toString('base64'), about(id)),
})

function unwrapped({ id, wrapped }: SealFile, wrapping: Uint8Array, otherwise: string): Buffer {
  try {
    return Buffer.from(openWord(wrapping, wrapped, about(id)), 'base64')
  } catch (e) {
    throw e instanceof SealBroken ? new NotUnlocked(otherwise) : e
  }
}

/** The home's key again. `NotUnlocked` for another passphrase. */
export async function unwrapByPassphrase(file: SealFile, passphrase: string): Promise<Buffer> {
  const wrapping = await passphraseKey(passphrase, Buffer.from(file.salt!, 'base64'), file.work!)
  return unwrapped(file, wrapping, 'This is not the passphrase of this home. Nothing was opened.')
}
export const unwrapByKey = (file: SealFile, wrapping: Uint8Array): Buffer =>
  unwrapped(file, wrapping, 'The keychain holds another key for this home. Nothing was opened.')

/** A new home's key and its name. */
export const newHomeKey = (): { key: Buffer; id: string } => ({ key: randomBytes(homeKeyBytes), id: randomUUID() })
