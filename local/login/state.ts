/** What the local login remembers: people's accounts, and the provider's sessions, grants and refresh tokens. */
import type { DatabaseSync } from 'node:sqlite'
import { createBrake, type Brake } from './brake.ts'
import { atomically, openDatabase } from './database.ts'
import { oneTimeSecrets, type OneTimeSecrets } from './one-time.ts'
import { createPasskeys, type Passkeys } from './passkeys.ts'
import { createTotp, type Totp } from './totp.ts'

export interface Account {
  sub: string
  email: string
  name: string
  password: string
  groups: string[]
  created: string
}
export type Payload = Record<string, unknown>

/** The adapter interface of oidc-provider. */
export interface ProviderStore {
  upsert(id: string, payload: Payload, expiresIn: number): Promise<void>
  find(id: string): Promise<Payload | undefined>
  findByUid(uid: string): Promise<Payload | undefined>
  findByUserCode(code: string): Promise<Payload | undefined>
  consume(id: string): Promise<void>
  destroy(id: string): Promise<void>
  revokeByGrantId(grantId: string): Promise<void>
}
/** A browser in which somebody is signed in. */
export interface OpenSession {
  uid: string
  /** Second of the sign-in. */
  at: number
  /** What the browser calls itself. */
  agent: string
}
export interface LoginState {
  /** An account with a password here; those of the campus' provider are found by `accountBySub` alone. */
  account(email: string): Account | undefined
  accountBySub(sub: string): Account | undefined
  /** False when the address has an account already. */
  addAccount(a: Account): boolean
  /** Makes or renews an account of the campus' provider. False when the address is another account's. */
  putCampusAccount(a: Account): boolean
  /** With it end the ways in that were begun with the one before; sessions are ended apart (`end`). */
  setPassword(sub: string, hash: string): void
  store(model: string): ProviderStore
  /** Notes in which browser a session was begun. */
  began(session: { uid: string; sub: string; agent: string }): void
  sessions(sub: string): OpenSession[]
  /** Ends sessions of a person, with the tokens they gave out: those that `which` says. */
  end(sub: string, which: (uid: string) => boolean): void
  brake: Brake
  secrets: OneTimeSecrets
  totp: Totp
  passkeys: Passkeys
  close(): void
}

/**
 * A refresh token that was used is taken once more within this time: its answer may have been lost, or two tabs may
 * have asked at once.
 */
const graceSeconds = 10

/** Ids of accounts that came by the campus' provider begin so. */
export const campusPrefix = 'campus_'

/** An address as accounts are known by. */
export const normalEmail = (email: string): string => email.trim().toLowerCase()

interface AccountRow extends Omit<Account, 'groups'> {
  groups: string
}
const accountOf = (row: unknown): Account | undefined =>
  row === undefined ? undefined : { ...(row as AccountRow), groups: JSON.parse((row as AccountRow).groups) as string[] }

/** Models of oidc-provider, in one table. A change is on disk before it is answered. */
function providerStores(db: DatabaseSync, now: () => number): (model: string) => ProviderStore {
  const put = db.prepare('INSERT OR REPLACE INTO provider (model, id, payload, expires) VALUES (?, ?, ?, ?)')
  const sweep = db.prepare('DELETE FROM provider WHERE expires <= ?')
  const byId = db.prepare('SELECT payload FROM provider WHERE model = ? AND id = ? AND expires > ?')
  const byUid = db.prepare('SELECT payload FROM provider WHERE model = ? AND uid = ? AND expires > ?')
  const consume = db.prepare(
    "UPDATE provider SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ? AND payload ->> 'consumed' IS NULL",
  )
  const destroy = db.prepare('DELETE FROM provider WHERE model = ? AND id = ?')
  const revoke = db.prepare('DELETE FROM provider WHERE grant_id = ?')
  const payloadOf = (row: unknown): Payload | undefined => {
    if (row === undefined) return undefined
    const payload = JSON.parse((row as { payload: string }).payload) as Payload
    const { consumed } = payload
    if (payload['kind'] === 'RefreshToken' && typeof consumed === 'number' && now() / 1000 - consumed < graceSeconds)
      delete payload['consumed']
    return payload
  }
  return (model) => ({
    async upsert(id, payload, expiresIn) {
      atomically(db, () => {
        sweep.run(now())
        put.run(model, id, JSON.stringify(payload), now() + expiresIn * 1000)
      })
    },
    find: async (id) => payloadOf(byId.get(model, id, now())),
    findByUid: async (uid) => payloadOf(byUid.get(model, uid, now())),
    // The provider's device flow is off: tools sign in by the platform's own.
    findByUserCode: async () => undefined,
    async consume(id) {
      consume.run(Math.floor(now() / 1000), model, id)
    },
    async destroy(id) {
      destroy.run(model, id)
    },
    async revokeByGrantId(grantId) {
      revoke.run(grantId)
    },
  })
}

function sessionsIn(db: DatabaseSync, now: () => number): Pick<LoginState, 'began' | 'sessions' | 'end'> {
  const note = db.prepare('INSERT OR REPLACE INTO sign_ins (uid, sub, agent, at) VALUES (?, ?, ?, ?)')
  const forget = db.prepare(
    "DELETE FROM sign_ins WHERE uid NOT IN (SELECT uid FROM provider WHERE model = 'Session' AND uid IS NOT NULL) AND at < ?",
  )
  const list = db.prepare(
    "SELECT p.uid, p.id, p.payload, s.agent FROM provider p LEFT JOIN sign_ins s ON s.uid = p.uid WHERE p.model = 'Session' AND p.account = ? AND p.expires > ? ORDER BY p.payload ->> 'loginTs' DESC",
  )
  const destroy = db.prepare("DELETE FROM provider WHERE model = 'Session' AND uid = ?")
  const revoke = db.prepare('DELETE FROM provider WHERE grant_id = ?')
  const dropGrant = db.prepare("DELETE FROM provider WHERE model = 'Grant' AND id = ?")
  interface Row {
    uid: string
    id: string
    payload: string
    agent: string | null
  }
  const rows = (sub: string): Row[] => list.all(sub, now()) as unknown as Row[]
  return {
    began: ({ uid, sub, agent }) => {
      // A session that begins at this moment is not kept yet.
      forget.run(Math.floor(now() / 1000) - 3600)
      note.run(uid, sub, agent, Math.floor(now() / 1000))
    },
    sessions: (sub) =>
      rows(sub).map(({ uid, payload, agent }) => ({
        uid,
        at: (JSON.parse(payload) as { loginTs: number }).loginTs,
        agent: agent ?? '',
      })),
    end: (sub, which) => {
      atomically(db, () => {
        for (const { uid, payload } of rows(sub).filter((row) => which(row.uid))) {
          const { authorizations = {} } = JSON.parse(payload) as {
            authorizations?: Record<string, { grantId?: string }>
          }
          for (const { grantId } of Object.values(authorizations)) {
            if (!grantId) continue
            revoke.run(grantId)
            dropGrant.run(grantId)
          }
          destroy.run(uid)
        }
      })
    },
  }
}

/** Opens (or begins) the login of a home; `now` in milliseconds. */
export async function loginState(home: string, now: () => number): Promise<LoginState> {
  const db = await openDatabase(home)
  const byEmail = db.prepare('SELECT * FROM accounts WHERE email = ?')
  const bySub = db.prepare('SELECT * FROM accounts WHERE sub = ?')
  const add = db.prepare('INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?, ?, ?)')
  const rename = db.prepare('UPDATE accounts SET email = ?, name = ? WHERE sub = ?')
  const password = db.prepare('UPDATE accounts SET password = ? WHERE sub = ?')
  // A sign-in that was finished waits for its browser to go on, and would be a session only then.
  const dropFinished = db.prepare(
    "DELETE FROM provider WHERE model = 'Interaction' AND payload ->> '$.result.login.accountId' = ?",
  )
  const secrets = oneTimeSecrets(db, now)
  return {
    account: (email) => {
      const found = accountOf(byEmail.get(normalEmail(email)))
      return found?.sub.startsWith(campusPrefix) ? undefined : found
    },
    accountBySub: (sub) => accountOf(bySub.get(sub)),
    addAccount: (a) =>
      add.run(a.sub, normalEmail(a.email), a.name, a.password, JSON.stringify(a.groups), a.created).changes === 1,
    putCampusAccount: (account) => {
      const email = normalEmail(account.email)
      const holder = accountOf(byEmail.get(email))
      if (holder && holder.sub !== account.sub) return false
      const { sub, name, password: none, groups, created } = account
      if (rename.run(email, name, sub).changes === 0) add.run(sub, email, name, none, JSON.stringify(groups), created)
      return true
    },
    setPassword: (sub, hash) => {
      atomically(db, () => {
        password.run(hash, sub)
        dropFinished.run(sub)
        for (const kind of ['reset', 'half'] as const) secrets.forget(kind, sub)
      })
    },
    store: providerStores(db, now),
    ...sessionsIn(db, now),
    brake: createBrake(db, now),
    secrets,
    totp: createTotp(db, now),
    passkeys: createPasskeys(db, now, secrets),
    close: () => db.close(),
  }
}
