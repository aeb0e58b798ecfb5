/**
 * Functions that answer piece by piece, in AWS: a function URL with response streaming behind the main origin's
 * distribution. No gateway stands before it, so it finds the route and verifies the token itself, with the authorizer's
 * own code.
 */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { type Area, routeKey } from '../../contracts/route.ts'
import type { AuthorizerContext } from './caller.ts'
import type { Deps } from './deps.ts'
import { type Event, type LambdaHandler, problem, type Result } from './handler.ts'

/** What counts here of the runtime's response stream (a Node Writable). */
export interface Out {
  write(text: string): boolean
  end(text?: string): void
  once(event: 'drain' | 'close', heard: () => void): unknown
}
/** What the Node runtime of Lambda brings along as the global `awslambda`. */
export interface StreamingRuntime {
  streamifyResponse(handler: (event: APIGatewayProxyEventV2, out: Out, context: Context) => Promise<void>): unknown
  HttpResponseStream: { from(out: Out, metadata: { statusCode: number; headers: Record<string, string> }): Out }
}
export type Verify = (event: {
  headers: Record<string, string>
}) => Promise<{ isAuthorized: boolean; context?: Partial<AuthorizerContext> | undefined }>
export interface Ready {
  handler: LambdaHandler
  verify: Verify
}

/**
 * CloudFront signs its requests in the header `Authorization`; a function of its own moves the caller's here first
 * (lib/edge-functions.ts).
 */
export const credentialHeader = 'x-cloister-authorization'

const pathOf = (template: string): RegExp => new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)

/** The answer to a request that no gateway has looked at. */
export function unguarded(
  area: Area,
  name: string,
  ready: () => Promise<Ready>,
): (event: APIGatewayProxyEventV2, signal: AbortSignal) => Promise<Result> {
  const routes = Object.values(area.routes)
    .filter((r) => r.function === name)
    .map((r) => ({ r, path: pathOf(r.path) }))
  let made: Promise<Ready> | undefined
  return async (event, signal) => {
    const requestId = event.requestContext.requestId
    const found = routes.flatMap(({ r: route, path }) => {
      const match = path.exec(event.rawPath)
      return match && route.method === event.requestContext.http.method
        ? [{ r: route, params: match.groups ?? {} }]
        : []
    })[0]
    if (!found) return problem('not-found', 'There is no such route. The reference is at /docs.', requestId)
    made ??= ready()
    // What could not be made ready is tried again by the next request.
    const { handler, verify } = await made.catch((error: unknown) => {
      made = undefined
      throw error
    })
    const verdict = await verify({ headers: { authorization: event.headers[credentialHeader] ?? '' } })
    if (!verdict.isAuthorized)
      return problem('sign-in-required', 'Your session has ended or the token is not valid. Sign in again.', requestId)
    const asked: Event = {
      ...event,
      routeKey: routeKey(found.r),
      pathParameters: found.params,
      requestContext: { ...event.requestContext, requestId, authorizer: { lambda: verdict.context } },
    }
    return handler(asked, { signal } as Partial<Context> as Context)
  }
}

/** A handler for the runtime of Lambda. */
export function streamed(
  runtime: StreamingRuntime,
  area: Area,
  name: string,
  ready: () => Promise<Ready>,
  log: Deps['log'],
): unknown {
  const answer = unguarded(area, name, ready)
  return runtime.streamifyResponse(async (event, out) => {
    const gone = new AbortController()
    out.once('close', () => gone.abort())
    let result: Result
    try {
      result = await answer(event, gone.signal)
    } catch (e) {
      log('error', { route: name, error: e instanceof Error ? e.name : typeof e })
      result = problem('internal', 'This is our fault, not yours. Try again.', event.requestContext.requestId)
    }
    const to = runtime.HttpResponseStream.from(out, {
      statusCode: result.statusCode ?? 200,
      headers: Object.fromEntries(Object.entries(result.headers ?? {}).map(([k, v]) => [k, String(v)])),
    })
    if (!result.stream) {
      to.end(result.body ?? '')
      return
    }
    const closed = new Promise<void>((resolve) => {
      gone.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    try {
      for await (const piece of result.stream) {
        if (gone.signal.aborted) return
        // At the listener's pace.
        if (!to.write(piece))
          await Promise.race([
            new Promise<void>((resolve) => {
              to.once('drain', resolve)
            }),
            closed,
          ])
      }
    } finally {
      to.end()
    }
  })
}
