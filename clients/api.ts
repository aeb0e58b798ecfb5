/** The typed client: made from the contracts, so it cannot ask for what the server does not offer. */
import { areas } from '../contracts/index.ts'
import { type Answered, type Area, type BodyInput, fillPath, type QueryInput, type Route } from '../contracts/route.ts'
import type { FieldError, Kind, Problem } from '../contracts/problems.ts'
import { sha256Hex } from '../domain/hash.ts'
import type { z } from 'zod'

/** The server answered with a problem (RFC 9457), or could not be reached (`kind` is then `unreachable`). */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly kind: Kind | 'unreachable'
  readonly status: number
  readonly problem: Partial<Problem>
  readonly errors: FieldError[]
  constructor(problem: Partial<Problem> & { detail: string }, kind: Kind | 'unreachable', options?: ErrorOptions) {
    super(problem.detail, options)
    this.kind = kind
    this.status = problem.status ?? 0
    this.problem = problem
    this.errors = problem.errors ?? []
  }
}

type ParamsInput<R extends Route> = R['params'] extends z.ZodObject
  ? { [K in keyof z.input<R['params']>]: string | number }
  : undefined
type Optional<T, K extends string> = undefined extends T
  ? { [P in K]?: undefined }
  : object extends T
    ? { [P in K]?: T }
    : { [P in K]: T }
type Input<R extends Route> = Optional<ParamsInput<R>, 'params'> &
  Optional<QueryInput<R>, 'query'> &
  Optional<BodyInput<R>, 'body'> & {
    signal?: AbortSignal
    /** More headers, such as `idempotency-key`. */
    headers?: Record<string, string>
  }
type Call<R extends Route> =
  object extends Input<R> ? (input?: Input<R>) => Promise<Answered<R>> : (input: Input<R>) => Promise<Answered<R>>
/** Routes that answer piece by piece are read with clients/events.ts, or as any download. */
type AreaClient<A extends Area> = {
  [N in keyof A['routes'] as A['routes'][N] extends { stream: string } ? never : N]: Call<A['routes'][N]>
}
export type Client = { [N in keyof typeof areas]: AreaClient<(typeof areas)[N]> }

export interface ClientOptions {
  /** Origin of the installation without a trailing slash; '' means the page's own. */
  baseUrl: string
  /** A bearer token, or undefined for routes that need none. Asked before each request. */
  token: () => string | undefined | Promise<string | undefined>
  fetch?: typeof fetch
  /** Where keys of requests are kept whose answer has not come: this client's memory when it is not said. */
  unanswered?: Unanswered
  /** How often a request that starts something is sent again when no answer comes: not at all when it is not said. */
  tries?: number
}

/**
 * Keys of requests that start something, by what they ask for, until an answer comes: whoever asks for the same again
 * sends the same `Idempotency-Key`, and is answered what the first one started.
 */
export interface Unanswered {
  get(what: string): string | undefined | Promise<string | undefined>
  set(what: string, key: string): unknown
  delete(what: string): unknown
}

/** What any route may be called with. */
interface Anything {
  params?: Record<string, string | number>
  query?: Record<string, unknown>
  body?: unknown
  signal?: AbortSignal
  headers?: Record<string, string>
}

/**
 * What an answer that is no success says.
 *
 * @param status HTTP status.
 * @param text The body, a problem as RFC 9457 has it or anything else.
 */
export function problemOf(status: number, text: string): ProblemError {
  let problem: Partial<Problem> = {}
  try {
    problem = (JSON.parse(text) as Partial<Problem>) ?? {}
  } catch {
    /* not ours */
  }
  // API Gateway words its authorizer's refusal itself: 403 without a problem.
  if (problem.kind === undefined && [401, 403].includes(status))
    return new ProblemError(
      { status: 401, detail: 'Your session has ended or the token is not valid. Sign in again.' },
      'sign-in-required',
    )
  return new ProblemError(
    { ...problem, status, detail: problem.detail ?? `The server answered ${status}.` },
    problem.kind ?? 'internal',
  )
}

/**
 * Address of a route with its parameters filled in; what is undefined is left out of the query.
 *
 * @param baseUrl Origin without a trailing slash.
 * @throws {Error} when a parameter of the path is missing.
 */
export function urlOf(
  baseUrl: string,
  path: string,
  { params = {}, query = {} }: Pick<Anything, 'params' | 'query'>,
): string {
  const words = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)])
  const search = new URLSearchParams(words)
  return `${baseUrl}${fillPath(path, params)}${search.size ? `?${search}` : ''}`
}

/** Waits before a request is sent again, in milliseconds: a host that starts anew is back within seconds. */
const waits = [500, 1000, 2000, 4000]

/** Of a request without an answer: it may have been done. */
const isUnanswered = (e: unknown): boolean => e instanceof ProblemError && (e.kind === 'unreachable' || e.status >= 500)

/** Sends a request that starts something under a key, the same for as long as no answer comes. */
async function callOnce(
  options: ClientOptions & { unanswered: Unanswered },
  route: Route,
  input: Anything,
): Promise<unknown> {
  const { unanswered, tries = 0 } = options
  const url = urlOf(options.baseUrl, route.path, input)
  const what = await sha256Hex(JSON.stringify([route.method, url, input.body]))
  const key = input.headers?.['idempotency-key'] ?? (await unanswered.get(what)) ?? crypto.randomUUID()
  await unanswered.set(what, key)
  const keyed = { ...input, headers: { ...input.headers, 'idempotency-key': key } }
  for (let tried = 0; ; tried++) {
    try {
      const answer = await call(options, route, keyed)
      await unanswered.delete(what)
      return answer
    } catch (e) {
      if (!isUnanswered(e)) await unanswered.delete(what)
      if (!isUnanswered(e) || tried >= tries || input.signal?.aborted) throw e
      await new Promise((resolve) => setTimeout(resolve, waits[tried] ?? waits.at(-1)))
    }
  }
}

async function call(options: ClientOptions, route: Route, input: Anything): Promise<unknown> {
  const url = urlOf(options.baseUrl, route.path, input)
  const token = route.access.kind === 'anyone' ? undefined : await options.token()
  let response: Response
  try {
    response = await (options.fetch ?? fetch)(url, {
      method: route.method,
      ...(input.signal ? { signal: input.signal } : {}),
      headers: {
        accept: 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(route.body ? { 'content-type': 'application/json' } : {}),
        ...input.headers,
      },
      ...(route.body ? { body: JSON.stringify(input.body) } : {}),
    })
  } catch (cause) {
    if (input.signal?.aborted) throw cause
    throw new ProblemError(
      { detail: 'The server cannot be reached. Check the connection and try again.' },
      'unreachable',
      { cause },
    )
  }
  if (response.status === 204) return undefined
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  if (response.ok) return route.response.parse(json)
  throw problemOf(response.status, text)
}

/**
 * A client with one function per route: `client.studies.create({ params, body })`. Answers are parsed with the
 * contract.
 *
 * Routes that start something are sent with an `Idempotency-Key`, unless one is given: asking for the same again after
 * an answer was lost finds what the first request started.
 *
 * Each function rejects with `ProblemError` when the server refuses or is not reached, with the reason of `signal` when
 * that fires, and with a `ZodError` when an answer does not fit the contract.
 */
export function createClient(options: ClientOptions): Client {
  const remembering = { unanswered: new Map<string, string>(), ...options }
  const send = (route: Route, input: Anything): Promise<unknown> =>
    route.starts ? callOnce(remembering, route, input) : call(options, route, input)
  const functionsOf = ({ routes }: Area): object =>
    Object.fromEntries(
      Object.entries(routes).map(([name, route]) => [name, (input: Anything = {}) => send(route, input)]),
    )
  return Object.fromEntries(
    Object.values(areas as Record<string, Area>).map((area) => [area.name, functionsOf(area)]),
  ) as unknown as Client
}
