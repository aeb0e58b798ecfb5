/**
 * A typed client that calls the functions in this process: the demo is made through the same doors as everything else.
 */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Context } from 'aws-lambda'
import type { LocalObjects } from '../../adapters/local/objects.ts'
import { serveObject } from '../../adapters/local/serve-object.ts'
import { type Client, createClient } from '../../clients/api.ts'
import type { Send } from '../../clients/publish.ts'
import { type Caller, toContext } from '../../functions/kernel/caller.ts'
import type { LambdaHandler } from '../../functions/kernel/handler.ts'
import { createRouter, eventOf } from '../api.ts'
import { segments } from '../http.ts'

/** Answers a client for each caller; a participant's page is no caller, but may hold a run's token. */
export function inProcessClients(
  handlers: ReadonlyMap<string, LambdaHandler>,
): (caller: Caller | undefined, runToken?: string) => Client {
  const route = createRouter(handlers)
  return (caller, runToken) =>
    createClient({
      baseUrl: 'http://inside',
      token: () => runToken,
      fetch: async (input, init) => {
        const url = new URL(String(input))
        const method = init?.method ?? 'GET'
        const parts = segments(url.pathname)!
        const target = route(parts).find((t) => t.named.route.method === method)!
        const headers = Object.fromEntries(new Headers(init?.headers))
        const event = eventOf(
          {
            method,
            path: url.pathname,
            search: url.search.slice(1),
            headers,
            sourceIp: '127.0.0.1',
            protocol: 'HTTP/1.1',
          },
          target,
          parts,
          randomUUID(),
        )
        const context = caller ? toContext(caller) : undefined
        const body = typeof init?.body === 'string' ? init.body : undefined
        const result = await target.handler(
          {
            ...event,
            ...(body === undefined ? {} : { body }),
            requestContext: { ...event.requestContext, authorizer: { lambda: context } },
          },
          {} as Context,
        )
        return new Response(result.statusCode === 204 ? null : (result.body ?? ''), {
          status: result.statusCode ?? 200,
          headers: result.headers as Record<string, string>,
        })
      },
    })
}

/** Uploads along a signed link, without the network. */
export const sendInside =
  (objects: LocalObjects): Send =>
  async (link, data) => {
    const bytes = data instanceof Uint8Array ? data : new Uint8Array(await data.arrayBuffer())
    const { pathname, search } = new URL(link.url)
    const answer = await serveObject(
      objects,
      Object.assign(Readable.from([bytes]), {
        method: link.method,
        url: `${pathname}${search}`,
        headers: { ...link.headers, 'content-length': String(bytes.length) },
      }),
    )
    if (answer.status >= 300) throw new Error(`An upload was refused (${answer.status})`)
  }
