import { base32 } from '../../domain/hash.ts'
import type { Deps } from '../kernel/deps.ts'

/** An outside id as it is kept: a keyed hash, different in every study. */
export const pseudonymOf = async (deps: Pick<Deps, 'keys'>, studyId: string, outsideId: string): Promise<string> =>
  `p_${base32((await deps.keys.mac('pseudonym', `${studyId}\n${outsideId}`)).subarray(0, 15))}`
