/** Secrets that are shown once and kept as SHA-256. */
import { timingSafeEqual } from 'node:crypto'
import { base64url, sha256Hex } from '../../domain/hash.ts'
import type { Deps } from '../kernel/deps.ts'

/** 256 random bits. */
export const newSecret = (deps: Pick<Deps, 'random'>): string => base64url(deps.random(32))

/** Whether two hex digests are equal, in constant time. */
export const sameDigest = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** A personal access token as its owner sees it once. */
export const formatToken = (tokenId: string, secret: string): string => `clo_${tokenId.slice('tok_'.length)}_${secret}`

/** The id and the digest of the secret, or undefined for what is not such a token. */
export async function parseToken(text: string): Promise<{ tokenId: string; digest: string } | undefined> {
  const match = /^clo_([a-z2-7]{16,32})_([A-Za-z0-9_-]{43})$/.exec(text)
  return match ? { tokenId: `tok_${match[1]}`, digest: await sha256Hex(match[2]!) } : undefined
}
