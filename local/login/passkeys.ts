/**
 * Passkeys (WebAuthn): a device of the person's own signs a challenge, after it has asked for a finger, a face or a
 * PIN. They belong to a name: at a bare number such as 127.0.0.1 browsers have none.
 */
import { isIP } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server'
import type { OneTimeSecrets } from './one-time.ts'

const challengeSeconds = 300
/** EdDSA, ES256, RS256: what devices have. */
const algorithms = [-8, -7, -257]
const mostPasskeys = 20

interface Row {
  id: string
  sub: string
  public_key: Uint8Array<ArrayBuffer>
  counter: number
  transports: string
  name: string
  created: string
  used: string | null
}
export interface Passkey {
  id: string
  name: string
  created: string
  used: string | undefined
}
interface Person {
  sub: string
  email: string
  name: string
}
export interface Passkeys {
  list(sub: string): Passkey[]
  /** What the browser needs to make one. */
  registration(person: Person, origin: string): Promise<PublicKeyCredentialCreationOptionsJSON>
  /** Keeps what the browser made; false when it is not as asked for. */
  register(sub: string, origin: string, name: string, response: unknown): Promise<boolean>
  /** What the browser needs to use one. */
  challenge(origin: string): Promise<PublicKeyCredentialRequestOptionsJSON>
  /** Whose passkey has answered the challenge; undefined when none has. */
  verify(origin: string, response: unknown): Promise<string | undefined>
  remove(sub: string, id: string): void
}

/** The name that passkeys of an origin belong to; undefined where there can be none. */
export function passkeyName(origin: string): string | undefined {
  const { hostname } = new URL(origin)
  return isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 ? hostname : undefined
}
const named = (origin: string): string => {
  const name = passkeyName(origin)
  if (name === undefined) throw new Error('There are no passkeys at an address without a name')
  return name
}

/** Passkeys in the login's database; `now` in milliseconds. */
export function createPasskeys(db: DatabaseSync, now: () => number, secrets: OneTimeSecrets): Passkeys {
  const ofPerson = db.prepare('SELECT * FROM passkeys WHERE sub = ? ORDER BY created')
  const byId = db.prepare('SELECT * FROM passkeys WHERE id = ?')
  const add = db.prepare(
    'INSERT OR IGNORE INTO passkeys (id, sub, public_key, counter, transports, name, created) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const used = db.prepare('UPDATE passkeys SET counter = ?, used = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM passkeys WHERE id = ? AND sub = ?')
  const rows = (sub: string): Row[] => ofPerson.all(sub) as unknown as Row[]
  const instant = (): string => new Date(now()).toISOString()
  /** A challenge is good for one answer. */
  const asked =
    (sub: string | undefined) =>
    (challenge: string): boolean => {
      const held = secrets.take('challenge', challenge)
      return held !== undefined && held.sub === sub
    }
  const credentialOf = (row: Row): WebAuthnCredential => ({
    id: row.id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: JSON.parse(row.transports) as string[],
  })
  return {
    list: (sub) =>
      rows(sub).map(({ id, name, created, used: last }) => ({ id, name, created, used: last ?? undefined })),
    registration: async ({ sub, email, name }, origin) => {
      const options = await generateRegistrationOptions({
        rpName: 'Cloister',
        rpID: named(origin),
        userName: email,
        userDisplayName: name,
        userID: new TextEncoder().encode(sub),
        attestationType: 'none',
        supportedAlgorithmIDs: algorithms,
        excludeCredentials: rows(sub).map(({ id }) => ({ id })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
      secrets.keep('challenge', options.challenge, { sub, seconds: challengeSeconds })
      return options
    },
    register: async (sub, origin, name, response) => {
      const verdict = await verifyRegistrationResponse({
        response: response as RegistrationResponseJSON,
        expectedChallenge: asked(sub),
        expectedOrigin: origin,
        expectedRPID: named(origin),
        requireUserVerification: true,
        supportedAlgorithmIDs: algorithms,
      }).catch(() => undefined)
      if (!verdict?.verified || rows(sub).length >= mostPasskeys) return false
      const { id, publicKey, counter, transports = [] } = verdict.registrationInfo.credential
      return add.run(id, sub, publicKey, counter, JSON.stringify(transports), name, instant()).changes === 1
    },
    challenge: async (origin) => {
      const options = await generateAuthenticationOptions({ rpID: named(origin), userVerification: 'required' })
      secrets.keep('challenge', options.challenge, { seconds: challengeSeconds })
      return options
    },
    verify: async (origin, response) => {
      const { id } = (response ?? {}) as Partial<AuthenticationResponseJSON>
      const row = byId.get(String(id)) as unknown as Row | undefined
      if (!row) return undefined
      const verdict = await verifyAuthenticationResponse({
        response: response as AuthenticationResponseJSON,
        expectedChallenge: asked(undefined),
        expectedOrigin: origin,
        expectedRPID: named(origin),
        credential: credentialOf(row),
        requireUserVerification: true,
      }).catch(() => undefined)
      if (!verdict?.verified) return undefined
      used.run(verdict.authenticationInfo.newCounter, instant(), row.id)
      return row.sub
    },
    remove: (sub, id) => {
      remove.run(id, sub)
    },
  }
}
