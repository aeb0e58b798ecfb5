/** login, whoami, logout. */
import { scopeMeaning, type Scope, scopes } from '../../domain/access/permissions.ts'
import { ProblemError } from '../api.ts'
import { credentialFor, credentialsFile, forget } from './config.ts'
import { CliError, exits, show, tame } from './io.ts'
import { connect, type Session, signIn } from './session.ts'
import { type Command, text } from './command.ts'

function scopesOf(text: string | undefined): Scope[] {
  if (text === undefined) return [...scopes]
  const wanted = text
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)
  const unknown = wanted.find((s) => !(scopes as readonly string[]).includes(s))
  if (unknown !== undefined || wanted.length === 0)
    throw new CliError(
      exits.usage,
      `There is no scope "${tame(unknown ?? '')}".`,
      `Scopes:\n${scopes.map((s) => `  ${s.padEnd(14)} ${scopeMeaning[s]}`).join('\n')}`,
    )
  return wanted as Scope[]
}

async function greeting({ client }: Session): Promise<{
  name: string
  email: string
  memberships: { organisationId: string; organisation: string; roles: string[] }[]
  expires: string | undefined
}> {
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
const sentence = (server: string, me: Awaited<ReturnType<typeof greeting>>): string =>
  [
    `${tame(me.name || me.email)} at ${server}${me.expires ? `, token until ${me.expires.slice(0, 10)}` : ''}`,
    ...me.memberships.map((m) => `  ${m.organisationId}  ${tame(m.organisation)} (${m.roles.join(', ')})`),
  ].join('\n')

export const login: Command = {
  usage: 'login [--scopes LIST]',
  summary: 'Sign this computer in: prints a link and a code, waits, stores a token only you can read',
  options: { scopes: { type: 'string' } },
  async run(call) {
    const { io } = call
    const session = await connect(io, text(call, 'server'), false)
    await signIn(session, scopesOf(text(call, 'scopes')))
    const me = await greeting(session)
    show(
      io,
      { server: session.server, ...me },
      () => `Signed in: ${sentence(session.server, me)}\nThe token is in ${credentialsFile(io)}`,
    )
  },
}

export const whoami: Command = {
  usage: 'whoami',
  summary: 'Who the server takes you for',
  options: {},
  async run(call) {
    const { io } = call
    const session = await connect(io, text(call, 'server'))
    const me = await greeting(session)
    show(io, { server: session.server, ...me }, () => sentence(session.server, me))
  },
}

export const logout: Command = {
  usage: 'logout',
  summary: 'Revoke this computer’s token and forget it',
  options: {},
  async run(call) {
    const { io } = call
    const session = await connect(io, text(call, 'server'), false)
    const credential = await credentialFor(io, session.server)
    if (!credential) {
      show(io, { server: session.server, revoked: false }, () => `Not signed in at ${session.server}; nothing to do.`)
      return
    }
    let revoked = true
    try {
      await session.client.access.revokeToken({ params: { tokenId: credential.tokenId } })
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e
      // Already revoked or expired: then there is nothing left to revoke.
      revoked = e.kind === 'not-found' || e.kind === 'sign-in-required'
    }
    await forget(io, session.server)
    show(io, { server: session.server, revoked }, () =>
      revoked
        ? `Signed out of ${session.server}.`
        : `Forgotten here, but ${session.server} did not revoke the token. Revoke it in the portal under Settings, Access tokens.`,
    )
  },
}
