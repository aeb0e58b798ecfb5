/** Bytes of objects on their way into files. */
import type { Hash } from 'node:crypto'

/** The bytes of an upload were not what its link promised. */
export class UploadRefused extends Error {
  override name = 'UploadRefused'
}

/** Whether nothing is there. A key too long for a path of this system cannot have been stored. */
export const absent = (e: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((e as NodeJS.ErrnoException).code ?? '')

/** A stream that is hashed and counted on its way; ended as soon as it is too long. */
export async function* measured(
  body: AsyncIterable<Uint8Array>,
  most: number,
  hash: Hash,
  count: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > most) throw new UploadRefused(`More than the ${most} bytes of the link were sent.`)
    hash.update(chunk)
    count(chunk.length)
    yield chunk
  }
}
