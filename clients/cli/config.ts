/** What the command line remembers: tokens by server (0600) and the last audit heads that it verified. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Unanswered } from '../api.ts'
import { CliError, exits, type Io } from './io.ts'

interface Credential {
  /** The secret itself. */
  token: string
  tokenId: string
  expires: string
}
interface Credentials {
  current?: string
  servers: Record<string, Credential>
}
/** The last event of a chain that was verified here. */
export interface VerifiedHead {
  seq: number
  /** SHA-256 of the event, in hex. */
  hash: string
  at: string
}
/** By server, then by organisation. */
type Heads = Record<string, Record<string, VerifiedHead>>

const under = (io: Io, variable: string, fallback: string): string =>
  join(io.env[variable] || join(io.env['HOME'] ?? homedir(), fallback), 'cloister')
/** Where the tokens are kept: below XDG_CONFIG_HOME, or `.config` in the home directory. */
export const credentialsFile = (io: Io): string => join(under(io, 'XDG_CONFIG_HOME', '.config'), 'credentials.json')
const unansweredFile = (io: Io): string => join(under(io, 'XDG_STATE_HOME', join('.local', 'state')), 'unanswered.json')
const headsFile = (io: Io): string => join(under(io, 'XDG_STATE_HOME', join('.local', 'state')), 'audit-heads.json')

/**
 * A file's JSON, or `empty` when it is not there.
 *
 * @throws {CliError} when it cannot be read or is not JSON.
 */
async function read<T>(file: string, empty: T): Promise<T> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return empty
    throw new CliError(exits.usage, `${file} cannot be read.`, 'Check its owner and permissions.')
  }
  try {
    return JSON.parse(text) as T
  } catch {
    throw new CliError(exits.usage, `${file} is not JSON.`, 'Move it away and run "cloister login" again.')
  }
}

/** Writes a file that only its owner can read, whole or not at all. */
async function write(file: string, value: unknown): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
  const next = `${file}.${process.pid}`
  await writeFile(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await chmod(next, 0o600)
  await rename(next, file)
}

/**
 * Keys of requests whose answer never came, so that the same command, given again, finds what the first one started.
 * Where nothing can be kept they live as long as the command.
 */
export function unansweredIn(io: Io): Unanswered {
  const file = unansweredFile(io)
  const kept = (): Promise<Record<string, string>> => read<Record<string, string>>(file, {}).catch(() => ({}))
  const keep = (keys: Record<string, string>): Promise<void> => write(file, keys).catch(() => undefined)
  return {
    get: async (what) => (await kept())[what],
    set: async (what, key) => keep({ ...(await kept()), [what]: key }),
    delete: async (what) => {
      const { [what]: _, ...others } = await kept()
      await keep(others)
    },
  }
}

const credentials = (io: Io): Promise<Credentials> => read<Credentials>(credentialsFile(io), { servers: {} })

/**
 * The server's origin, from `--server`, CLOISTER_SERVER, the last sign-in, or this laptop's. Tokens travel over https
 * only, except to this machine.
 *
 * @throws {CliError} for what is no address, and for http to another machine.
 */
export async function serverOf(io: Io, given: string | undefined): Promise<string> {
  const text = given ?? io.env['CLOISTER_SERVER'] ?? (await credentials(io)).current ?? 'http://127.0.0.1:4280'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new CliError(
      exits.usage,
      `"${text}" is not the address of a server.`,
      'Give it as https://cloister.example.org',
    )
  }
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    throw new CliError(
      exits.usage,
      `${url.origin} is not https: a token sent there could be read on the way.`,
      'Use the https address of the server.',
    )
  return url.origin
}

/**
 * The token for a server: CLOISTER_TOKEN, else the remembered one.
 *
 * @throws {CliError} when what is remembered cannot be read.
 */
export const tokenFor = async (io: Io, server: string): Promise<string | undefined> =>
  io.env['CLOISTER_TOKEN'] || (await credentials(io)).servers[server]?.token

/**
 * The remembered token for a server, with its id and expiry.
 *
 * @throws {CliError} when what is remembered cannot be read.
 */
export const credentialFor = async (io: Io, server: string): Promise<Credential | undefined> =>
  (await credentials(io)).servers[server]

/**
 * Keeps a server's token in place of an older one; the server is then the usual one.
 *
 * @throws {CliError} when what is remembered cannot be read.
 */
export async function remember(io: Io, server: string, credential: Credential): Promise<void> {
  const all = await credentials(io)
  await write(credentialsFile(io), { current: server, servers: { ...all.servers, [server]: credential } })
}

/**
 * Drops a server's token; no server is the usual one afterwards.
 *
 * @throws {CliError} when what is remembered cannot be read.
 */
export async function forget(io: Io, server: string): Promise<void> {
  const { [server]: _, ...servers } = (await credentials(io)).servers
  await write(credentialsFile(io), { servers })
}

/**
 * The newest event of an organisation's audit chain that was found right here.
 *
 * @throws {CliError} when what is remembered cannot be read.
 */
export const verifiedHead = async (io: Io, server: string, organisationId: string): Promise<VerifiedHead | undefined> =>
  (await read<Heads>(headsFile(io), {}))[server]?.[organisationId]

/**
 * Keeps what was verified, for the next time: a chain that does not continue it was rewritten.
 *
 * @throws {CliError} when what is remembered cannot be read.
 */
export async function rememberHead(io: Io, server: string, organisationId: string, head: VerifiedHead): Promise<void> {
  const all = await read<Heads>(headsFile(io), {})
  await write(headsFile(io), { ...all, [server]: { ...all[server], [organisationId]: head } })
}
