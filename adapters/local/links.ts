/** Signed links of the local object store: what a link promises is in it, and an HMAC covers all of it. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type Bucket, buckets } from '../../ports/objects.ts'

export interface LinkClaims {
  method: 'PUT' | 'GET'
  bucket: Bucket
  key: string
  /** Seconds since the epoch. */
  expires: number
  size?: number
  /** For a link that promises nothing but its type: bytes it takes at most. */
  most?: number
  sha256?: string
  type?: string
  disposition?: string
}

/** Where the gateway serves links. */
export const objectsPath = '/objects/'

// JSON keeps the parts apart whatever they contain.
const mac = (secret: Uint8Array, claims: LinkClaims): Buffer =>
  createHmac('sha256', secret)
    .update(
      JSON.stringify([
        claims.method,
        claims.bucket,
        claims.key,
        claims.expires,
        claims.size ?? null,
        claims.sha256 ?? null,
        claims.type ?? null,
        claims.disposition ?? null,
        claims.most ?? null,
      ]),
    )
    .digest()

/** Path and query of a link. The key travels as one escaped segment, so that no client or proxy resolves dots in it. */
export function signLink(secret: Uint8Array, claims: LinkClaims): string {
  const query = new URLSearchParams({ expires: String(claims.expires) })
  for (const name of ['size', 'sha256', 'type', 'disposition', 'most'] as const)
    if (claims[name] !== undefined) query.set(name, String(claims[name]))
  query.set('signature', mac(secret, claims).toString('base64url'))
  return `${objectsPath}${claims.bucket}/${Buffer.from(claims.key).toString('base64url')}?${query}`
}

/** The claims of a request's path and query, or why it is refused. A HEAD is allowed where a GET is. */
export function verifyLink(
  secret: Uint8Array,
  method: string,
  pathAndQuery: string,
  nowSeconds: number,
): LinkClaims | 'invalid' | 'expired' {
  const [path = '', search = ''] = pathAndQuery.split(/\?(.*)/s)
  const [bucket, key, ...rest] = path.startsWith(objectsPath) ? path.slice(objectsPath.length).split('/') : []
  const query = new URLSearchParams(search)
  const expires = Number(query.get('expires'))
  if (
    !(buckets as readonly (string | undefined)[]).includes(bucket) ||
    key === undefined ||
    rest.length > 0 ||
    !Number.isSafeInteger(expires)
  )
    return 'invalid'
  const text = (name: string): string | undefined => query.get(name) ?? undefined
  const [size, sha256, type, disposition, most] = [
    text('size'),
    text('sha256'),
    text('type'),
    text('disposition'),
    text('most'),
  ]
  const claims: LinkClaims = {
    method: method === 'HEAD' ? 'GET' : (method as LinkClaims['method']),
    bucket: bucket as Bucket,
    key: Buffer.from(key, 'base64url').toString('utf8'),
    expires,
    ...(size === undefined ? {} : { size: Number(size) }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(type === undefined ? {} : { type }),
    ...(disposition === undefined ? {} : { disposition }),
    ...(most === undefined ? {} : { most: Number(most) }),
  }
  const given = Buffer.from(query.get('signature') ?? '', 'base64url')
  const right = mac(secret, claims)
  if (given.length !== right.length || !timingSafeEqual(given, right)) return 'invalid'
  return nowSeconds >= expires ? 'expired' : claims
}
