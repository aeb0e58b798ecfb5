/** What API Gateway does in AWS: finds the route, asks the authorizer, calls the function with a payload-2.0 event. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Context } from 'aws-lambda'
import { allRoutes, type NamedRoute } from '../contracts/index.ts'
import { routeKey } from '../contracts/route.ts'
import type { AuthorizerContext } from '../functions/kernel/caller.ts'
import type { Deps } from '../functions/kernel/deps.ts'
import { type Event, type LambdaHandler, problem, type Result } from '../functions/kernel/handler.ts'
import { networkOf } from '../functions/kernel/address.ts'
import { addressOf } from './asked.ts'
import type { Doing } from './last-words.ts'
import { fairPlaces } from './places.ts'
import { Gone, type HttpAnswer, readBody, segments, TooLarge } from './http.ts'

export type Authorizer = (
  event: AuthorizerEvent,
) => Promise<{ isAuthorized: boolean; context?: Partial<AuthorizerContext> }>
export type AuthorizerEvent = Omit<Event, 'body' | 'isBase64Encoded'> & {
  type: 'REQUEST'
  routeArn: string
  identitySource: string[]
}
export interface ApiParts {
  handlers: ReadonlyMap<string, LambdaHandler>
  authorizer: Authorizer
  log: Deps['log']
  doing: Doing
}

export interface Target {
  named: NamedRoute
  key: string
  parts: { text: string; name: string | undefined }[]
  limit: number
  handler: LambdaHandler
  open: boolean
}
/** API Gateway gives up on a function after this long. */
const functionMilliseconds = 29_000

/** Requests at work. What waits longer would end at the functions' limit, after others that wait behind it. */
const megabyte = 1024 * 1024
const requestPlaces = {
  atOnce: 256,
  perCaller: 16,
  mostWaiting: 200,
  mostWaitingBytes: { perCaller: 16 * megabyte, inAll: 128 * megabyte },
  patienceMilliseconds: 8000,
}
/** Listeners do nothing most of the time. */
const streamPlaces = {
  atOnce: 2000,
  perCaller: 64,
  mostWaiting: 0,
  mostWaitingBytes: { perCaller: 0, inAll: 0 },
  patienceMilliseconds: 0,
}

/**
 * Finds the routes that a path (decoded segments) fits. Every route needs its function: a missing one is an error here,
 * at the start.
 */
export function createRouter(handlers: ReadonlyMap<string, LambdaHandler>): (path: readonly string[]) => Target[] {
  const byLength = new Map<number, Target[]>()
  for (const named of allRoutes) {
    const handler = handlers.get(`${named.area}/${named.route.function}`)
    if (!handler)
      throw new Error(`The route ${routeKey(named.route)} has no function ${named.area}/${named.route.function}`)
    const parts = named.route.path
      .split('/')
      .slice(1)
      .map((text) => ({ text, name: /^\{(\w+)\}$/.exec(text)?.[1] }))
    const target: Target = {
      named,
      key: routeKey(named.route),
      parts,
      handler,
      limit: named.route.maxBody ?? 1024 * 1024,
      open: ['anyone', 'run-token'].includes(named.route.access.kind),
    }
    // What is written out wins over a parameter, as in API Gateway.
    byLength.set(
      parts.length,
      [...(byLength.get(parts.length) ?? []), target].sort((a, b) => literals(b) - literals(a)),
    )
  }
  return (path) =>
    (byLength.get(path.length) ?? []).filter((t) =>
      t.parts.every((p, i) => (p.name === undefined ? p.text === path[i] : path[i] !== '')),
    )
}

/** Answers requests below /api. `gone` fires when nobody waits for the answer any more. */
export function createApi({
  handlers,
  authorizer,
  log,
  doing,
}: ApiParts): (request: IncomingMessage, path: string, search: string, gone: AbortSignal) => Promise<HttpAnswer> {
  const matching = createRouter(handlers)
  const requests = fairPlaces(requestPlaces)
  const streams = fairPlaces(streamPlaces)
  const runTokens = knownTokens()
  /** What the function answers; that there was no place for it, or that it took too long. */
  const atWork = async (
    { named, key, handler }: Target,
    event: Event,
    caller: string,
    gone: AbortSignal,
  ): Promise<Result | keyof typeof tooMuch> => {
    const isStream = named.route.stream !== undefined
    const leave = await (isStream ? streams : requests).enter(caller, event.body?.length)
    if (!leave) return 'busy'
    const over = doing(key)
    const work = handler(event, { signal: gone } as Partial<Context> as Context).finally(() => {
      over()
      if (!isStream || gone.aborted) leave()
      else gone.addEventListener('abort', leave, { once: true })
    })
    return (await inTime(work)) ?? 'timeout'
  }

  return async (request, path, search, gone) => {
    const requestId = randomUUID()
    const refuse = (...a: [kind: Parameters<typeof problem>[0], detail: string]): HttpAnswer =>
      answerOf(problem(a[0], a[1], requestId))
    const parts = segments(path)
    if (!parts) return refuse('invalid-request', 'The path is not well formed.')
    const candidates = matching(parts)
    const method = methodOf(request)
    const found = candidates.find((t) => t.named.route.method === method)
    if (!found) {
      const others = [...new Set(candidates.map((t) => t.named.route.method))].join(', ')
      return others
        ? {
            ...refuse('not-found', `There is no ${method} here, only ${others}. The reference is at /docs.`),
            headers: { ...answerOf(problem('not-found', '', requestId)).headers, allow: others },
          }
        : refuse('not-found', 'There is no such route. The reference is at /docs.')
    }
    const event = eventOf(received(request, path, search), found, parts, requestId)
    try {
      let context: Partial<AuthorizerContext> | undefined
      if (!found.open) {
        const credential = request.headers.authorization
        const verdict = credential
          ? await authorizer({
              ...event,
              type: 'REQUEST',
              routeArn: `local/${found.key}`,
              identitySource: [credential],
            })
          : { isAuthorized: false }
        if (!verdict.isAuthorized)
          return refuse('sign-in-required', 'Your session has ended or the token is not valid. Sign in again.')
        context = 'context' in verdict ? verdict.context : undefined
      }
      const body = method === 'GET' || method === 'DELETE' ? undefined : await readBody(request, found.limit)
      const text = isText(request.headers['content-type'])
      const whole: Event = {
        ...event,
        body: body?.toString(text ? 'utf8' : 'base64'),
        isBase64Encoded: body !== undefined && !text,
        requestContext: { ...event.requestContext, authorizer: { lambda: context } },
      }
      const result = await atWork(found, whole, callerOf(request, context, runTokens), gone)
      if (typeof result !== 'string') {
        if (found.named.route.access.kind === 'run-token' && isDone(result)) runTokens.add(tokenOf(request))
        return answerOf(result)
      }
      log(result, { route: found.key, requestId })
      return busy(refuse('busy', tooMuch[result]))
    } catch (e) {
      if (e instanceof TooLarge) return refuse('payload-too-large', `At most ${found.limit} bytes are taken here.`)
      if (e instanceof Gone) return refuse('invalid-request', 'The request did not arrive whole.')
      log('error', { route: found.key, error: e instanceof Error ? e.name : typeof e, requestId })
      return refuse(
        'internal',
        'This is our fault, not yours; nothing that was acknowledged is lost. Try again; if it stays, quote the request id.',
      )
    }
  }
}

/**
 * Whose place a request takes: a person's, a participant's run's, or, of those who say neither, that of the address
 * they come from. A run's token is believed once a function has done something by it: anybody can make one up.
 */
function callerOf(
  request: IncomingMessage,
  context: Partial<AuthorizerContext> | undefined,
  runTokens: KnownTokens,
): string {
  if (context?.userId) return `person ${context.userId}`
  const token = tokenOf(request)
  return runTokens.has(token) ? `run ${token}` : `address ${networkOf(addressOf(request))}`
}
const tokenOf = ({ headers }: IncomingMessage): string =>
  /^bearer ([\w-]{43})$/i.exec(headers.authorization ?? '')?.[1] ?? ''
const isDone = ({ statusCode = 200 }: Result): boolean => statusCode < 300

interface KnownTokens {
  has(token: string): boolean
  add(token: string): void
}
/** More runs than are at work at once; one that is forgotten is known again with its next answer. */
const mostTokens = 20_000

/** Tokens of runs that were right, those used last. */
function knownTokens(): KnownTokens {
  const known = new Set<string>()
  return {
    has: (token) => known.has(token),
    add: (token) => {
      known.delete(token)
      known.add(token)
      if (known.size > mostTokens) known.delete(known.values().next().value!)
    },
  }
}

/** HEAD is GET whose answer has no body (`send` of http.ts leaves it out). */
const methodOf = ({ method = 'GET' }: IncomingMessage): string => (method === 'HEAD' ? 'GET' : method)

const retrySeconds = 2
const tooMuch = {
  busy: 'Too much is asked at once. Try again in a moment.',
  timeout: 'This took too long; it may be done all the same. Look, then try again.',
}
const busy = (answer: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...answer.headers, 'retry-after': String(retrySeconds) },
})

const literals = (t: Target): number => t.parts.filter((p) => p.name === undefined).length
const isText = (type: string | undefined): boolean =>
  type === undefined || /^(text\/|application\/(json|[\w.+-]*\+json))/.test(type)

const answerOf = (result: Result): HttpAnswer => ({
  status: result.statusCode ?? 200,
  headers: Object.fromEntries(Object.entries(result.headers ?? {}).map(([k, v]) => [k, String(v)])),
  ...(result.body === undefined
    ? {}
    : { body: result.isBase64Encoded ? Buffer.from(result.body, 'base64') : result.body }),
  // As it comes, at the listener's pace.
  ...(result.stream ? { body: Readable.from(result.stream, { highWaterMark: 1 }) } : {}),
})

async function inTime(work: Promise<Result>): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), functionMilliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A request as far as an event repeats it. Header names are in lower case. */
export interface Received {
  method: string
  path: string
  search: string
  headers: Record<string, string>
  sourceIp: string
  protocol: string
}

function received(request: IncomingMessage, path: string, search: string): Received {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers))
    if (name !== 'cookie' && value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value
  return {
    method: methodOf(request),
    path,
    search,
    headers,
    sourceIp: addressOf(request),
    protocol: `HTTP/${request.httpVersion}`,
  }
}

/** What a query says, as API Gateway hands it on: what is said more than once is joined by commas. */
export function queryOf(search: string): Record<string, string> {
  const said = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(search)) {
    const before = said.get(name)
    said.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(said)
}

/** The event of a request, without body and without the authorizer's word. */
export function eventOf(
  { method, path, search, headers, sourceIp, protocol }: Received,
  target: Target,
  parts: readonly string[],
  requestId: string,
): Event {
  const query = queryOf(search)
  const names = target.parts.flatMap((p, i) => (p.name === undefined ? [] : [[p.name, parts[i]!] as const]))
  const now = Date.now()
  return {
    version: '2.0',
    routeKey: target.key,
    rawPath: path,
    rawQueryString: search,
    headers,
    ...(search ? { queryStringParameters: query } : {}),
    ...(names.length ? { pathParameters: Object.fromEntries(names) } : {}),
    isBase64Encoded: false,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: headers['host'] ?? '',
      domainPrefix: 'local',
      requestId,
      routeKey: target.key,
      stage: '$default',
      time: new Date(now).toISOString(),
      timeEpoch: now,
      http: { method, path, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      authorizer: { lambda: undefined },
    },
  }
}
