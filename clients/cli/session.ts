/** Who the command line is to the server: its client, and signing in by device code. */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Scope, scopes as allScopes } from '../../domain/access/permissions.ts'
import { type Client, createClient, ProblemError } from '../api.ts'
import { remember, serverOf, tokenFor, unansweredIn } from './config.ts'
import { CliError, exits, type Io } from './io.ts'
import { count, tame } from './text.ts'

/** A server that is away is asked no longer than this; a code works ten minutes. */
const patienceMilliseconds = 15 * 60_000

/** A server, as whom one speaks to it, and where what it says is shown. */
export interface Session {
  io: Io
  /** Its origin, without a trailing slash. */
  server: string
  client: Client
}

/**
 * A client for the chosen server.
 *
 * @param server What `--server` says.
 * @param signedIn Whether to refuse at once when there is no token.
 * @throws {CliError} without a token, or for an address that no token may be sent to.
 */
export async function connect(io: Io, server: string | undefined, signedIn = true): Promise<Session> {
  const origin = await serverOf(io, server)
  if (signedIn && !(await tokenFor(io, origin)))
    throw new CliError(exits.signIn, `Not signed in at ${origin}.`, 'Run "cloister login", or set CLOISTER_TOKEN.')
  return {
    io,
    server: origin,
    client: createClient({
      baseUrl: origin,
      token: () => tokenFor(io, origin),
      tries: 3,
      unanswered: unansweredIn(io),
    }),
  }
}

/**
 * Device sign-in (the device authorisation grant of RFC 8628): prints link and code, waits for approval, stores the
 * token.
 *
 * @throws {CliError} when nobody approves it before the code expires, or CLOISTER_TOKEN is set.
 */
export async function signIn({ io, server, client }: Session, scopes: readonly Scope[] = allScopes): Promise<void> {
  if (io.env['CLOISTER_TOKEN'])
    throw new CliError(
      exits.signIn,
      'CLOISTER_TOKEN is set, and would be used instead of a new sign-in.',
      'Unset it, or put a newer token into it.',
    )
  const asked = await client.access.startDevice({
    body: { name: `cloister on ${hostname()}`.slice(0, 120), scopes: [...scopes] },
  })
  io.note(
    `Open this page and approve the sign-in:\n\n  ${tame(asked.verify)}\n\nCheck that the page shows this code:  ${tame(asked.userCode)}\n`,
  )
  io.progress('Waiting for approval …')
  // Whether the code still works the server says: its clock is not ours.
  for (const until = performance.now() + patienceMilliseconds; performance.now() < until;) {
    await sleep(Math.max(1, asked.interval) * 1000, undefined, { signal: io.signal })
    try {
      const token = await client.access.pollDevice({
        body: { userCode: asked.userCode, deviceSecret: asked.deviceSecret },
      })
      await remember(io, server, { token: token.secret, tokenId: token.tokenId, expires: token.expires })
      return
    } catch (e) {
      if (e instanceof ProblemError && e.kind === 'device-expired') break
      if (!(e instanceof ProblemError) || !['device-pending', 'unreachable'].includes(e.kind)) throw e
    }
  }
  throw new CliError(exits.signIn, 'Nobody approved the sign-in in time.', 'Run "cloister login" again.')
}

/**
 * The organisation that is meant: by id or name, or the only one.
 *
 * @throws {CliError} when there is none of that name, or more than one to choose from.
 */
export async function organisationOf(
  { client }: Session,
  wanted: string | undefined,
): Promise<{ organisationId: string; organisation: string }> {
  const { memberships } = await client.access.me()
  const isMeant = (one: (typeof memberships)[number]): boolean =>
    wanted === undefined || one.organisationId === wanted || one.organisation.toLowerCase() === wanted.toLowerCase()
  const found = memberships.filter(isMeant)
  if (found.length === 1) return found[0]!
  const names = memberships.map((m) => `  ${m.organisationId}  ${tame(m.organisation)}`).join('\n')
  if (memberships.length === 0)
    throw new CliError(exits.refused, 'You do not belong to an organisation.', 'Ask an admin for an invitation.')
  if (found.length === 0)
    throw new CliError(
      exits.usage,
      `You do not belong to an organisation "${tame(wanted ?? '')}".`,
      `Yours are:\n${names}`,
    )
  throw new CliError(
    exits.usage,
    `You belong to ${count(memberships.length, 'organisation')}; say which with --org.`,
    names,
  )
}

/**
 * All items of a list, page by page.
 *
 * @param fetchPage Answers a page that begins after the cursor, and the next cursor unless it is the last.
 * @throws What `fetchPage` throws.
 */
export async function everything<T>(
  fetchPage: (after: string | undefined) => Promise<{ items: T[]; next?: string | undefined }>,
): Promise<T[]> {
  const all: T[] = []
  for (let after: string | undefined; ;) {
    const { items, next } = await fetchPage(after)
    all.push(...items)
    if (next === undefined) return all
    after = next
  }
}

/**
 * Signs in and finds the organisation that a command is about.
 *
 * @throws {CliError} as `connect` and `organisationOf` do.
 */
export async function organisationMeant({
  io,
  options,
}: {
  io: Io
  options: { readonly server?: string | undefined; readonly org?: string | undefined }
}): Promise<{ session: Session; organisationId: string; organisation: string }> {
  const session = await connect(io, options.server)
  return { session, ...(await organisationOf(session, options.org)) }
}
