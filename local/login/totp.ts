/** Codes of an authenticator app (RFC 6238), and the recovery codes for the day on which the phone is gone. */
import { createHash, randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { Secret, TOTP } from 'otpauth'
import { atomically } from './database.ts'

const periodSeconds = 30
/** Steps before and after the present one that are taken too: clocks of phones differ. */
const skewSteps = 1
const recoveryCodes = 10
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

const totpOf = (secret: string, label = ''): TOTP =>
  new TOTP({
    issuer: 'Cloister',
    label,
    period: periodSeconds,
    digits: 6,
    algorithm: 'SHA1',
    secret: Secret.fromBase32(secret),
  })

export interface Totp {
  has(sub: string): boolean
  /** A new secret for an app to take. Nothing is kept yet. */
  begin(): string
  /** What a QR code tells the app. */
  address(secret: string, email: string): string
  /** Keeps the secret once a code of it is right; answers the recovery codes, which are shown once. */
  confirm(sub: string, secret: string, code: string): string[] | undefined
  /** Whether this is a code of the app that was not used before, or a recovery code, which is used up by this. */
  check(sub: string, code: string): boolean
  /** New recovery codes in place of all there were. */
  renew(sub: string): string[]
  /** Recovery codes that are left. */
  left(sub: string): number
  remove(sub: string): void
}

/** Fifty bits each, every letter equally likely. */
function newCode(): string {
  let code = ''
  while (code.length < 10)
    for (const byte of randomBytes(16)) if (byte < 248 && code.length < 10) code += alphabet[byte % alphabet.length]
  return `${code.slice(0, 5)}-${code.slice(5)}`
}
const digestOf = (code: string): string => createHash('sha256').update(`recovery\0${code}`).digest('base64url')

/** The step of time whose code this is, near `now`; undefined for any other code. */
function stepOf(secret: string, code: string, now: number): number | undefined {
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: skewSteps })
  return delta === null ? undefined : Math.floor(now / 1000 / periodSeconds) + delta
}

/** Second factors in the login's database; `now` in milliseconds. */
export function createTotp(db: DatabaseSync, now: () => number): Totp {
  const find = db.prepare('SELECT secret FROM totp WHERE sub = ?')
  const keep = db.prepare('INSERT OR REPLACE INTO totp (sub, secret, step, created) VALUES (?, ?, ?, ?)')
  const use = db.prepare('UPDATE totp SET step = ? WHERE sub = ? AND step < ?')
  const drop = db.prepare('DELETE FROM totp WHERE sub = ?')
  const count = db.prepare('SELECT count(*) AS number FROM recovery WHERE sub = ?')
  const addCode = db.prepare('INSERT INTO recovery (sub, digest) VALUES (?, ?)')
  const useCode = db.prepare('DELETE FROM recovery WHERE sub = ? AND digest = ?')
  const dropCodes = db.prepare('DELETE FROM recovery WHERE sub = ?')
  const renew = (sub: string): string[] => {
    const codes = Array.from({ length: recoveryCodes }, newCode)
    dropCodes.run(sub)
    for (const code of codes) addCode.run(sub, digestOf(code))
    return codes
  }
  const secretOf = (sub: string): string | undefined => (find.get(sub) as { secret: string } | undefined)?.secret
  return {
    has: (sub) => secretOf(sub) !== undefined,
    begin: () => new Secret({ size: 20 }).base32,
    address: (secret, email) => totpOf(secret, email).toString(),
    confirm: (sub, secret, typed) => {
      const step = stepOf(secret, typed.replaceAll(/\s/g, ''), now())
      if (step === undefined) return undefined
      return atomically(db, () => {
        keep.run(sub, secret, step, new Date(now()).toISOString())
        return renew(sub)
      })
    },
    check: (sub, typed) => {
      const code = typed.replaceAll(/\s/g, '').toLowerCase()
      const secret = secretOf(sub)
      if (secret === undefined) return false
      if (!/^\d{6}$/.test(code)) return useCode.run(sub, digestOf(code)).changes === 1
      const step = stepOf(secret, code, now())
      // A code counts once: of two who send it, one gets in.
      return step !== undefined && use.run(step, sub, step).changes === 1
    },
    renew: (sub) => atomically(db, () => renew(sub)),
    left: (sub) => (count.get(sub) as { number: number }).number,
    remove: (sub) =>
      atomically(db, () => {
        drop.run(sub)
        dropCodes.run(sub)
      }),
  }
}
