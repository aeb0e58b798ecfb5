/**
 * For tests: as much of S3 as the objects adapter speaks, in memory. Query-signed requests are verified in full (SigV4:
 * signature, signed headers, expiry), header-signed ones must be signed by the right key id; checksums are compared
 * with the bytes.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { byteRange } from '../../local/serve-object.ts'

interface Held {
  bytes: Buffer
  type: string
  checksum: string | undefined
}
export interface S3Server {
  endpoint: string
  close(): Promise<void>
}
class Refused extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const encode = (s: string): string =>
  encodeURIComponent(s).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
const xml = (s: string): string =>
  s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const pageSize = 3

function verifyQuery(request: IncomingMessage, url: URL, rawPath: string, secret: string): void {
  const parameter = (name: string): string => url.searchParams.get(name) ?? ''
  const [, date, region, service, end] = parameter('X-Amz-Credential').split('/')
  const signed = parameter('X-Amz-SignedHeaders').split(';')
  const canonicalQuery = [...url.searchParams]
    .filter(([k]) => k !== 'X-Amz-Signature')
    .map(([k, v]) => `${encode(k)}=${encode(v)}`)
    .sort()
    .join('&')
  const headers = signed.map((h) => `${h}:${String(request.headers[h] ?? '').trim()}\n`).join('')
  const canonical = [request.method, rawPath, canonicalQuery, headers, signed.join(';'), 'UNSIGNED-PAYLOAD'].join('\n')
  const toSign = [
    'AWS4-HMAC-SHA256',
    parameter('X-Amz-Date'),
    `${date}/${region}/${service}/${end}`,
    sha(canonical),
  ].join('\n')
  const right = hmac(
    hmac(hmac(hmac(hmac(`AWS4${secret}`, date ?? ''), region ?? ''), service ?? ''), end ?? ''),
    toSign,
  )
  const given = Buffer.from(parameter('X-Amz-Signature'), 'hex')
  if (!signed.includes('host') || given.length !== right.length || !timingSafeEqual(given, right))
    throw new Refused(403, 'SignatureDoesNotMatch')
  const at = Date.parse(
    parameter('X-Amz-Date').replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  )
  if (Date.now() > at + Number(parameter('X-Amz-Expires')) * 1000) throw new Refused(403, 'AccessDenied')
}

export async function startS3(credentials: { accessKeyId: string; secretAccessKey: string }): Promise<S3Server> {
  const stored = new Map<string, Held>()
  const at = (bucket: string, key: string): string => JSON.stringify([bucket, key])
  const find = (bucket: string, key: string): Held => {
    const held = stored.get(at(bucket, key))
    if (!held) throw new Refused(404, 'NoSuchKey')
    return held
  }

  const put = (bucket: string, key: string, request: IncomingMessage, url: URL, bytes: Buffer): string => {
    const source = request.headers['x-amz-copy-source']
    if (source !== undefined) {
      const [sourceBucket, ...sourceKey] = String(source).split('/')
      const found = find(sourceBucket!, decodeURIComponent(sourceKey.join('/')))
      stored.set(
        at(bucket, key),
        request.headers['x-amz-metadata-directive'] === 'REPLACE'
          ? { ...found, type: request.headers['content-type'] ?? 'binary/octet-stream' }
          : found,
      )
      return '<?xml version="1.0"?><CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>'
    }
    const checksum =
      (request.headers['x-amz-checksum-sha256'] as string | undefined) ??
      url.searchParams.get('x-amz-checksum-sha256') ??
      undefined
    if (checksum !== undefined && createHash('sha256').update(bytes).digest('base64') !== checksum)
      throw new Refused(400, 'BadDigest')
    stored.set(at(bucket, key), { bytes, type: request.headers['content-type'] ?? 'binary/octet-stream', checksum })
    return ''
  }

  const list = (bucket: string, url: URL): string => {
    const prefix = url.searchParams.get('prefix') ?? ''
    const after = url.searchParams.get('continuation-token') ?? ''
    const all = [...stored.keys()]
      .map((k) => JSON.parse(k) as [string, string])
      .filter(([b, k]) => b === bucket && k.startsWith(prefix))
      .map(([, k]) => k)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const rest = after ? all.slice(all.indexOf(Buffer.from(after, 'base64url').toString()) + 1) : all
    const page = rest.slice(0, pageSize)
    const more = rest.length > page.length
    return `<?xml version="1.0"?><ListBucketResult><Name>${bucket}</Name><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${Buffer.from(page.at(-1)!).toString('base64url')}</NextContinuationToken>` : ''}${page.map((k) => `<Contents><Key>${xml(k)}</Key></Contents>`).join('')}</ListBucketResult>`
  }

  const read = (held: Held, request: IncomingMessage, url: URL, response: ServerResponse): void => {
    const range = byteRange(request.headers.range, held.bytes.length)
    if (range === 'unsatisfiable') throw new Refused(416, 'InvalidRange')
    const bytes = range ? held.bytes.subarray(range[0], range[1] + 1) : held.bytes
    const disposition = url.searchParams.get('response-content-disposition')
    response
      .writeHead(range ? 206 : 200, {
        'content-type': held.type,
        'content-length': bytes.length,
        ...(disposition ? { 'content-disposition': disposition } : {}),
        ...(range ? { 'content-range': `bytes ${range[0]}-${range[1]}/${held.bytes.length}` } : {}),
        ...(held.checksum && request.headers['x-amz-checksum-mode'] === 'ENABLED'
          ? { 'x-amz-checksum-sha256': held.checksum }
          : {}),
      })
      .end(request.method === 'HEAD' ? undefined : bytes)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Not URL.pathname: it would resolve dots.
    const [rawPath = '', search = ''] = request.url!.split(/\?(.*)/s)
    const url = new URL(`http://s3/?${search}`)
    const parts: Buffer[] = []
    for await (const chunk of request) parts.push(chunk as Buffer)
    if (url.searchParams.has('X-Amz-Signature')) verifyQuery(request, url, rawPath, credentials.secretAccessKey)
    else if (!String(request.headers.authorization).includes(`Credential=${credentials.accessKeyId}/`))
      throw new Refused(403, 'AccessDenied')
    const [, bucket = '', ...rest] = rawPath.split('/')
    const key = decodeURIComponent(rest.join('/'))
    if (request.method === 'GET' && key === '')
      response.writeHead(200, { 'content-type': 'application/xml' }).end(list(bucket, url))
    else if (request.method === 'PUT') {
      const answer = put(bucket, key, request, url, Buffer.concat(parts))
      response.writeHead(200, answer ? { 'content-type': 'application/xml' } : {}).end(answer)
    } else if (request.method === 'DELETE') {
      stored.delete(at(bucket, key))
      response.writeHead(204).end()
    } else read(find(bucket, key), request, url, response)
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      const { status, code } = error instanceof Refused ? error : new Refused(500, 'InternalError')
      response
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(
          request.method === 'HEAD'
            ? undefined
            : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused</Message></Error>`,
        )
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
