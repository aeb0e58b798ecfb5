/** Bytes of an open file. */
import type { FileHandle } from 'node:fs/promises'

/** As many bytes as are there, up to `length`. */
export async function readAll(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let got = 0
  while (got < length) {
    const { bytesRead } = await handle.read(buffer, got, length - got, from + got)
    if (bytesRead === 0) break
    got += bytesRead
  }
  return buffer.subarray(0, got)
}
