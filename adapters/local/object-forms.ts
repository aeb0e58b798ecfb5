/**
 * How the bytes of an object lie in its file: as they are, or sealed (decision 0022) in pieces of 64 KiB after a salt.
 * Each file has a key of its own, made of the home's key, the salt and the object's place, so that no file stands for
 * another's, and every piece is opened alone.
 */
import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { openBytes, SealBroken, sealBytes, tagBytes } from '../../runner/seal-words.ts'
import { nonceOf, pieceBytes, pieces } from './pieces.ts'
import { keyFor, type Seal } from './seal.ts'
import { readAll } from './file-bytes.ts'

/** An object's bytes in a file. */
export interface Form {
  /** Of how many bytes the file of an object of `size` bytes is. */
  fileSize(size: number): number
  /** Writes all of an object into a new file. */
  write(handle: FileHandle, body: AsyncIterable<Uint8Array>): Promise<void>
  /** Bytes of an object of `size` bytes, from a place on. The handle stays open. `SealBroken` when it was changed. */
  read(handle: FileHandle, size: number, from: number, length: number): AsyncIterable<Uint8Array>
}

const atOnce = 256 * 1024
const magic = Buffer.from('cloister-sealed\n')
const saltBytes = 32
const headBytes = magic.length + saltBytes
const sealedPiece = pieceBytes + tagBytes

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten
}

/** As they are, after so many bytes that are not the object's. */
export const plainForm = (start: number): Form => ({
  fileSize: (size) => start + size,
  async write(handle, body) {
    for await (const chunk of body) await writeAll(handle, chunk)
  },
  async *read(handle, _, from, length) {
    for (let at = 0; at < length;) {
      const bytes = await readAll(handle, start + from + at, Math.min(atOnce, length - at))
      if (bytes.length === 0) return
      at += bytes.length
      yield bytes
    }
  },
})

const pieceCount = (size: number): number => Math.max(1, Math.ceil(size / pieceBytes))

/** Sealed, in a file whose place is `about`. */
export function sealedForm(seal: Seal, about: string): Form {
  const keyOf = (salt: Uint8Array): Buffer => keyFor(seal, `object ${about}`, salt)
  return {
    fileSize: (size) => headBytes + size + pieceCount(size) * tagBytes,
    async write(handle, body) {
      const salt = randomBytes(saltBytes)
      const key = keyOf(salt)
      await writeAll(handle, Buffer.concat([magic, salt]))
      let index = 0
      for await (const { bytes, last } of pieces(body, pieceBytes))
        await writeAll(handle, sealBytes(key, nonceOf(index++, last), bytes, ''))
    },
    async *read(handle, size, from, length) {
      const head = await readAll(handle, 0, headBytes)
      if (head.length < headBytes || !head.subarray(0, magic.length).equals(magic)) throw new SealBroken('no seal')
      const key = keyOf(head.subarray(magic.length))
      const lastPiece = pieceCount(size) - 1
      const end = from + length
      const final = Math.max(0, Math.ceil(end / pieceBytes) - 1)
      const together = atOnce / pieceBytes
      for (let first = Math.floor(from / pieceBytes); first <= final; first += together) {
        const count = Math.min(together, final - first + 1)
        const sealed = await readAll(handle, headBytes + first * sealedPiece, count * sealedPiece)
        for (let index = first; index < first + count; index++) {
          const at = (index - first) * sealedPiece
          const plain = openBytes(key, nonceOf(index, index === lastPiece), sealed.subarray(at, at + sealedPiece), '')
          const begin = index * pieceBytes
          const wanted = plain.subarray(Math.max(0, from - begin), Math.max(0, end - begin))
          if (wanted.length > 0) yield wanted
        }
      }
    },
  }
}
