/** What a run's stored chunks say together: which record stands at which number, and what is missing. */
import { fromBase64url } from '../hash.ts'
import { maxChunkRecords } from './records.ts'

/** A stored chunk, as far as its place matters. `order` grows with every chunk that a run stores. */
export interface Placed {
  first: number
  last: number
  order: number
}

/**
 * Which chunk holds each number: the one stored first. A client that cuts its queue anew after a crash can store
 * overlapping chunks; what was acknowledged first stands. A number that no chunk holds is not in the map.
 */
export function placed<C extends Placed>(chunks: Iterable<C>): Map<number, C> {
  const at = new Map<number, C>()
  for (const chunk of [...chunks].sort((a, b) => a.order - b.order))
    for (let seq = chunk.first; seq <= chunk.last; seq++) if (!at.has(seq)) at.set(seq, chunk)
  return at
}

/** The lowest first number, at least 1, that a chunk covering `seq` can have. */
export const reach = (seq: number): number => Math.max(1, seq - maxChunkRecords + 1)

/** Contiguous stretches of `first..last`, both included, that `taken` does not hold; in order. */
export function gaps(first: number, last: number, taken: (seq: number) => boolean): [first: number, last: number][] {
  const out: [number, number][] = []
  for (let seq = first; seq <= last; seq++) {
    if (taken(seq)) continue
    const top = out.at(-1)
    if (top && top[1] === seq - 1) top[1] = seq
    else out.push([seq, seq])
  }
  return out
}

export interface Declared {
  run: string
  seq: number
  op: string
  part: string
}

const maxHeaderCharacters = 600

/** The JSON of an encoded header; undefined when it is not JSON. */
function readHeader(encoded: string): Record<string, unknown> | null | undefined {
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(encoded))
    return JSON.parse(json) as Record<string, unknown> | null
  } catch {
    return undefined
  }
}

/**
 * Why a compact JWE's protected header is not the one declared beside it, or undefined when it is. The header is
 * authenticated by the encryption, so a record that passes here and decrypts later stands where its maker put it. Does
 * not throw, whatever the text is.
 */
export function headerFault(jwe: string, declared: Declared): string | undefined {
  const encoded = jwe.slice(0, jwe.indexOf('.'))
  if (encoded.length > maxHeaderCharacters) {
    return `The protected header is longer than ${maxHeaderCharacters} characters`
  }
  const header = readHeader(encoded)
  if (header === undefined) return 'The protected header is not JSON'
  if (header === null || typeof header !== 'object' || header['alg'] !== 'dir' || header['enc'] !== 'A256GCM')
    return 'The protected header must say alg dir and enc A256GCM'
  const wrong = (['run', 'seq', 'op', 'part'] as const).find((k) => header[k] !== declared[k])
  return wrong === undefined ? undefined : `The protected header’s ${wrong} is not the declared one`
}
