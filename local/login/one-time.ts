/**
 * Secrets of a short life: links in mails, challenges of passkeys, passwords that wait for their second factor,
 * browsers that are known, and those that a sign-in was begun in. Only their digests are kept.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

export type SecretKind = 'sign-up' | 'reset' | 'challenge' | 'half' | 'known' | 'totp' | 'campus' | 'browser'
export interface Held {
  sub: string | undefined
  value: string
}
export interface OneTimeSecrets {
  /** Keeps `value` for so many seconds; answers the secret that finds it. */
  give(kind: SecretKind, held: { sub?: string; value?: string; seconds: number }): string
  /** The same under a name that is known already, in place of what it held before. */
  keep(kind: SecretKind, name: string, held: { sub?: string; value?: string; seconds: number }): void
  find(kind: SecretKind, secret: string): Held | undefined
  /** Finds and forgets, in one step: of two who ask, one gets it. */
  take(kind: SecretKind, secret: string): Held | undefined
  /** Forgets all of a kind that belong to a person. */
  forget(kind: SecretKind, sub: string): void
}

const digestOf = (kind: SecretKind, secret: string): string =>
  createHash('sha256').update(`${kind}\0${secret}`).digest('base64url')

/** The secrets in the login's database; `now` in milliseconds. */
export function oneTimeSecrets(db: DatabaseSync, now: () => number): OneTimeSecrets {
  const put = db.prepare('INSERT OR REPLACE INTO secrets (digest, kind, sub, value, expires) VALUES (?, ?, ?, ?, ?)')
  const sweep = db.prepare('DELETE FROM secrets WHERE expires <= ?')
  const find = db.prepare('SELECT sub, value FROM secrets WHERE digest = ? AND expires > ?')
  const take = db.prepare('DELETE FROM secrets WHERE digest = ? AND expires > ? RETURNING sub, value')
  const forget = db.prepare('DELETE FROM secrets WHERE kind = ? AND sub = ?')
  const held = (row: unknown): Held | undefined => {
    if (row === undefined) return undefined
    const { sub, value } = row as { sub: string | null; value: string }
    return { sub: sub ?? undefined, value }
  }
  const keep: OneTimeSecrets['keep'] = (kind, name, { sub, value = '', seconds }) => {
    sweep.run(now())
    put.run(digestOf(kind, name), kind, sub ?? null, value, now() + seconds * 1000)
  }
  return {
    give: (kind, what) => {
      const secret = randomBytes(32).toString('base64url')
      keep(kind, secret, what)
      return secret
    },
    keep,
    find: (kind, secret) => held(find.get(digestOf(kind, secret), now())),
    take: (kind, secret) => held(take.get(digestOf(kind, secret), now())),
    forget: (kind, sub) => {
      forget.run(kind, sub)
    },
  }
}
