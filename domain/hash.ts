/** Canonical JSON and SHA-256: the same answer in Lambda, browser and command line. */

/**
 * JSON with sorted keys and no white space, so that equal values have equal text and hash. Members that are `undefined`
 * are left out, and an `undefined` in a list is `null`. Numbers are written as ECMAScript writes them (RFC 8785 does
 * the same), keys are sorted by UTF-16 code unit.
 *
 * Throws a RangeError for NaN and infinity, and a TypeError for whatever else JSON cannot carry (functions, symbols,
 * bigints, `undefined` itself).
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('canonical JSON has no NaN or infinity')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((v) => canonical(v ?? null)).join(',')}]`
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`
  }
  throw new TypeError(`canonical JSON cannot carry a ${typeof value}`)
}

const octets = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))
/** Bytes as lower-case hexadecimal digits, two a byte. */
export function hex(bytes: Uint8Array): string {
  let digits = ''
  for (const octet of bytes) digits += octets[octet]!
  return digits
}

/** The 32 bytes of the SHA-256 of a string (as UTF-8) or of bytes. */
export async function sha256(data: string | Uint8Array): Promise<Uint8Array> {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

/** The SHA-256 of a string (as UTF-8) or of bytes, as 64 lower-case hexadecimal digits. */
export const sha256Hex = async (data: string | Uint8Array): Promise<string> => hex(await sha256(data))

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Bytes in the base32 alphabet of RFC 4648, in lower case and without padding: eight characters for five bytes. */
export function base32(bytes: Uint8Array): string {
  let out = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      out += alphabet[(value >>> (bits - 5)) & 31]
      bits -= 5
    }
    value &= (1 << bits) - 1
  }
  return bits > 0 ? out + alphabet[(value << (5 - bits)) & 31] : out
}

/** Bytes as base64url (RFC 4648, section 5) without padding. */
export const base64url = (bytes: Uint8Array): string => {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * The bytes of a base64url string, with or without padding. Not strict: bits that the encoding leaves over are ignored.
 * Throws a DOMException named InvalidCharacterError for what is neither base64url nor base64.
 */
export const fromBase64url = (s: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(s.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
