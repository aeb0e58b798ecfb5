/** The one port: two origins told apart by Host, as two distributions would in AWS. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { mainCsp, mainHeaders, studyCsp, studyHeaders } from '../contracts/headers.ts'
import { openapi } from '../contracts/openapi.ts'
import { objectsPath } from '../adapters/local/links.ts'
import type { LocalObjects } from '../adapters/local/objects.ts'
import { sendObject, serveObject } from '../adapters/local/serve-object.ts'
import type { Deps } from '../functions/kernel/deps.ts'
import { type ApiParts, createApi } from './api.ts'
import { type HttpAnswer, segments, send, target } from './http.ts'
import { staticFile } from './static.ts'

export interface GatewayParts extends ApiParts {
  settings: Pick<Deps['settings'], 'mainOrigin' | 'studyOrigin' | 'version'>
  objects: LocalObjects
  /** Serves everything below /oidc. */
  login: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Folder of the built web parts: portal, participant, study. */
  web: string
}
export interface Gateway {
  close: () => Promise<void>
}

const text = (status: number, body: string, more: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...more },
  body: `${body}\n`,
})
const nothing = text(404, 'There is nothing here.')
const reading = (r: IncomingMessage): boolean => r.method === 'GET' || r.method === 'HEAD'

/** Pages of the main origin: files of the portal, and the two single pages that answer any of their addresses. */
async function mainPage(web: string, request: IncomingMessage, path: string): Promise<HttpAnswer> {
  const parts = segments(path)
  if (!parts) return nothing
  const participant = parts[0] === 'p' || parts[0] === 'withdraw'
  const folder = join(web, participant ? 'participant' : 'portal')
  const page = !parts.at(-1)!.includes('.')
  const file = page ? ['index.html'] : parts
  const answer = await staticFile(folder, file, request)
  if (answer) return answer
  return page ? text(503, 'This part of the website has not been built. Run `npm run build`, then reload.') : nothing
}

/** Study bytes and the platform's two files; nothing else lives on this origin. */
async function studyPage(
  web: string,
  objects: LocalObjects,
  request: IncomingMessage,
  path: string,
): Promise<HttpAnswer> {
  const parts = segments(path)
  if (!parts) return nothing
  const study = join(web, 'study')
  if (parts[0] !== 's')
    return (
      (await staticFile(study, parts.at(-1) === '' ? [...parts.slice(0, -1), 'index.html'] : parts, request)) ?? nothing
    )
  if (!/^[0-9a-f]{64}$/.test(parts[1] ?? '') || parts.length < 3) return nothing
  if (parts.at(-1) === 'cloister.js') return (await staticFile(study, ['cloister.js'], request)) ?? nothing
  const key = (parts.at(-1) === '' ? [...parts.slice(0, -1), 'index.html'] : parts).join('/')
  const found = await objects.open('assets', key)
  if (!found) return nothing
  const headers = { 'cache-control': 'public, max-age=31536000, immutable' }
  if (found.sha256 && request.headers['if-none-match'] === `"${found.sha256}"`) {
    await found.close()
    return { status: 304, headers: { ...headers, etag: `"${found.sha256}"` } }
  }
  return sendObject(found, request, headers)
}

/**
 * Starts listening on the loopback addresses of this machine; rejects with the system's error (EADDRINUSE) when the
 * port is taken.
 */
export async function startGateway(port: number, parts: GatewayParts): Promise<Gateway> {
  const { settings, objects, web, log } = parts
  const api = createApi(parts)
  const mainHost = new URL(settings.mainOrigin).host
  const studyHost = new URL(settings.studyOrigin).host
  const onMain = {
    ...mainHeaders,
    'content-security-policy': mainCsp({ studyOrigin: settings.studyOrigin, connect: [] }),
  }
  const onStudy = { ...studyHeaders, 'content-security-policy': studyCsp(settings) }
  const description = JSON.stringify(openapi(settings.mainOrigin, settings.version))

  const main = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { path, search } = target(request.url ?? '')
    if (path === '') return send(request, response, nothing, onMain)
    if (path === '/api/openapi.json' && reading(request))
      return send(
        request,
        response,
        {
          status: 200,
          headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
          body: description,
        },
        onMain,
      )
    if (path === '/api' || path.startsWith('/api/')) {
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      return send(request, response, await api(request, path, search, gone.signal), onMain)
    }
    if (path.startsWith(objectsPath)) return send(request, response, await serveObject(objects, request), onMain)
    if (path === '/oidc' || path.startsWith('/oidc/')) return parts.login(request, response)
    if (!reading(request))
      return send(request, response, text(405, 'Pages are only read.', { allow: 'GET, HEAD' }), onMain)
    return send(request, response, await mainPage(web, request, path), onMain)
  }
  const study = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { path } = target(request.url ?? '')
    if (!reading(request))
      return send(request, response, text(405, 'Study files are only read.', { allow: 'GET, HEAD' }), onStudy)
    // Somebody typed "localhost": the portal is next door.
    if (path === '/')
      return send(request, response, { status: 302, headers: { location: `${settings.mainOrigin}/` } }, onStudy)
    return send(request, response, await studyPage(web, objects, request, path), onStudy)
  }

  const misnamed = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    send(
      request,
      response,
      text(421, `This is Cloister, but not under that name. Open ${settings.mainOrigin}/`),
      onMain,
    )
  const doors = new Map<string | undefined, typeof main>([
    [studyHost, study],
    [mainHost, main],
  ])

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const host = request.headers.host
    // Any other name may be a page elsewhere that points its own name at this machine (DNS rebinding).
    const work = doors.get(host)?.(request, response) ?? misnamed(request, response)
    work.catch((error: unknown) => {
      log('error', {
        at: 'gateway',
        error: error instanceof Error ? error.name : typeof error,
        code: (error as { code?: string }).code,
      })
      void send(
        request,
        response,
        text(
          (error as { code?: string }).code === 'ENOSPC' ? 507 : 500,
          (error as { code?: string }).code === 'ENOSPC'
            ? 'The disk of the server is full.'
            : 'Something went wrong on our side.',
        ),
        onMain,
      ).catch(() => response.destroy())
    })
  }

  const servers: Server[] = []
  const listen = (address: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const server = createServer(
        { keepAlive: true, headersTimeout: 20_000, requestTimeout: 0, keepAliveTimeout: 65_000 },
        serve,
      )
      server.once('error', reject)
      server.listen(port, address, () => {
        server.off('error', reject)
        servers.push(server)
        resolve()
      })
    })
  await listen('127.0.0.1')
  // Browsers may try ::1 first for "localhost"; a machine without IPv6 does without.
  await listen('::1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') {
      servers[0]!.close()
      throw error
    }
  })
  return {
    // What is under way may finish, for a second; then connections are cut.
    close: async () => {
      const closed = Promise.all(
        servers.map(
          (server) =>
            new Promise((resolve) => {
              server.close(resolve)
              server.closeIdleConnections()
            }),
        ),
      )
      const cut = setTimeout(() => {
        for (const server of servers) server.closeAllConnections()
      }, 1000)
      await closed
      clearTimeout(cut)
    },
  }
}
