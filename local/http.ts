/** Small things around node:http that the gateway's parts share. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { drained } from './linger.ts'

export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  body?: Readable | Buffer | string | undefined
}

/** A plain sentence, for people who ask with a browser. */
export const text = (status: number, body: string, more: Record<string, string> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...more },
  body: `${body}\n`,
})

export const reading = (request: IncomingMessage): boolean => request.method === 'GET' || request.method === 'HEAD'

/** More bytes were sent than are taken. */
export class TooLarge extends Error {
  override name = 'TooLarge'
}
/** The other side went away, or was too slow (pace.ts). */
export class Gone extends Error {
  override name = 'Gone'
}

/** The whole body, at most `limit` bytes (`TooLarge`); `Gone` when the rest of it never comes. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) return reject(new TooLarge())
    const chunks: Buffer[] = []
    let size = 0
    let finished = false
    const finish = (how: () => void): void => {
      if (finished) return
      finished = true
      request.removeAllListeners('data')
      how()
    }
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit)
        return finish(() => {
          request.pause()
          reject(new TooLarge())
        })
      chunks.push(chunk)
    })
    request.once('end', () => finish(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))))
    request.once('close', () => finish(() => reject(new Gone())))
    request.once('error', () => finish(() => reject(new Gone())))
  })
}

/** Sends an answer with further headers. A request whose body was not read to its end closes the connection. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: HttpAnswer,
  more: Record<string, string> = {},
): Promise<void> {
  if (response.headersSent || response.destroyed) return
  const { body } = answer
  const headers: Record<string, string> = { ...more, ...answer.headers }
  const early = !request.complete && !reading(request)
  if (early) headers['connection'] = 'close'
  if (typeof body === 'string' || Buffer.isBuffer(body)) headers['content-length'] = String(Buffer.byteLength(body))
  else if (body === undefined && answer.status !== 204 && answer.status !== 304) headers['content-length'] ??= '0'
  response.writeHead(answer.status, headers)
  if (early && !(body instanceof Readable)) {
    if (body === undefined) response.flushHeaders()
    else response.write(body)
    await drained(request)
    response.end()
  } else if (body === undefined || request.method === 'HEAD') {
    response.end()
    if (body instanceof Readable) body.destroy()
  } else if (body instanceof Readable || body.length > piece)
    await pipeline(piecewise(body), response).catch(() => response.destroy())
  else response.end(body)
}

const piece = 64 * 1024
/** Large answers in pieces: of one that is handed over whole, nobody could see whether its reader takes any of it. */
function piecewise(body: Readable | Buffer | string): Readable {
  if (body instanceof Readable) return body
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
    bytes.subarray(i * piece, (i + 1) * piece),
  )
  return Readable.from(pieces, { highWaterMark: 1 })
}

/**
 * Splits a request target into its path as sent and its query. Absolute forms and `//host` paths are answered as ''
 * (nothing is there).
 */
export function target(url: string): { path: string; search: string } {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  return { path: path.startsWith('/') && !path.startsWith('//') ? path : '', search: at < 0 ? '' : url.slice(at + 1) }
}

/** The decoded segments of a path, or undefined when it is malformed or tries to leave its folder. */
export function segments(path: string): string[] | undefined {
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent)
    return parts.some((p) => p === '..' || p === '.' || /[/\\\0]/.test(p)) ? undefined : parts
  } catch {
    return undefined
  }
}
