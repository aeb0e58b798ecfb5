/** Ids, from randomness or from what they stand for. */
import { base32, sha256 } from '../../domain/hash.ts'
import type { Deps } from './deps.ts'

export type Prefix = 'org' | 'std' | 'run' | 'tok' | 'dat' | 'job' | 'syn' | 'pip' | 'exp' | 'rul'

/** 160 random bits as `prefix_` and 32 letters and digits. */
export const newId = (deps: Pick<Deps, 'random'>, prefix: Prefix): string => `${prefix}_${base32(deps.random(20))}`

/** The same parts give the same id: makes a repeated request find what the first one made. */
export const derivedId = async (prefix: Prefix, ...parts: string[]): Promise<string> =>
  `${prefix}_${base32((await sha256(parts.map((p) => `${p.length}:${p}`).join(''))).subarray(0, 20))}`

/** 100 of 104 random bits as 20 letters and digits: a link code. */
export const linkCodeOf = (bytes: Uint8Array): string => base32(bytes).slice(0, 20)
