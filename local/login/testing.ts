/** For tests: the login alone, on a port of its own, with a clock that can be put forward. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Letter } from '../../ports/mail.ts'
import { freePort } from '../testing.ts'
import type { Campus } from './campus-port.ts'
import { createLogin } from './login.ts'
import { hashPassword } from './passwords.ts'
import { createProvider } from './provider.ts'
import { type Account, type LoginState, loginState } from './state.ts'

export interface TestLogin {
  origin: string
  state: LoginState
  /** Seconds that the login's clock is ahead of this machine's. */
  clock: { ahead: number }
  /** Told about wrong passwords of these accounts. */
  failures: (string | undefined)[]
  letters: Letter[]
  /** From now on telling the audit never comes to an end. */
  slowAudit: () => void
  person: (email: string, password: string) => Promise<Account>
  close: () => Promise<void>
}

/** Starts it; `host` is the name it goes by. */
export async function startLogin(
  host = '127.0.0.1',
  { secondFactor = false, ...more }: { secondFactor?: boolean; port?: number; campus?: Campus } = {},
): Promise<TestLogin> {
  const home = await mkdtemp(join(tmpdir(), 'cloister-login-'))
  const port = more.port ?? (await freePort())
  const origin = `http://${host}:${port}`
  const clock = { ahead: 0 }
  const now = (): number => Date.now() + clock.ahead * 1000
  const state = await loginState(home, now)
  const provider = await createProvider({
    mainOrigin: origin,
    keyFile: join(home, 'login-keys.json'),
    state,
    failed: () => {},
  })
  const failures: (string | undefined)[] = []
  let slow = false
  const letters: Letter[] = []
  const login = createLogin({
    provider,
    state,
    mainOrigin: origin,
    mail: {
      send: async (letter) => {
        letters.push(letter)
      },
    },
    keptHere: false,
    secondFactor,
    mailFailed: (error) => {
      throw new Error(error)
    },
    demo: () => undefined,
    failed: async (sub) => {
      failures.push(sub)
      if (slow) await new Promise(() => {})
    },
    now,
    campus: more.campus,
  })
  const server = createServer((request, response) => void login(request, response))
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    origin,
    state,
    clock,
    failures,
    letters,
    slowAudit: () => {
      slow = true
    },
    person: async (email, password) => {
      const account: Account = {
        sub: `sub-${email.replace(/\W/g, '-')}`,
        email,
        name: email.split('@')[0]!,
        password: await hashPassword(password),
        groups: [],
        created: new Date(now()).toISOString(),
      }
      state.addAccount(account)
      return account
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
      state.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
