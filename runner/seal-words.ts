/**
 * Bytes and words under a seal (AES-256-GCM), bound to what they are about: what the runner of a home that is sealed
 * writes, and the home itself (adapters/local/seal.ts).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export const tagBytes = 16
const nonceBytes = 12
const cipher = 'aes-256-gcm'

/** What was read is sealed, and not by this key, or not as it was written. */
export class SealBroken extends Error {
  override name = 'SealBroken'
}

/** Bytes under a nonce that this key has for nothing else, bound to what they are about; with their tag. */
export function sealBytes(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array, about: string): Buffer {
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  sealing.setAAD(Buffer.from(about))
  return Buffer.concat([sealing.update(bytes), sealing.final(), sealing.getAuthTag()])
}

/** The bytes again; `SealBroken` when they are not what was sealed about this. */
export function openBytes(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, about: string): Buffer {
  const length = sealed.length - tagBytes
  if (length < 0) throw new SealBroken('cut')
  const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  opening.setAAD(Buffer.from(about))
  opening.setAuthTag(sealed.subarray(length))
  const plain = opening.update(sealed.subarray(0, length))
  try {
    opening.final()
  } catch {
    throw new SealBroken('changed')
  }
  return plain
}

/** A text under a nonce of its own, as one word of base64. */
export function sealWord(key: Uint8Array, text: string, about: string): string {
  const nonce = randomBytes(nonceBytes)
  return Buffer.concat([nonce, sealBytes(key, nonce, Buffer.from(text), about)]).toString('base64')
}

/** The text of such a word. */
export function openWord(key: Uint8Array, word: string, about: string): string {
  const bytes = Buffer.from(word, 'base64')
  return openBytes(key, bytes.subarray(0, nonceBytes), bytes.subarray(nonceBytes), about).toString('utf8')
}

const aboutLine = 'line'

/** Whole lines of a log, each sealed. */
export const sealLines = (key: Uint8Array, text: string): string =>
  text.replaceAll(/[^\n]+/g, (line) => sealWord(key, line, aboutLine))

/** The line that was written; one that is no sealed line as it lies there. */
export function openLine(key: Uint8Array | undefined, line: string): string {
  if (!key || line.startsWith('{')) return line
  try {
    return openWord(key, line, aboutLine)
  } catch (e) {
    if (e instanceof SealBroken) return line
    throw e
  }
}
