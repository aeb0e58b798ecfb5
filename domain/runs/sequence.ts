/** What a run's stored chunks say together: which record stands at which number, and what is missing. */
import { maxChunkRecords } from './records.ts'

/** A stored chunk, as far as its place matters. `order` grows with every chunk that a run stores. */
export interface Placed {
  first: number
  last: number
  order: number
}

/**
 * Which chunk holds each number: the one stored first. A client that cuts its queue anew after a crash
 * can store overlapping chunks; what was acknowledged first stands.
 */
export function placed<C extends Placed>(chunks: Iterable<C>): Map<number, C> {
  const at = new Map<number, C>()
  for (const c of [...chunks].sort((a, b) => a.order - b.order))
    for (let seq = c.first; seq <= c.last; seq++) if (!at.has(seq)) at.set(seq, c)
  return at
}

/** The lowest first number that a chunk covering `seq` can have. */
export const reach = (seq: number): number => Math.max(1, seq - maxChunkRecords + 1)

/** Contiguous stretches of `first..last` that `taken` does not hold. */
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

/**
 * Why a compact JWE's protected header is not the one declared beside it, or undefined when it is. The header is
 * authenticated by the encryption, so a record that passes here and decrypts later stands where its maker put it.
 */
export function headerFault(jwe: string, d: Declared): string | undefined {
  const encoded = jwe.slice(0, jwe.indexOf('.'))
  if (encoded.length > 600) return 'The protected header is longer than 600 characters'
  let h: Record<string, unknown>
  try {
    h = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(
        Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)),
      ),
    ) as Record<string, unknown>
  } catch {
    return 'The protected header is not JSON'
  }
  if (h === null || typeof h !== 'object' || h['alg'] !== 'dir' || h['enc'] !== 'A256GCM')
    return 'The protected header must say alg dir and enc A256GCM'
  const wrong = (['run', 'seq', 'op', 'part'] as const).find((k) => h[k] !== d[k])
  return wrong === undefined ? undefined : `The protected header’s ${wrong} is not the declared one`
}
