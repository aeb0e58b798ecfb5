/** Built files of the web parts, as a content delivery network would serve them. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { byteRange } from '../adapters/local/serve-object.ts'
import type { HttpAnswer } from './http.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
}
const compressible = /^(text|application\/(json|manifest|wasm)|image\/svg)/
/** The bundler's names carry a hash of the content. */
const hashed = /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/

interface Held {
  modified: number
  size: number
  bytes: Buffer
  etag: string
  packed?: Buffer
}
const held = new Map<string, Held>()

async function load(file: string): Promise<Held | undefined> {
  const stats = await stat(file).catch(() => undefined)
  if (!stats?.isFile()) return undefined
  const known = held.get(file)
  if (known && known.modified === stats.mtimeMs && known.size === stats.size) return known
  const bytes = await readFile(file)
  const made: Held = {
    modified: stats.mtimeMs,
    size: stats.size,
    bytes,
    etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 27),
  }
  if (compressible.test(types[extname(file)] ?? '') && bytes.length > 500)
    made.packed = await promisify(gzip)(bytes, { level: 9 })
  held.set(file, made)
  return made
}

/**
 * The answer for a file below `folder`, or undefined when there is none. `parts` are decoded path segments without dot
 * segments.
 */
export async function staticFile(
  folder: string,
  parts: readonly string[],
  request: Pick<IncomingMessage, 'method' | 'headers'>,
): Promise<HttpAnswer | undefined> {
  const file = join(folder, ...parts)
  const found = await load(file)
  if (!found) return undefined
  const packed =
    found.packed && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) && !request.headers['range']
      ? found.packed
      : undefined
  const etag = `"${found.etag}${packed ? '-gz' : ''}"`
  const headers: Record<string, string> = {
    'content-type': types[extname(file).toLowerCase()] ?? 'application/octet-stream',
    etag,
    'accept-ranges': 'bytes',
    'cache-control': hashed.test(parts.at(-1) ?? '') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(found.packed ? { vary: 'accept-encoding' } : {}),
    ...(packed ? { 'content-encoding': 'gzip' } : {}),
  }
  if (
    String(request.headers['if-none-match'] ?? '')
      .split(',')
      .some((t) => t.trim().replace(/^W\//, '') === etag)
  )
    return { status: 304, headers }
  const range = byteRange(request.headers['range'], found.size)
  if (range === 'unsatisfiable')
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${found.size}` } }
  if (range)
    return {
      status: 206,
      headers: { ...headers, 'content-range': `bytes ${range[0]}-${range[1]}/${found.size}` },
      body: found.bytes.subarray(range[0], range[1] + 1),
    }
  return { status: 200, headers, body: packed ?? found.bytes }
}
