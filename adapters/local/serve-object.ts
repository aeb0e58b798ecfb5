/** What the local gateway answers below `/objects/`: the local store's signed links, as S3 would. */
import { Readable } from 'node:stream'
import type { LocalObjects, OpenObject } from './objects.ts'
import { UploadRefused } from './object-files.ts'
import { type LinkClaims, verifyLink } from './links.ts'

/** The part of a request that matters here; node's IncomingMessage is one. */
export interface ObjectRequest extends AsyncIterable<Uint8Array> {
  method?: string | undefined
  /** Path and query. */
  url?: string | undefined
  headers: Record<string, string | string[] | undefined>
}
export interface ObjectAnswer {
  status: number
  headers: Record<string, string>
  body?: Readable | string
}

// Stored bytes are never a page of this origin, whatever type their uploader gave them.
const inert = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-store',
}

const refuse = (status: number, title: string, detail: string): ObjectAnswer => ({
  status,
  headers: { ...inert, 'content-type': 'application/problem+json' },
  body: JSON.stringify({ type: 'about:blank', title, status, detail }),
})

/**
 * The inclusive range of a `Range` header for an object of `size` bytes: undefined for none (or a form that RFC 9110
 * lets a server ignore), 'unsatisfiable' when it lies outside.
 */
export function byteRange(
  header: string | undefined,
  size: number,
): [first: number, last: number] | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    const length = Number(match[2])
    return length === 0 || size === 0 ? 'unsatisfiable' : [Math.max(0, size - length), size - 1]
  }
  const first = Number(match[1])
  const last = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (match[2] !== '' && Number(match[2]) < first) return undefined
  return first >= size ? 'unsatisfiable' : [first, last]
}

/** Status, headers and body for an open object, with `Range`. `headers` are added. Closes the object. */
export async function sendObject(
  found: OpenObject,
  request: Pick<ObjectRequest, 'method' | 'headers'>,
  headers: Record<string, string>,
): Promise<ObjectAnswer> {
  const range = byteRange(request.headers['range'] as string | undefined, found.size)
  const common = {
    'content-type': found.type,
    'accept-ranges': 'bytes',
    ...(found.sha256 ? { etag: `"${found.sha256}"` } : {}),
    ...headers,
  }
  if (range === 'unsatisfiable') {
    await found.close()
    return { status: 416, headers: { ...common, 'content-range': `bytes */${found.size}`, 'content-length': '0' } }
  }
  const [first, last] = range ?? [0, found.size - 1]
  const answer = {
    status: range ? 206 : 200,
    headers: {
      ...common,
      'content-length': String(last - first + 1),
      ...(range ? { 'content-range': `bytes ${first}-${last}/${found.size}` } : {}),
    },
  }
  if (request.method === 'HEAD') {
    await found.close()
    return answer
  }
  return { ...answer, body: Readable.from(found.bytes(first, last)) }
}

/** Takes what is sent to a link that promises only its type. */
async function takeAny(
  objects: LocalObjects,
  request: ObjectRequest,
  { bucket, key, type, most }: LinkClaims & { type: string; most: number },
): Promise<ObjectAnswer> {
  if (Number(request.headers['content-length'] ?? 0) > most)
    return refuse(413, 'Too large', `The link takes at most ${most} bytes.`)
  if (request.headers['content-type'] !== type) return refuse(403, 'Wrong type', `The link is for the type ${type}.`)
  try {
    await objects.storeAny(bucket, key, request, { type, most })
    return { status: 200, headers: { ...inert, 'content-length': '0' } }
  } catch (e) {
    if (e instanceof UploadRefused) return refuse(413, 'Too large', e.message)
    throw e
  }
}

/** Whether what a link was given for still takes an object: a link of something that has ended is dead. */
export type Takes = (bucket: LinkClaims['bucket'], key: string) => Promise<boolean>

/**
 * Serves one signed link: PUT stores exactly what the link promises, GET and HEAD read. Anything else is refused
 * without a word about what is stored. `takes` is asked before the bytes are read, and again when they are stored: what
 * ended meanwhile leaves nothing.
 */
export async function serveObject(
  objects: LocalObjects,
  request: ObjectRequest,
  takes: Takes = async () => true,
): Promise<ObjectAnswer> {
  const claims = verifyLink(objects.secret, request.method ?? 'GET', request.url ?? '', Date.now() / 1000)
  if (claims === 'invalid') return refuse(403, 'Not a valid link', 'The signature does not match. Ask for a new link.')
  if (claims === 'expired') return refuse(403, 'The link has expired', 'Ask for a new link.')
  if (claims.method === 'GET') {
    const found = await objects.open(claims.bucket, claims.key)
    if (!found) return refuse(404, 'Not found', 'There is no such object any more.')
    return sendObject(found, request, { ...inert, 'content-disposition': claims.disposition ?? 'attachment' })
  }
  const over = refuse(410, 'The link has ended', 'What it was given for has ended, and takes nothing any more.')
  if (!(await takes(claims.bucket, claims.key))) return over
  const answer = await take(objects, request, claims)
  if (answer.status !== 200 || (await takes(claims.bucket, claims.key))) return answer
  await objects.remove(claims.bucket, claims.key)
  return over
}

/** Stores what is sent to a link. */
async function take(objects: LocalObjects, request: ObjectRequest, claims: LinkClaims): Promise<ObjectAnswer> {
  const { size, sha256, type, most } = claims
  if (most !== undefined && type !== undefined) return takeAny(objects, request, { ...claims, type, most })
  if (size === undefined || sha256 === undefined || type === undefined)
    return refuse(403, 'Not a valid link', 'The link promises nothing.')
  const length = request.headers['content-length']
  if (length !== undefined && Number(length) !== size)
    return refuse(403, 'Wrong size', `The link is for exactly ${size} bytes.`)
  if (request.headers['content-type'] !== type) return refuse(403, 'Wrong type', `The link is for the type ${type}.`)
  if (request.headers['x-amz-checksum-sha256'] !== Buffer.from(sha256, 'hex').toString('base64'))
    return refuse(403, 'Wrong checksum', 'Send the headers of the link unchanged.')
  try {
    await objects.store(claims.bucket, claims.key, request, { size, sha256, type })
    return { status: 200, headers: { ...inert, etag: `"${sha256}"`, 'content-length': '0' } }
  } catch (e) {
    if (e instanceof UploadRefused) return refuse(400, 'Not what the link is for', e.message)
    throw e
  }
}
