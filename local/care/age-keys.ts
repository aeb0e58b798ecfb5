/**
 * What opens a file of age: a passphrase (scrypt), or one of several keys (X25519). Each is a stanza of the file's
 * header, which holds the file's own key sealed for it.
 */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scrypt,
} from 'node:crypto'
import { promisify } from 'node:util'
import { seal, unseal } from './age-seal.ts'
import { bech32 } from './bech32.ts'

/** The file is not opened by what it was tried with, or is not what was written: cut, changed or another's. */
export class NotOpened extends Error {
  override name = 'NotOpened'
  readonly why: 'passphrase' | 'identity' | 'sealed-by-passphrase' | 'sealed-for-recipients' | 'damaged' | 'format'
  constructor(why: NotOpened['why']) {
    super(why)
    this.why = why
  }
}

/** Who is to open a file: whoever knows the passphrase, or holds the key of any of these recipients (`age1…`). */
export type Lock = { passphrase: string; work?: number } | { recipients: readonly string[] }
/** What a file is opened with; `fileKey` is what whoever writes a file knows, and nobody else. */
export type Opener =
  | { passphrase: string }
  /** `AGE-SECRET-KEY-1…` */
  | { identities: readonly string[] }
  | { fileKey: Buffer }

export interface Stanza {
  type: string
  parts: readonly string[]
  body: Buffer
}

/** The cost of a guess: 2 to this many. What `age` itself takes. */
const usualWork = 18
/** More than this is refused: a file must not be able to ask for all memory. */
const mostWork = 20
const keyBytes = 32
const noNonce = Buffer.alloc(12)

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '')
/** The bytes of a text that `base64` has made; undefined for any other. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return base64(bytes) === text ? bytes : undefined
}

async function passphraseKey(passphrase: string, salt: Buffer, work: number): Promise<Buffer> {
  const cost = 2 ** work
  const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)
  const salted = Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt])
  return derive(passphrase, salted, keyBytes, { N: cost, r: 8, p: 1, maxmem: 2 * 128 * 8 * cost })
}

// The beginnings of a key of X25519 in DER, before its 32 bytes (RFC 8410).
const publicHead = Buffer.from('302a300506032b656e032100', 'hex')
const privateHead = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicKeyOf = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([publicHead, bytes]), format: 'der', type: 'spki' })
const privateKeyOf = (bytes: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([privateHead, bytes]), format: 'der', type: 'pkcs8' })
const bytesOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(publicHead.length)

const keyIn = (text: string, prefix: string): Buffer | undefined => {
  const bytes = bech32(text, prefix)
  return bytes?.length === keyBytes ? bytes : undefined
}
/** The key of a recipient (`age1…`); undefined for what is none. */
export const recipientKey = (text: string): Buffer | undefined => keyIn(text, 'age')
/** The key of an identity (`AGE-SECRET-KEY-1…`); undefined for what is none. */
export const identityKey = (text: string): Buffer | undefined => keyIn(text, 'age-secret-key-')

/** The key between a file and one recipient; undefined where the share is none that honest software makes. */
function sharedKey(secret: KeyObject, share: Buffer, salt: Buffer): Buffer | undefined {
  try {
    const shared = diffieHellman({ privateKey: secret, publicKey: publicKeyOf(share) })
    return Buffer.from(hkdfSync('sha256', shared, salt, 'age-encryption.org/v1/X25519', keyBytes))
  } catch {
    // A share that would make every secret come to nothing.
    return undefined
  }
}

function forRecipient(fileKey: Buffer, recipient: string): Stanza {
  const theirs = recipientKey(recipient)
  if (!theirs) throw new NotOpened('format')
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  const share = bytesOf(publicKey)
  const key = sharedKey(privateKey, theirs, Buffer.concat([share, theirs]))
  if (!key) throw new NotOpened('format')
  return { type: 'X25519', parts: [base64(share)], body: seal(key, noNonce, fileKey) }
}

/** The stanzas of a file that this lock closes. */
export async function stanzasOf(fileKey: Buffer, lock: Lock): Promise<Stanza[]> {
  if ('recipients' in lock) return lock.recipients.map((recipient) => forRecipient(fileKey, recipient))
  const { passphrase, work = usualWork } = lock
  const salt = randomBytes(16)
  const body = seal(await passphraseKey(passphrase, salt, work), noNonce, fileKey)
  return [{ type: 'scrypt', parts: [base64(salt), String(work)], body }]
}

async function byPassphrase(passphrase: string, stanzas: readonly Stanza[]): Promise<Buffer> {
  const [stanza] = stanzas
  if (stanza?.type !== 'scrypt') throw new NotOpened('sealed-for-recipients')
  // A passphrase stands alone: what else would open the file is nobody's that knows it.
  const salt = fromBase64(stanza.parts[0] ?? '')
  const work = stanza.parts[1] ?? ''
  const isOne = stanzas.length === 1 && stanza.parts.length === 2 && stanza.body.length === 32
  if (!isOne || salt?.length !== 16 || !/^[1-9]\d?$/.test(work) || Number(work) > mostWork)
    throw new NotOpened('format')
  const fileKey = unseal(await passphraseKey(passphrase, salt, Number(work)), noNonce, stanza.body)
  if (!fileKey) throw new NotOpened('passphrase')
  return fileKey
}

function byIdentity(identity: string, { type, parts, body }: Stanza): Buffer | undefined {
  const secret = identityKey(identity)
  const share = type === 'X25519' && parts.length === 1 ? fromBase64(parts[0]!) : undefined
  if (!secret || share?.length !== keyBytes || body.length !== 32) return undefined
  const mine = privateKeyOf(secret)
  const key = sharedKey(mine, share, Buffer.concat([share, bytesOf(createPublicKey(mine))]))
  return key && unseal(key, noNonce, body)
}

function byIdentities(identities: readonly string[], stanzas: readonly Stanza[]): Buffer {
  if (stanzas.some(({ type }) => type === 'scrypt')) throw new NotOpened('sealed-by-passphrase')
  for (const identity of identities)
    for (const stanza of stanzas) {
      const fileKey = byIdentity(identity, stanza)
      if (fileKey) return fileKey
    }
  throw new NotOpened('identity')
}

/** The file's key, by whichever stanza this opens. Throws `NotOpened` where none is. */
export async function fileKeyBy(opener: Opener, stanzas: readonly Stanza[]): Promise<Buffer> {
  if ('fileKey' in opener) return opener.fileKey
  return 'passphrase' in opener ? byPassphrase(opener.passphrase, stanzas) : byIdentities(opener.identities, stanzas)
}
