/** Bytes of objects, in and out of files. */
import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

/** The bytes of an upload were not what its link promised. */
export class UploadRefused extends Error {
  override name = 'UploadRefused'
}

/** Whether nothing is there. A key too long for a path of this system cannot have been stored. */
export const absent = (e: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((e as NodeJS.ErrnoException).code ?? '')

/** Bytes of a file, which is closed after the last one. */
export async function* readFrom(handle: FileHandle, start: number, length: number): AsyncIterable<Uint8Array> {
  try {
    for (let at = 0; at < length;) {
      const { buffer, bytesRead } = await handle.read(
        Buffer.allocUnsafe(Math.min(256 * 1024, length - at)),
        0,
        undefined,
        start + at,
      )
      if (bytesRead === 0) return
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Writes a stream into an open file while hashing it; stops as soon as it is too long. */
export async function receive(
  handle: FileHandle,
  body: AsyncIterable<Uint8Array>,
  most: number,
  hash: Hash,
): Promise<number> {
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > most) throw new UploadRefused(`More than the ${most} bytes of the link were sent.`)
    hash.update(chunk)
    for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten
  }
  return length
}
