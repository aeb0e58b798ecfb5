/** Turns a contract's routes and their implementations into one Lambda handler. */
import middy from '@middy/core'
import type { APIGatewayProxyEventV2WithLambdaAuthorizer, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { z } from 'zod'
import { addressOf } from './address.ts'
import {
  type Answer,
  type Area,
  type Body,
  type Grant,
  type Params,
  type Query,
  type Route,
  routeKey,
} from '../../contracts/route.ts'
import { type Kind, problems } from '../../contracts/problems.ts'
import type { ServedArea } from './area.ts'
import { type AuthorizerContext, type Caller, fromContext } from './caller.ts'
import type { Deps } from './deps.ts'
import { Failure } from './failure.ts'
import { type Checked, checkedBody, checkedValue, extentOfBody, valuesInPlace } from './body.ts'
import { conclude, type Intent, intentOf, otherEnd } from './intent.ts'
import { guarded } from './grants.ts'
import { type Contexts, resolve, type Resolvers } from './resources.ts'
import { InvalidCursor } from '../../ports/table.ts'
import { eventText, type ServerEvent, streamSignal } from './streaming.ts'

export type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<Partial<AuthorizerContext> | undefined>
/** With `stream` the body comes piece by piece: from routes that say so in their contract. */
export type Result = APIGatewayProxyStructuredResultV2 & { stream?: AsyncIterable<string> }
export type LambdaHandler = (event: Event, context: Context) => Promise<Result>

/** What an implementation gets: parsed input, and the resource its route's access names. */
export type Request<R extends Route> = {
  params: Params<R>
  query: Query<R>
  body: Body<R>
  requestId: string
  /** Where it comes from: to count by, not to keep. */
  address: string
} & (R extends { starts: string } ? { intent: Intent } : object) &
  Contexts[R['access']['kind']]
/**
 * Of a streaming route: batches of events, or pieces of text; whatever is wrong with the request is thrown before.
 * `lastEventId` is the header `Last-Event-ID`; `signal` fires when nobody listens any more.
 */
export type Streaming<R extends Route, D extends Deps = Deps> = (
  request: Request<R> & { lastEventId?: string; signal: AbortSignal },
  deps: D,
) => AsyncIterable<R extends { stream: 'text' } ? string : readonly ServerEvent<Answer<R>>[]>
/** `D` is what it reaches, where that is more than `Deps`. */
export type Implementation<R extends Route, D extends Deps = Deps> = R extends { stream: string }
  ? Streaming<R, D>
  : (request: Request<R>, deps: D) => Promise<Answer<R>>
/** Implementations of those routes of an area that one function serves. */
export type Implementations<A extends Area, F extends string, D extends Deps = Deps> = {
  [N in keyof A['routes'] as A['routes'][N]['function'] extends F ? N : never]: Implementation<A['routes'][N], D>
}

/** What was found right, or a problem. */
function taken<T>(checked: Checked): T {
  if ('wrong' in checked) throw new Failure('invalid-request', checked.wrong, checked.errors)
  return checked.body as T
}

const parse = <T>(schema: z.ZodType<T> | undefined, base: string, value: unknown): T | Record<string, never> =>
  schema ? taken<T>(checkedValue(schema, base, value)) : {}

async function bodyOf({ aside }: Deps, route: Route, event: Event): Promise<unknown> {
  if (!route.body) return undefined
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString('utf8') : (event.body ?? '')
  const limit = route.maxBody ?? 1024 * 1024
  const bytes = Buffer.byteLength(text)
  if (bytes > limit) throw new Failure('payload-too-large', `The body has ${bytes} bytes; at most ${limit} are taken.`)
  const { values } = extentOfBody(text)
  if (!aside || values <= valuesInPlace) return taken(checkedBody(route.body, text))
  const checked = await aside('routeBody', routeKey(route), text)
  return taken('json' in checked ? { body: JSON.parse(checked.json) as unknown } : checked)
}

/** `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): any short text. */
function keyOfRequest(event: Event): string | undefined {
  const key = event.headers['idempotency-key']
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key))
    throw new Failure('invalid-request', 'The Idempotency-Key is 1 to 200 visible ASCII characters.', [
      { path: '/headers/Idempotency-Key', message: 'Not a key', expected: '1 to 200 visible ASCII characters' },
    ])
  return key
}

const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** A problem as an HTTP answer (RFC 9457). */
export function problem(kind: Kind, detail: string, requestId: string, more: Record<string, unknown> = {}): Result {
  const { status, title } = problems[kind]
  return {
    statusCode: status,
    headers: {
      ...headers,
      'content-type': 'application/problem+json',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: JSON.stringify({ type: `/docs/problems#${kind}`, kind, title, status, detail, instance: requestId, ...more }),
  }
}

const failed = (error: unknown, requestId: string, deps: Deps, key: string): Result => {
  if (error instanceof Failure) {
    deps.log('problem', { route: key, kind: error.kind, requestId })
    return problem(error.kind, error.message, requestId, {
      ...error.extra,
      ...(error.errors ? { errors: error.errors } : {}),
    })
  }
  if (error instanceof InvalidCursor)
    return failed(
      new Failure('invalid-request', 'The page marker does not belong to this list. Start again without `after`.', [
        { path: '/query/after', message: 'Not a marker of this list', expected: '`next` of the page before' },
      ]),
      requestId,
      deps,
      key,
    )
  // Only the error's class and where it happened: a message could quote a value.
  const at =
    error instanceof Error
      ? error.stack
          ?.split('\n')
          .find((l) => l.trimStart().startsWith('at '))
          ?.trim()
      : undefined
  deps.log('error', { route: key, error: error instanceof Error ? error.name : typeof error, at, requestId })
  return problem(
    'internal',
    'This is our fault, not yours; nothing that was acknowledged is lost. Try again; if it stays, quote the request id.',
    requestId,
  )
}

type Run<D> = (request: object, deps: D) => Promise<unknown> | AsyncIterable<never>

/** The path's parameters. Ones that could not be anybody's id look the same as somebody else's. */
function pathOf(route: Route, event: Event, caller: Caller | undefined): Record<string, string> {
  if (!route.params) return {}
  const parsed = route.params.safeParse(event.pathParameters ?? {})
  if (parsed.success) return parsed.data as Record<string, string>
  if (!caller && !['anyone', 'run-token'].includes(route.access.kind))
    throw new Failure('sign-in-required', 'Your session has ended or the token is not valid. Sign in again.')
  return parse(route.params, '/path', event.pathParameters ?? {}) as Record<string, string>
}

/** What the implementation gets, once whoever asks may have it: access is looked at before the rest of the request. */
async function requestOf(
  deps: Deps,
  resolvers: Partial<Resolvers>,
  route: Route,
  event: Event,
): Promise<{ intent?: Intent }> {
  const caller = fromContext(event.requestContext.authorizer?.lambda)
  const params = pathOf(route, event, caller)
  const token = event.headers['authorization']
  const resource = await resolve(deps, route.access, resolvers, params, caller, token)
  const query = parse(route.query, '/query', event.queryStringParameters ?? {})
  const body = await bodyOf(deps, route, event)
  const { requestId } = event.requestContext
  const request: object = { params, query, body, requestId, address: addressOf(event), ...resource }
  if (!route.starts) return request
  return { ...request, intent: await intentOf(deps, route, caller, { params, query, body }, keyOfRequest(event)) }
}

/** The answer of a streaming route. `pieces` are what its implementation gives; what fails on the way is an event. */
function streamed(
  route: Route,
  pieces: AsyncIterable<never>,
  signal: AbortSignal,
  failedOnTheWay: (e: unknown) => Result,
  pause: Deps['pause'],
): Result {
  const type = route.stream === 'text' ? 'text/plain; charset=utf-8' : 'text/event-stream'
  const stream =
    route.stream === 'text'
      ? pieces
      : eventText(pieces, route.response, signal, (e) => JSON.stringify(JSON.parse(failedOnTheWay(e).body!)), pause)
  return { statusCode: route.status, headers: { ...headers, 'content-type': type }, stream }
}

/** The answer of any other route as JSON, with nothing that its contract does not declare; nothing for 204. */
const bodyFor = (route: Route, answer: unknown): string | undefined =>
  route.status === 204 ? undefined : JSON.stringify(route.response.parse(answer))

const answered = (route: Route, body: string | undefined): Result =>
  route.status === 204
    ? { statusCode: 204, headers }
    : { statusCode: route.status, headers: { ...headers, 'content-type': 'application/json' }, body: body! }

type Unary<D> = (request: object, deps: D) => Promise<unknown>

/**
 * The answer's body. Of a route that starts something it is the one that was kept, or what the implementation finds or
 * makes; where that fails because the same request is at work a second time, it is what the other came to.
 */
async function bodyOnce<D extends Deps>(
  deps: D,
  route: Route,
  request: { intent?: Intent },
  run: Unary<D>,
): Promise<string | undefined> {
  const { intent } = request
  if (!intent) return bodyFor(route, await run(request, deps))
  const byIntent = async (wanted: Intent): Promise<string | undefined> =>
    wanted.answer ?? bodyFor(route, await run({ ...request, intent: wanted }, deps))
  let body: string | undefined
  try {
    body = await byIntent(intent)
  } catch (e) {
    const other = e instanceof Failure ? await otherEnd(deps, intent) : undefined
    if (!other) throw e
    body = await byIntent(other)
  }
  return conclude(deps, route, intent, body)
}

/**
 * The handler of one function. `deps` are wrapped with the grants of the function's routes.
 * Answers are parsed with the contract's response schema, so that nothing undeclared leaves.
 */
export function lambda<A extends Area, F extends string, D extends Deps = Deps>(
  area: ServedArea<A>,
  name: F,
  deps: D,
  implementations: Implementations<A, F, D>,
): LambdaHandler {
  const mine = Object.entries(area.routes).filter(([, route]) => route.function === name)
  const grants: Grant[] = mine.flatMap(([, route]) => route.grants)
  const own = guarded(deps, name, grants)
  const runs = implementations as Record<string, unknown> as Record<string, Run<D>>
  const routes = new Map(mine.map(([routeName, route]) => [routeKey(route), { route, run: runs[routeName]! }]))
  const serve = async (event: Event, context: Context): Promise<Result> => {
    const requestId = event.requestContext.requestId
    const started = performance.now()
    const failedHere = (e: unknown): Result => failed(e, requestId, deps, event.routeKey)
    try {
      const found = routes.get(event.routeKey)
      if (!found) throw new Failure('not-found', 'There is no such route. The reference is at /docs.')
      const { route, run } = found
      const request = await requestOf(own, area.resolvers, route, event)
      if (route.stream) {
        const signal = streamSignal(context)
        const lastEventId = event.headers['last-event-id']
        const pieces = run({ ...request, signal, lastEventId }, own) as AsyncIterable<never>
        deps.log('stream', { route: event.routeKey, status: route.status, requestId })
        return streamed(route, pieces, signal, failedHere, deps.pause)
      }
      const result = answered(route, await bodyOnce(own, route, request, run as Unary<D>))
      const ms = Math.round(performance.now() - started)
      deps.log('request', { route: event.routeKey, status: route.status, ms, requestId })
      return result
    } catch (e) {
      return failedHere(e)
    }
  }
  return middy<Event, Result>().handler(serve) as unknown as LambdaHandler
}
