/**
 * What the local login remembers: people's accounts, and the provider's sessions, grants and refresh tokens. One small
 * file.
 */
import { readJson, writeWhole } from '../files.ts'

export interface Account {
  sub: string
  email: string
  name: string
  password: string
  groups: string[]
  created: string
}
export type Payload = Record<string, unknown>
interface Kept {
  payload: Payload
  expires: number
}
interface Data {
  accounts: Record<string, Account>
  provider: Record<string, Kept>
}

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
export interface LoginState {
  account(email: string): Account | undefined
  accountBySub(sub: string): Account | undefined
  /** False when the address has an account already. */
  addAccount(a: Account): Promise<boolean>
  store(model: string): ProviderStore
  /** Resolves when everything is on disk. */
  flush(): Promise<void>
}

const normal = (email: string): string => email.trim().toLowerCase()

/** Opens (or begins) the state in `file`; `now` in milliseconds. A change is on disk before it is answered. */
export async function loginState(file: string, now: () => number): Promise<LoginState> {
  const data = (await readJson<Data>(file)) ?? { accounts: {}, provider: {} }
  const entries = new Map(Object.entries(data.provider))
  const accounts = new Map(Object.entries(data.accounts))
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  const write = async (): Promise<void> => {
    for (const [key, kept] of entries) if (kept.expires <= now()) entries.delete(key)
    await writeWhole(
      file,
      JSON.stringify({ accounts: Object.fromEntries(accounts), provider: Object.fromEntries(entries) } satisfies Data),
    )
  }
  /** Changes made while a write runs share the one that follows it. */
  const save = (): Promise<void> => {
    if (!running) {
      running = write().finally(() => {
        running = undefined
      })
      return running
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        running = write().finally(() => {
          running = undefined
        })
        return running
      })
    return next
  }
  const alive = (k: Kept | undefined): Payload | undefined => (k && k.expires > now() ? k.payload : undefined)

  return {
    account: (email) => accounts.get(normal(email)),
    accountBySub: (sub) => [...accounts.values()].find((a) => a.sub === sub),
    async addAccount(account) {
      if (accounts.has(normal(account.email))) return false
      accounts.set(normal(account.email), { ...account, email: normal(account.email) })
      await save()
      return true
    },
    flush: async () => {
      await (next ?? running)
    },
    store: (model) => {
      const name = (id: string): string => `${model}:${id}`
      const where = (test: (p: Payload) => boolean): Payload | undefined =>
        alive([...entries].find(([k, v]) => k.startsWith(`${model}:`) && test(v.payload))?.[1])
      return {
        async upsert(id, payload, expiresIn) {
          entries.set(name(id), { payload, expires: now() + expiresIn * 1000 })
          await save()
        },
        find: async (id) => alive(entries.get(name(id))),
        findByUid: async (uid) => where((p) => p['uid'] === uid),
        findByUserCode: async (code) => where((p) => p['userCode'] === code),
        async consume(id) {
          const kept = entries.get(name(id))
          if (kept) {
            kept.payload['consumed'] = Math.floor(now() / 1000)
            await save()
          }
        },
        async destroy(id) {
          if (entries.delete(name(id))) await save()
        },
        async revokeByGrantId(grantId) {
          for (const [key, kept] of entries) if (kept.payload['grantId'] === grantId) entries.delete(key)
          await save()
        },
      }
    },
  }
}
