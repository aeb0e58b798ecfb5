/** What the login and the letters keep, written step by step, and looked for in what a power cut has left. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keptMail } from '../adapters/local/mail.ts'
import { loginState, type LoginState } from '../local/login/state.ts'
import type { Step } from './powercut-step.ts'

type Told = (told: Step, work: () => Promise<unknown>) => Promise<void>

const origin = 'https://cloister.example'
const now = (): number => Date.parse('2026-03-02T09:00:00.000Z')
const letterFrom = (name: string): string => `letter-${name}@lab.example`

/** Concise binary objects (RFC 8949) of what a device answers: bytes, texts, small numbers and maps of them. */
type Cbor = number | string | Buffer | Map<Cbor, Cbor>
function headOf(type: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(type << 5) | length])
  return length < 256
    ? Buffer.from([(type << 5) | 24, length])
    : Buffer.from([(type << 5) | 25, length >> 8, length & 255])
}
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? headOf(1, -1 - value) : headOf(0, value)
  if (typeof value === 'string') return Buffer.concat([headOf(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([headOf(2, value.length), value])
  return Buffer.concat([headOf(5, value.size), ...[...value].flatMap(([key, one]) => [cbor(key), cbor(one)])])
}

/** What a device answers that makes a passkey for a challenge (WebAuthn, attestation `none`). */
function newPasskey(challenge: string, name: string): object {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const point = pair.publicKey.export({ format: 'jwk' })
  const coordinate = (text: string | undefined): Buffer => Buffer.from(text!, 'base64url')
  const key = new Map<Cbor, Cbor>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, coordinate(point.x)],
    [-3, coordinate(point.y)],
  ])
  const id = Buffer.from(name.padEnd(16, '.'))
  // Present, verified, with a key of its own; counted once.
  const facts = Buffer.from([0x45, 0, 0, 0, 1])
  const length = Buffer.from([0, id.length])
  const party = createHash('sha256').update(new URL(origin).hostname).digest()
  const authData = Buffer.concat([party, facts, Buffer.alloc(16), length, id, cbor(key)])
  const attestation = cbor(
    new Map<Cbor, Cbor>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]),
  )
  const client = JSON.stringify({ type: 'webauthn.create', challenge, origin, crossOrigin: false })
  return {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: Buffer.from(client).toString('base64url'),
      attestationObject: attestation.toString('base64url'),
      transports: [],
    },
  }
}

async function person(login: LoginState, step: Told, number: number): Promise<void> {
  const sub = `person${number}`
  const email = `${sub}@lab.example`
  const created = new Date(now()).toISOString()
  const account = { sub, email, name: sub, groups: [], created, password: '0' }
  await step({ what: 'account', name: sub, value: 0 }, async () => login.addAccount(account))
  const { challenge } = await login.passkeys.registration(account, origin)
  await step({ what: 'passkey', name: sub, value: 0 }, async () => {
    if (!(await login.passkeys.register(sub, origin, 'key', newPasskey(challenge, sub))))
      throw new Error('The passkey was not taken')
  })
  const sessions = login.store('Session')
  await step({ what: 'session', name: sub, value: 0 }, async () => {
    login.began({ uid: `uid-${sub}`, sub, agent: 'a browser' })
    await sessions.upsert(sub, { kind: 'Session', uid: `uid-${sub}`, accountId: sub, loginTs: 1 }, 86_400)
  })
  if (number % 3 === 2) await step({ what: 'session', name: sub, value: null }, async () => login.end(sub, () => true))
  await step({ what: 'account', name: sub, value: 1 }, async () => login.setPassword(sub, '1'))
}

/** Keeps accounts, passkeys, sessions and letters of `count` people from `from` on. */
export async function keepLogin(home: string, step: Told, from: number, count: number): Promise<void> {
  const login = await loginState(home, now)
  const mail = keptMail({ folder: join(home, 'letters'), now })
  for (let number = from; number < from + count; number++) {
    await person(login, step, number)
    const name = `person${number}`
    await step({ what: 'letter', name, value: 0 }, () =>
      mail.send({ to: letterFrom(name), subject: 'A letter', text: 'Come in.' }),
    )
  }
  login.close()
}

/** The login and the letters of a home that a cut has left. */
export async function loginIn(home: string): Promise<{ value: (step: Step) => number | undefined; close: () => void }> {
  if (!existsSync(join(home, 'login.db'))) return { value: () => undefined, close: () => {} }
  const login = await loginState(home, now)
  const letters = new Set((await keptMail({ folder: join(home, 'letters'), now }).letters()).map(({ to }) => to))
  const isThere: Partial<Record<Step['what'], (name: string) => number | undefined>> = {
    account: (name) => {
      const found = login.accountBySub(name)
      return found && Number(found.password)
    },
    passkey: (name) => (login.passkeys.list(name).length > 0 ? 0 : undefined),
    session: (name) => (login.sessions(name).length > 0 ? 0 : undefined),
    letter: (name) => (letters.has(letterFrom(name)) ? 0 : undefined),
  }
  return { value: ({ what, name }) => isThere[what]!(name), close: () => login.close() }
}
