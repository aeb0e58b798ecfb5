/** The content hash of a version: the same configuration and files give the same hash anywhere. */
import { canonical, sha256Hex } from '../hash.ts'

/** SHA-256 over the canonical configuration and the (path, sha256) pairs in order of path. */
export const contentHash = (configuration: unknown, files: readonly { path: string; sha256: string }[]): Promise<string> =>
  sha256Hex(canonical({ configuration, files: files.map((f) => [f.path, f.sha256]).sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0)) }))
