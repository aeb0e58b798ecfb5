/** Passwords: scrypt hashes, and a brake on guessing. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

const cost = { N: 16384, r: 8, p: 1 }
const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, 32, cost, (e, key) => (e ? reject(e) : resolve(key)))
  })

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return `scrypt$${salt.toString('base64url')}$${(await derive(password, salt)).toString('base64url')}`
}

/** Takes as long for an account that does not exist (`hash` undefined) as for one that does. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, salt = '', key = ''] = (hash ?? `scrypt$${'A'.repeat(22)}$`).split('$')
  const expected = Buffer.from(key, 'base64url')
  const given = await derive(password, Buffer.from(salt, 'base64url'))
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Ten wrong passwords for one address within a quarter of an hour, and it has to wait; `now` in milliseconds. */
export function guessBrake(
  now: () => number,
  limit = 10,
  windowMilliseconds = 15 * 60_000,
): { blocked: (email: string) => boolean; failed: (email: string) => void; succeeded: (email: string) => void } {
  const failures = new Map<string, number[]>()
  const recent = (email: string): number[] =>
    (failures.get(email) ?? []).filter((at) => now() - at < windowMilliseconds)
  return {
    blocked: (email) => recent(email).length >= limit,
    failed: (email) => {
      // Made-up addresses must not fill the memory.
      if (failures.size > 10_000) for (const [key] of failures) if (recent(key).length === 0) failures.delete(key)
      if (failures.size <= 20_000) failures.set(email, [...recent(email), now()])
    },
    succeeded: (email) => {
      failures.delete(email)
    },
  }
}
