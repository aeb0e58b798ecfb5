/** The content hash of a version: the same configuration and files give the same hash anywhere. */
import { canonical, sha256Hex } from '../hash.ts'

/**
 * SHA-256 over the canonical configuration and path, SHA-256 and media type of the files, in order of path: all that a
 * participant's browser goes by.
 */
export const contentHash = (
  configuration: unknown,
  files: readonly { path: string; sha256: string; type: string }[],
): Promise<string> =>
  sha256Hex(
    canonical({
      configuration,
      files: files.map((f) => [f.path, f.sha256, f.type]).sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0)),
    }),
  )
