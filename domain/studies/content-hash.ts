/** The content hash of a version: the same configuration and files give the same hash anywhere. */
import { canonical, sha256Hex } from '../hash.ts'

/** By UTF-16 code units, whatever the language of the machine. */
function byPath([one = '']: readonly string[], [other = '']: readonly string[]): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

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
      files: files.map((file) => [file.path, file.sha256, file.type]).sort(byPath),
    }),
  )
