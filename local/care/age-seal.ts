/** The one seal of the age format: ChaCha20-Poly1305, under a key that is used once with each nonce. */
import { createCipheriv, createDecipheriv } from 'node:crypto'

const cipher = 'chacha20-poly1305'
export const tagBytes = 16

/** What was sealed, with its tag behind it. */
export function seal(key: Buffer, nonce: Uint8Array, bytes: Uint8Array): Buffer {
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  return Buffer.concat([sealing.update(bytes), sealing.final(), sealing.getAuthTag()])
}

/** What `seal` was given; undefined for anything else. */
export function unseal(key: Buffer, nonce: Uint8Array, sealed: Buffer): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined
  const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  opening.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    return Buffer.concat([opening.update(sealed.subarray(0, sealed.length - tagBytes)), opening.final()])
  } catch {
    return undefined
  }
}
