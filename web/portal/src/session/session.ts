/**
 * Signing in: OpenID Connect code flow with PKCE. Tokens live in this tab's sessionStorage; open tabs share them over a
 * channel, so that a link opened in a new tab works.
 */
import { User, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { createClient, type Client, type ClientOptions, type Unanswered } from '../../../../clients/api.ts'

type Reason = 'expired' | 'recent'
export interface SessionState {
  phase: 'starting' | 'unreachable' | 'signed-out' | 'signed-in'
  /** A sign-in is needed before what was asked for can go on. */
  needs?: Reason | undefined
  /** The person closed the dialog: reading goes on failing quietly until they sign in. */
  dismissed?: boolean
}
type Message = { kind: 'user'; user: string } | { kind: 'ask' } | { kind: 'signed-out' }
type SignInSettings = Awaited<ReturnType<Client['access']['signInSettings']>>

const channel = new BroadcastChannel('cloister-session')
const listeners = new Set<() => void>()
let state: SessionState = { phase: 'starting' }
let manager: UserManager | undefined
let user: User | undefined
let settings: SignInSettings | undefined
const waiting: { done: (signedIn: boolean) => void }[] = []

const set = (next: SessionState) => {
  state = next
  for (const listener of listeners) listener()
}
const say = (m: Message) => channel.postMessage(m)
const share = (u: User) => say({ kind: 'user', user: u.toStorageString() })

async function take(next: User): Promise<void> {
  const before = user?.profile.sub
  user = next
  await manager?.storeUser(next)
  if (before !== undefined && before !== next.profile.sub) {
    location.reload()
    return
  }
  set({ phase: 'signed-in' })
  for (const waiter of waiting.splice(0)) waiter.done(true)
}

/** Tabs answer at any time: what is older than what this tab has is no news. */
const isNews = (next: User): boolean => (next.expires_at ?? 0) > (user?.expires_at ?? 0)

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if (data.kind === 'ask' && user && !user.expired) share(user)
  if (data.kind === 'user') {
    const next = User.fromStorageString(data.user)
    if (isNews(next)) void take(next)
  }
  if (data.kind === 'signed-out' && user) {
    user = undefined
    void manager?.removeUser()
    set({ phase: 'signed-out' })
  }
})

async function open(): Promise<UserManager> {
  settings = await createClient({ baseUrl: '', token: () => undefined }).access.signInSettings()
  const manager = new UserManager({
    authority: settings.issuer,
    client_id: settings.clientId,
    scope: settings.scope,
    response_type: 'code',
    redirect_uri: `${location.origin}/signed-in`,
    post_logout_redirect_uri: `${location.origin}/`,
    ...(settings.resource ? { resource: settings.resource } : {}),
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    monitorSession: false,
    accessTokenExpiringNotificationTimeInSeconds: 60,
  })
  manager.events.addAccessTokenExpiring(() => void renew())
  return manager
}

/**
 * One tab renews, the others take what it got: a refresh token works once, and one that is used again ends the session.
 * So whoever's turn it is asks the others first; they may have renewed while it waited or slept.
 */
const renew = () =>
  navigator.locks.request('cloister-renew', async () => {
    await fromAnotherTab()
    if (!manager || !user?.refresh_token || (user.expires_in ?? 0) > 90) return
    const next = await manager.signinSilent().catch(() => undefined)
    if (next) {
      share(next)
      await take(next)
    }
  })

const fromAnotherTab = () =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, 150)
    channel.addEventListener(
      'message',
      ({ data }: MessageEvent<Message>) => {
        if (data.kind === 'user') {
          clearTimeout(timer)
          setTimeout(done, 0)
        }
      },
      { once: true },
    )
    say({ kind: 'ask' })
  })

export const session = {
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  },
  get: () => state,
  settings: () => settings,
  token: () => user?.access_token,

  /** Finds out who is here: from this tab's storage, or from another open tab. */
  async start(): Promise<void> {
    set({ phase: 'starting' })
    try {
      manager = await open()
    } catch {
      set({ phase: 'unreachable' })
      return
    }
    const stored = await manager.getUser()
    if (stored && !stored.expired) {
      user = stored
      set({ phase: 'signed-in' })
      return
    }
    if (stored?.refresh_token) {
      user = stored
      await renew()
      if (!user.expired) return
    }
    user = undefined
    await fromAnotherTab()
    if (session.get().phase !== 'signed-in') set({ phase: 'signed-out' })
  },

  /**
   * Leaves for the sign-in page and comes back to `address`. `again` asks for the password even if the identity
   * provider remembers.
   */
  async signIn(address: string, options: { again?: boolean; popup?: boolean } = {}): Promise<void> {
    manager ??= await open()
    await manager.signinRedirect({
      state: { address, popup: options.popup === true },
      ...(options.again ? { prompt: 'login' } : {}),
    })
  },

  /** Back from the sign-in page: answers the address to go on to, or that this was the pop-up. */
  async finish(): Promise<{ address: string; popup: boolean }> {
    manager ??= await open()
    const next = await manager.signinRedirectCallback()
    const { address, popup } = next.state as { address: string; popup: boolean }
    await take(next)
    if (next.id_token) await api.access.updateMe({ body: { idToken: next.id_token } })
    share(next)
    return { address: address.startsWith('/') && !address.startsWith('//') ? address : '/', popup }
  },

  async signOut(): Promise<void> {
    const leaving = user
    user = undefined
    say({ kind: 'signed-out' })
    // Whatever becomes of the pages that follow, what this session was given renews nothing any more.
    await manager?.revokeTokens(['refresh_token']).catch(() => undefined)
    if (settings?.logout) {
      await manager?.removeUser()
      location.assign(settings.logout)
      return
    }
    try {
      await manager?.signoutRedirect(leaving?.id_token ? { id_token_hint: leaving.id_token } : {})
    } catch {
      await manager?.removeUser()
      set({ phase: 'signed-out' })
    }
  },

  /** Asks the person to sign in again; true once they have, false when they would rather not. */
  need(reason: Reason): Promise<boolean> {
    return new Promise((done) => {
      waiting.push({ done })
      set({ ...state, needs: reason, dismissed: false })
    })
  },
  dismiss(): void {
    const expired = state.needs === 'expired' || user?.expired === true
    set({ phase: state.phase, dismissed: expired })
    for (const waiter of waiting.splice(0)) waiter.done(false)
  },
}

/**
 * Sends a request; when the session has ended, waits for a new sign-in and sends it again, so that nothing typed is
 * lost.
 */
async function patient(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const first = await fetch(input, init)
  const headers = new Headers(init.headers)
  if (first.status !== 401 || !headers.has('authorization')) return first
  if (state.dismissed && (init.method ?? 'GET') === 'GET') return first
  if (`Bearer ${user?.access_token}` === headers.get('authorization') && !(await session.need('expired'))) return first
  headers.set('authorization', `Bearer ${user?.access_token}`)
  return fetch(input, { ...init, headers })
}

/** Keys of requests without an answer outlive a reload of the page: what was started is found, not started twice. */
const storedAs = (what: string): string => `cloister.unanswered.${what}`
const unanswered: Unanswered = {
  get: (what) => sessionStorage.getItem(storedAs(what)) ?? undefined,
  set: (what, key) => sessionStorage.setItem(storedAs(what), key),
  delete: (what) => sessionStorage.removeItem(storedAs(what)),
}

/** How the client and what reads streams reach the server. */
export const reach: ClientOptions = { baseUrl: '', token: () => user?.access_token, fetch: patient, unanswered }
export const api: Client = createClient(reach)
