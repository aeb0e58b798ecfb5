/** Keys in a keyring file that only its owner can read. */
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import { chmod, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { sha256Hex } from '../../domain/hash.ts'
import { makeFolder, writeWhole } from './durable.ts'
import { openText, type Seal, sealText } from './seal.ts'
import { KeyMissing, type Keys, type PublicKey, UnwrapFailed } from '../../ports/keys.ts'

interface Pair {
  organisationId: string
  created: string
  privateKey: string
}
interface Keyring {
  version: 1
  mac: string
  pairs: Record<string, Pair>
}

/** The name of a home's keyring. */
const ringName = 'keyring.json'

/** Somebody else could have read the keyring. */
export class KeyringExposed extends Error {
  override name = 'KeyringExposed'
}

async function load(file: string, seal: Seal | undefined): Promise<Keyring | undefined> {
  let mode: number
  try {
    mode = (await stat(file)).mode
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new KeyringExposed(
      `Others may read the keyring ${file} (mode ${(mode & 0o777).toString(8)}). Make it private with: chmod 600 ${file}`,
    )
  return JSON.parse(openText(seal, ringName, await readFile(file, 'utf8'))) as Keyring
}

/** After a crash either the old or the new keyring is there, whole. */
const save = (file: string, seal: Seal | undefined, ring: Keyring): Promise<void> =>
  writeWhole(file, `${file}.${randomUUID()}`, (handle) =>
    handle.writeFile(sealText(seal, ringName, JSON.stringify(ring, null, 2))),
  )

/** A key pair is called by what its public key is. */
const kidOf = async (publicKey: KeyObject): Promise<string> =>
  `key_${(await sha256Hex(publicKey.export({ type: 'spki', format: 'der' }))).slice(0, 32)}`

/**
 * Keys in `file`, sealed where the home is, made (with its MAC key) at first use. One process at a time may write it.
 * `KeyringExposed` when others may read it.
 */
export function localKeys({ file, seal }: { file: string; seal?: Seal | undefined }): Keys {
  let ring: Promise<Keyring> | undefined
  let last: Promise<unknown> = Promise.resolve()
  const opened = new Map<string, KeyObject>()

  const keyring = (): Promise<Keyring> =>
    (ring ??= (async () => {
      const found = await load(file, seal)
      if (found) return found
      await makeFolder(dirname(file))
      const made: Keyring = { version: 1, mac: randomBytes(32).toString('base64'), pairs: {} }
      await save(file, seal, made)
      if (process.platform !== 'win32') await chmod(file, 0o600)
      return made
    })().catch((error: unknown) => {
      ring = undefined
      throw error
    }))

  const privateKey = async (kid: string): Promise<KeyObject> => {
    const known = opened.get(kid)
    if (known) return known
    const { pairs } = await keyring()
    const pair = Object.hasOwn(pairs, kid) ? pairs[kid] : undefined
    if (!pair) throw new KeyMissing('no such key pair')
    const key = createPrivateKey(pair.privateKey)
    opened.set(kid, key)
    return key
  }

  const make = async (organisationId: string): Promise<string> => {
    const held = await keyring()
    const existing = Object.entries(held.pairs).find(([, p]) => p.organisationId === organisationId)
    if (existing) return existing[0]
    const { publicKey, privateKey: secret } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072 })
    const kid = await kidOf(publicKey)
    const next: Keyring = {
      ...held,
      pairs: {
        ...held.pairs,
        [kid]: {
          organisationId,
          created: new Date().toISOString(),
          privateKey: secret.export({ type: 'pkcs8', format: 'pem' }) as string,
        },
      },
    }
    await save(file, seal, next)
    ring = Promise.resolve(next)
    return kid
  }

  return {
    // One at a time: two calls for one organisation must answer the same pair.
    createKey(organisationId) {
      const turn = last.then(() => make(organisationId))
      last = turn.catch(() => undefined)
      return turn
    },
    async publicKey(kid): Promise<PublicKey> {
      const { n: modulus, e: exponent } = createPublicKey(await privateKey(kid)).export({ format: 'jwk' })
      return { kid, jwk: { kty: 'RSA', n: modulus!, e: exponent!, alg: 'RSA-OAEP-256' } }
    },
    async unwrap(kid, wrapped) {
      const key = await privateKey(kid)
      try {
        return new Uint8Array(
          privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, wrapped),
        )
      } catch {
        throw new UnwrapFailed('not wrapped to this key')
      }
    },
    async mac(purpose, message) {
      return new Uint8Array(
        createHmac('sha256', Buffer.from((await keyring()).mac, 'base64'))
          .update(`${purpose}\0${message}`)
          .digest(),
      )
    },
  }
}

/** What is wrong with a keyring file, each as the rest of a sentence; nothing when it is whole. */
export async function ringFaults(file: string, seal?: Seal): Promise<string[]> {
  let ring: Keyring | undefined
  try {
    ring = await load(file, seal)
  } catch (e) {
    return [e instanceof KeyringExposed ? 'others may read it' : 'it is not what was written']
  }
  if (!ring) return ['it is missing']
  const wrong = await Promise.all(
    Object.entries(ring.pairs).map(async ([kid, { privateKey }]) => {
      try {
        return (await kidOf(createPublicKey(privateKey))) === kid ? [] : [`its key ${kid} is another`]
      } catch {
        return [`its key ${kid} cannot be read`]
      }
    }),
  )
  const mac = Buffer.from(ring.mac, 'base64').length === 32 ? [] : ['its MAC key is cut']
  return [...mac, ...wrong.flat()]
}
