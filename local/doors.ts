/** What each name of the host answers: two origins, those it had before, and the one that it knows itself by. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { httpsHeaders, mainCsp, mainHeaders, studyCsp, studyHeaders } from '../contracts/headers.ts'
import { openapi } from '../contracts/openapi.ts'
import { objectsPath } from '../adapters/local/links.ts'
import type { LocalObjects } from '../adapters/local/objects.ts'
import { sendObject, serveObject, type Takes } from '../adapters/local/serve-object.ts'
import type { Deps } from '../functions/kernel/deps.ts'
import { type ApiParts, createApi } from './api.ts'
import { type HttpAnswer, reading, segments, send, target, text } from './http.ts'
import { carriesToken, type Metrics } from './metrics.ts'
import { insideOrigin, isHttps, type Reach } from './reach.ts'
import { staticFile } from './static.ts'

export interface DoorParts extends ApiParts {
  settings: Pick<Deps['settings'], 'version'>
  objects: LocalObjects
  /** Whether an upload link still works (adapters/local/serve-object.ts). */
  takes: Takes
  /** Serves everything below /oidc. */
  login: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Served at /metrics to who has the token. */
  metrics?: Pick<Metrics, 'text'> & { token: string }
  /** Folder of the built web parts: portal, participant, study. */
  web: string
}

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>
/** One name of the host: what it answers, and the headers of everything there. */
export interface Door {
  origin: string
  headers: Record<string, string>
  answer: Answer
}

const nothing = text(404, 'There is nothing here.')

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

async function metricsPage(
  { text: gather, token }: NonNullable<DoorParts['metrics']>,
  request: IncomingMessage,
): Promise<HttpAnswer> {
  if (!carriesToken(request.headers.authorization, token))
    return text(401, 'Metrics need the token of CLOISTER_METRICS_TOKEN.', { 'www-authenticate': 'Bearer' })
  const { body, type } = await gather()
  return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-store' }, body }
}

/** Objects' links are used by pages of the former names too, which are other origins to the browser. */
function acrossOrigins(former: readonly string[], request: IncomingMessage): Record<string, string> {
  const { origin } = request.headers
  return origin !== undefined && former.includes(origin)
    ? {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-headers': 'content-type, range, x-amz-checksum-sha256',
        'cross-origin-resource-policy': 'cross-origin',
        vary: 'origin',
      }
    : {}
}

/** Addresses that a former main origin still serves: what participants and programs hold. People are sent on. */
const servedOnFormer = /^\/(api|objects|p)\/|^\/withdraw$/
/** What the host and its runners ask of itself, and who looks after it from this machine. */
const servedInside = /^\/objects\/|^\/oidc\/jwks$|^\/api\/(health|sign-in)$|^\/metrics$/

/** The doors of the host, and what it says under any other name. */
export function createDoors(
  reach: Reach,
  parts: DoorParts,
): { at: (host: string) => Door | undefined; misnamed: Answer } {
  const { settings, objects, web } = parts
  const { mainOrigin, studyOrigin } = reach
  const api = createApi(parts)
  const formerMains = reach.former.map((pair) => pair.mainOrigin).filter((origin) => origin !== mainOrigin)
  const description = JSON.stringify(openapi(mainOrigin, settings.version))
  const secured = (origin: string): Record<string, string> => (isHttps(origin) ? httpsHeaders : {})

  const mainHeadersAt = (origin: string): Record<string, string> => ({
    ...mainHeaders,
    ...secured(origin),
    'content-security-policy': mainCsp({ studyOrigin, connect: origin === mainOrigin ? [] : [mainOrigin] }),
  })
  const onMain = mainHeadersAt(mainOrigin)
  const main =
    (headers: Record<string, string>) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { path, search } = target(request.url ?? '')
      if (path === '') return send(request, response, nothing, headers)
      if (path === '/api/openapi.json' && reading(request))
        return send(
          request,
          response,
          {
            status: 200,
            headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
            body: description,
          },
          headers,
        )
      if (path === '/api' || path.startsWith('/api/')) {
        const gone = new AbortController()
        response.once('close', () => gone.abort())
        return send(request, response, await api(request, path, search, gone.signal), headers)
      }
      if (path.startsWith(objectsPath)) {
        const across = acrossOrigins(formerMains, request)
        const asksFirst = request.method === 'OPTIONS' && across['access-control-allow-origin'] !== undefined
        const answer = asksFirst ? { status: 204, headers: {} } : await serveObject(objects, request, parts.takes)
        return send(request, response, { ...answer, headers: { ...answer.headers, ...across } }, headers)
      }
      if (path === '/metrics' && parts.metrics)
        return send(request, response, await metricsPage(parts.metrics, request), headers)
      if (path === '/oidc' || path.startsWith('/oidc/')) {
        for (const [name, value] of Object.entries(secured(mainOrigin))) response.setHeader(name, value)
        return parts.login(request, response)
      }
      if (!reading(request))
        return send(request, response, text(405, 'Pages are only read.', { allow: 'GET, HEAD' }), headers)
      return send(request, response, await mainPage(web, request, path), headers)
    }
  const study =
    (headers: Record<string, string>) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { path } = target(request.url ?? '')
      if (!reading(request))
        return send(request, response, text(405, 'Study files are only read.', { allow: 'GET, HEAD' }), headers)
      // Somebody typed "localhost": the portal is next door.
      if (path === '/')
        return send(request, response, { status: 302, headers: { location: `${mainOrigin}/` } }, headers)
      return send(request, response, await studyPage(web, objects, request, path), headers)
    }
  const misnamed = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    send(request, response, text(421, `This is Cloister, but not under that name. Open ${mainOrigin}/`), onMain)
  /** A former main origin: pages, and nothing that changes anything, are to be asked of the present one. */
  const formerMain = (headers: Record<string, string>): Answer => {
    const answer = main(headers)
    return (request, response) => {
      const { path } = target(request.url ?? '')
      if (servedOnFormer.test(path)) return answer(request, response)
      if (path === '' || !reading(request)) return misnamed(request, response)
      const location = `${mainOrigin}${request.url}`
      return send(request, response, { status: 308, headers: { location } }, headers)
    }
  }

  const mainDoor = (origin: string, door: (headers: Record<string, string>) => Answer): Door => {
    const headers = mainHeadersAt(origin)
    return { origin, headers, answer: door(headers) }
  }
  const studyDoor = (origin: string): Door => {
    const policy = studyCsp({ studyOrigin: origin, mainOrigin: [mainOrigin, ...formerMains].join(' ') })
    const headers = { ...studyHeaders, ...secured(origin), 'content-security-policy': policy }
    return { origin, headers, answer: study(headers) }
  }
  const insideDoor = mainDoor(insideOrigin(reach), (headers) => {
    const answer = main(headers)
    return (request, response) =>
      (servedInside.test(target(request.url ?? '').path) ? answer : misnamed)(request, response)
  })
  const byHost = new Map(
    [
      insideDoor,
      ...reach.former.flatMap((pair) => [mainDoor(pair.mainOrigin, formerMain), studyDoor(pair.studyOrigin)]),
      studyDoor(studyOrigin),
      mainDoor(mainOrigin, main),
    ].map((door) => [new URL(door.origin).host, door]),
  )
  return { at: (host) => byHost.get(host), misnamed }
}
