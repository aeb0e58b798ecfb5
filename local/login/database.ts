/** The login's own database: people, sessions, grants, second factors. SQLite, in a file that only its owner reads. */
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { readJson } from '../files.ts'

/** What `login.json` of version 0.1.0 held. */
interface Before {
  accounts: Record<
    string,
    { sub: string; email: string; name: string; password: string; groups: string[]; created: string }
  >
  provider: Record<string, { payload: Record<string, unknown>; expires: number }>
}

const schema = `
CREATE TABLE accounts (
  sub TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password TEXT NOT NULL,
  groups TEXT NOT NULL, created TEXT NOT NULL
) STRICT;
CREATE TABLE provider (
  model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires INTEGER NOT NULL,
  uid TEXT AS (payload ->> 'uid') VIRTUAL,
  grant_id TEXT AS (payload ->> 'grantId') VIRTUAL,
  account TEXT AS (payload ->> 'accountId') VIRTUAL,
  PRIMARY KEY (model, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_uid ON provider (model, uid) WHERE uid IS NOT NULL;
CREATE INDEX provider_grant ON provider (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX provider_account ON provider (account) WHERE account IS NOT NULL;
CREATE INDEX provider_expires ON provider (expires);
CREATE TABLE secrets (
  digest TEXT PRIMARY KEY, kind TEXT NOT NULL, sub TEXT, value TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT;
CREATE INDEX secrets_expires ON secrets (expires);
CREATE INDEX secrets_sub ON secrets (sub) WHERE sub IS NOT NULL;
CREATE TABLE attempts (name TEXT PRIMARY KEY, failures INTEGER NOT NULL, last INTEGER NOT NULL, forgotten INTEGER NOT NULL) STRICT;
CREATE INDEX attempts_forgotten ON attempts (forgotten);
CREATE TABLE sign_ins (uid TEXT PRIMARY KEY, sub TEXT NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE totp (sub TEXT PRIMARY KEY, secret TEXT NOT NULL, step INTEGER NOT NULL, created TEXT NOT NULL) STRICT;
CREATE TABLE recovery (sub TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (sub, digest)) STRICT, WITHOUT ROWID;
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY, sub TEXT NOT NULL, public_key BLOB NOT NULL, counter INTEGER NOT NULL,
  transports TEXT NOT NULL, name TEXT NOT NULL, created TEXT NOT NULL, used TEXT
) STRICT;
CREATE INDEX passkeys_sub ON passkeys (sub);
`

/** Does all of `work` or nothing of it. */
export function atomically<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const done = work()
    db.exec('COMMIT')
    return done
  } catch (e) {
    db.exec('ROLLBACK')
    throw e
  }
}

/** Takes over what version 0.1.0 kept. */
function takeOver(db: DatabaseSync, before: Before): void {
  const account = db.prepare('INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)')
  for (const { sub, email, name, password, groups, created } of Object.values(before.accounts))
    account.run(sub, email, name, password, JSON.stringify(groups), created)
  const entry = db.prepare('INSERT INTO provider (model, id, payload, expires) VALUES (?, ?, ?, ?)')
  for (const [key, { payload, expires }] of Object.entries(before.provider)) {
    const colon = key.indexOf(':')
    entry.run(key.slice(0, colon), key.slice(colon + 1), JSON.stringify(payload), expires)
  }
}

/**
 * Opens (or begins) the database `login.db` of a home. A `login.json` that version 0.1.0 left becomes part of it in the
 * transaction that makes it, and is then put aside: a kill in between changes nothing.
 */
export async function openDatabase(home: string): Promise<DatabaseSync> {
  const file = join(home, 'login.db')
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  // SQLite gives its other files the mode of this one.
  await (await open(file, 'a', 0o600)).close()
  const db = new DatabaseSync(file, { timeout: 5000 })
  try {
    // On a Mac a sync reaches the disk itself only when it is asked to.
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA checkpoint_fullfsync = ON;
      PRAGMA secure_delete = ON;
    `)
    const old = join(home, 'login.json')
    const before = await readJson<Before>(old)
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version === 0)
      atomically(db, () => {
        db.exec(schema)
        if (before) takeOver(db, before)
        db.exec('PRAGMA user_version = 1')
      })
    if (before) await rename(old, join(home, 'login-0.1.0.json'))
    return db
  } catch (e) {
    db.close()
    throw e
  }
}
