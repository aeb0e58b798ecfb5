/** login, whoami, logout. */
import { scopeMeaning, type Scope, scopes } from '../../domain/access/permissions.ts'
import { ProblemError } from '../api.ts'
import { type Command, defineCommand } from './command.ts'
import { credentialFor, credentialsFile, forget } from './config.ts'
import { CliError, exits, show } from './io.ts'
import { connect, type Session, signIn } from './session.ts'
import { day, tame } from './text.ts'
import { listed } from './values.ts'

/** Scopes of a list with commas; all of them when there is no list. */
function scopesOf(list: string | undefined): Scope[] {
  if (list === undefined) return [...scopes]
  const wanted = listed(list)
  const unknown = wanted.find((scope) => !(scopes as readonly string[]).includes(scope))
  if (unknown !== undefined || wanted.length === 0)
    throw new CliError(
      exits.usage,
      `There is no scope "${tame(unknown ?? '')}".`,
      `Scopes:\n${scopes.map((scope) => `  ${scope.padEnd(14)} ${scopeMeaning[scope]}`).join('\n')}`,
    )
  return wanted as Scope[]
}

/** Who somebody is, as the command line shows it. */
interface Greeting {
  name: string
  email: string
  memberships: { organisationId: string; organisation: string; roles: string[] }[]
  expires: string | undefined
}

async function greeting({ client }: Session): Promise<Greeting> {
  const me = await client.access.me()
  return {
    name: me.name,
    email: me.email,
    memberships: me.memberships.map(({ organisationId, organisation, roles }) => ({
      organisationId,
      organisation,
      roles,
    })),
    expires: me.token?.expires,
  }
}

const sentence = (server: string, me: Greeting): string =>
  [
    `${tame(me.name || me.email)} at ${server}${me.expires ? `, token until ${day(me.expires)}` : ''}`,
    ...me.memberships.map((m) => `  ${m.organisationId}  ${tame(m.organisation)} (${m.roles.join(', ')})`),
  ].join('\n')

const login = defineCommand({
  name: 'login',
  usage: 'login [--scopes LIST]',
  summary: 'Sign this computer in: prints a link and a code, waits, stores a token only you can read',
  options: {
    scopes: { type: 'string', value: 'LIST', help: 'what the token may do, with commas between; everything without' },
  },
  examples: ['cloister login', 'cloister login --scopes studies:read'],
  async run({ io, options }) {
    const session = await connect(io, options.server, false)
    await signIn(session, scopesOf(options.scopes))
    const me = await greeting(session)
    show(
      io,
      { server: session.server, ...me },
      () => `Signed in: ${sentence(session.server, me)}\nThe token is in ${credentialsFile(io)}`,
    )
  },
})

const whoami = defineCommand({
  name: 'whoami',
  usage: 'whoami',
  summary: 'Who the server takes you for',
  options: {},
  async run({ io, options }) {
    const session = await connect(io, options.server)
    const me = await greeting(session)
    show(io, { server: session.server, ...me }, () => sentence(session.server, me))
  },
})

/** Revokes a token; whether it can be used no more. */
async function revoke({ client }: Session, tokenId: string): Promise<boolean> {
  try {
    await client.access.revokeToken({ params: { tokenId } })
    return true
  } catch (e) {
    if (!(e instanceof ProblemError)) throw e
    // Already revoked or expired: then there is nothing left to revoke.
    return e.kind === 'not-found' || e.kind === 'sign-in-required'
  }
}

const logout = defineCommand({
  name: 'logout',
  usage: 'logout',
  summary: 'Revoke this computer’s token and forget it',
  options: {},
  async run({ io, options }) {
    const session = await connect(io, options.server, false)
    const { server } = session
    const credential = await credentialFor(io, server)
    if (!credential) {
      show(io, { server, revoked: false }, () => `Not signed in at ${server}; nothing to do.`)
      return
    }
    const revoked = await revoke(session, credential.tokenId)
    await forget(io, server)
    show(io, { server, revoked }, () =>
      revoked
        ? `Signed out of ${server}.`
        : `Forgotten here, but ${server} did not revoke the token. Revoke it in the portal under Settings, Access tokens.`,
    )
  },
})

export const people: readonly Command[] = [login, whoami, logout]
