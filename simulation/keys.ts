/** Keys of a world: as many and as different as real ones, and cheap. */
import { createHash } from 'node:crypto'
import { KeyMissing, type Keys, UnwrapFailed } from '../ports/keys.ts'
import type { World } from './world.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const modulus = Buffer.alloc(384, 0xc5).toString('base64url')

/** The key pair's id of an organisation. */
export const kidOf = (organisationId: string): string =>
  `key_${digest(`pair of ${organisationId}`).toString('hex').slice(0, 32)}`

/** As handlers reach them. A wrapped key is the key itself in a longer coat (simulation/machine.ts). */
export const keysOf = (world: World): Keys => ({
  createKey: (organisationId) => world.call('create key', () => kidOf(organisationId)),
  publicKey: (kid) =>
    world.call('public key', () => {
      if (!/^key_[0-9a-f]{32}$/.test(kid)) throw new KeyMissing('no such key pair')
      return { kid, jwk: { kty: 'RSA', n: modulus, e: 'AQAB', alg: 'RSA-OAEP-256' } }
    }),
  unwrap: (_kid, wrapped) =>
    world.call('unwrap', () => {
      if (wrapped.length !== 384) throw new UnwrapFailed('not wrapped to this key')
      return wrapped.slice(1, 33)
    }),
  mac: (purpose, message) => world.call('mac', () => new Uint8Array(digest(`mac ${purpose}\0${message}`))),
})
