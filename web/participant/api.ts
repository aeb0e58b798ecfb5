/**
 * The few requests that the participant page makes. No client library: the page weighs little, and the contracts' types
 * hold it to the routes.
 */
import type { Problem } from '../../contracts/problems.ts'
import type { access } from '../../contracts/access.ts'
import type { runs } from '../../contracts/runs.ts'
import type { Answered, BodyInput } from '../../contracts/route.ts'

type Runs = (typeof runs)['routes']
type Path<N extends keyof Runs> = Runs[N]['path']
export type Participation = Answered<Runs['participation']>
export type Started = Answered<Runs['start']>
export type Standing = Answered<Runs['standing']>
export type Chunk = BodyInput<Runs['append']>
export type SignIn = Answered<(typeof access)['routes']['signInSettings']>

/**
 * No usable answer: offline, a timeout, a gateway's error, too many requests, or a fault on the server's side. Trying
 * again later is right.
 */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/** The server understood and refused. */
export class Refused extends Error {
  override name = 'Refused'
  readonly kind: string
  readonly status: number
  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `The server answered ${status}`)
    this.kind = problem.kind ?? 'unknown'
    this.status = status
  }
}

interface Ask {
  token?: string | undefined
  body?: unknown
  keepalive?: boolean
  signal?: AbortSignal | undefined
  seconds?: number
}

/** An answer later than this is given up; what is asked again is answered the same. */
const patienceSeconds = 20

async function ask<T>(
  method: 'GET' | 'POST',
  path: string,
  { token, body, keepalive, signal, seconds = patienceSeconds }: Ask = {},
): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), seconds * 1000)
  const stop = (): void => late.abort()
  signal?.addEventListener('abort', stop, { once: true })
  let response: Response
  let text: string
  try {
    response = await fetch(path, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      signal: late.signal,
      keepalive,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    text = await response.text()
  } catch {
    throw new Unreachable('The server cannot be reached')
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Unreachable(`Not an answer of this server (${response.status})`)
  }
  if (response.ok) return json as T
  const problem = json as Partial<Problem>
  // A refusal has a kind; without one, something on the way answered (a proxy, a firewall, a sign-in page of a hotel).
  if (response.status >= 500 || response.status === 429 || typeof problem.kind !== 'string')
    throw new Unreachable(`The server answered ${response.status}`)
  throw new Refused(response.status, problem)
}

const fill = (path: string, value: string): string => path.replace(/\{\w+\}/, encodeURIComponent(value))
const paths: { [N in 'participation' | 'start' | 'append' | 'standing' | 'uploads' | 'withdraw']: Path<N> } = {
  participation: '/api/participate/{code}',
  start: '/api/participate/{code}/runs',
  append: '/api/runs/{runId}/records',
  standing: '/api/runs/{runId}/records',
  uploads: '/api/runs/{runId}/objects',
  withdraw: '/api/withdraw',
}
const settingsPath: (typeof access)['routes']['signInSettings']['path'] = '/api/sign-in'

/** The server's settings, among them where studies are. Like all below, rejects with `Unreachable` or `Refused`. */
export const settings = (): Promise<SignIn> => ask('GET', settingsPath)
/** What a link leads to. `nonce`: that of a run of this browser, which a used single link still answers. */
export const participation = (code: string, nonce?: string): Promise<Participation> =>
  ask('GET', fill(paths.participation, code) + (nonce ? `?nonce=${encodeURIComponent(nonce)}` : ''))
/** Starts the run of a nonce; the same nonce again answers the same run. */
export const start = (code: string, body: BodyInput<Runs['start']>): Promise<Started> =>
  ask('POST', fill(paths.start, code), { body })
/** Sends records that follow one another; what the server has of the run afterwards. A repeat changes nothing. */
export const append = (
  runId: string,
  token: string,
  body: Chunk,
  more: Pick<Ask, 'keepalive' | 'signal'> = {},
): Promise<Standing> => ask('POST', fill(paths.append, runId), { token, body, ...more })
/** What the server has of a run, counted exactly. */
export const standing = (runId: string, token: string, signal?: AbortSignal): Promise<Standing> =>
  ask('GET', fill(paths.standing, runId), { token, signal })
/** Takes a run back by the two codes of its receipt. */
export const withdraw = (body: BodyInput<Runs['withdraw']>): Promise<Answered<Runs['withdraw']>> =>
  ask('POST', paths.withdraw, { body })

/** Puts a sealed object into the store by a signed link, unless it is there already. */
export async function upload(
  runId: string,
  token: string,
  object: { sha256: string; size: number },
  bytes: Blob,
  signal?: AbortSignal,
): Promise<void> {
  const { present, upload: link } = await ask<Answered<Runs['uploads']>>('POST', fill(paths.uploads, runId), {
    token,
    body: object,
    signal,
  })
  if (present || !link) return
  let answer: Response
  try {
    answer = await fetch(link.url, {
      method: link.method,
      headers: link.headers,
      body: bytes,
      signal,
    })
  } catch {
    throw new Unreachable('The object store cannot be reached')
  }
  if (!answer.ok) throw new Unreachable(`The object store answered ${answer.status}`)
}

/** A version's configuration, from the study origin where its files lie. */
export async function configurationOf(studyOrigin: string, contentHash: string): Promise<Record<string, unknown>> {
  try {
    const answer = await fetch(`${studyOrigin}/s/${contentHash}/.cloister/version.json`, {
      credentials: 'omit',
      signal: AbortSignal.timeout(patienceSeconds * 1000),
    })
    if (answer.ok) return ((await answer.json()) as { configuration: Record<string, unknown> }).configuration
  } catch {
    /* Falls through: whatever it was, trying again is right. */
  }
  throw new Unreachable('The study’s files cannot be reached')
}
