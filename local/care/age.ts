/**
 * Files of the age format (https://age-encryption.org/v1) under a passphrase: what is written here can be opened by the
 * program `age`, without Cloister. By the system's own ciphers, which are ten times as fast as those of the library
 * that the tests hold it against. The body is sealed in pieces of 64 KiB whose order and end are part of the seal.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { promisify } from 'node:util'

/** The passphrase is wrong, or the file is not what was written: cut, changed or another's. */
export class NotOpened extends Error {
  override name = 'NotOpened'
  readonly why: 'passphrase' | 'damaged' | 'format'
  constructor(why: 'passphrase' | 'damaged' | 'format') {
    super(why)
    this.why = why
  }
}

const cipher = 'chacha20-poly1305'
const pieceBytes = 64 * 1024
const tagBytes = 16
const version = 'age-encryption.org/v1'
/** The cost of a guess: 2 to this many. What `age` itself takes. */
const usualWork = 18
/** More than this is refused: a file must not be able to ask for all memory. */
const mostWork = 20
const longestHeader = 4096
const stanza =
  /^age-encryption\.org\/v1\n-> scrypt ([A-Za-z0-9+/]{22}) (\d{1,2})\n([A-Za-z0-9+/]{43})\n--- ([A-Za-z0-9+/]{43})\n$/

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '')

async function passphraseKey(passphrase: string, salt: Buffer, work: number): Promise<Buffer> {
  const cost = 2 ** work
  const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)
  const salted = Buffer.concat([Buffer.from(`${version}/scrypt`), salt])
  return derive(passphrase, salted, 32, { N: cost, r: 8, p: 1, maxmem: 2 * 128 * 8 * cost })
}

const derived = (fileKey: Buffer, salt: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, salt, purpose, 32))
const headerMac = (fileKey: Buffer, header: string): Buffer =>
  createHmac('sha256', derived(fileKey, Buffer.alloc(0), 'header'))
    .update(header)
    .digest()

function seal(key: Buffer, nonce: Uint8Array, bytes: Uint8Array): Buffer {
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  return Buffer.concat([sealing.update(bytes), sealing.final(), sealing.getAuthTag()])
}
function unseal(key: Buffer, nonce: Uint8Array, sealed: Buffer): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined
  const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  opening.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    return Buffer.concat([opening.update(sealed.subarray(0, sealed.length - tagBytes)), opening.final()])
  } catch {
    return undefined
  }
}

/** The nonce of a piece: its number, and whether it is the last. */
function nonceOf(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = last ? 1 : 0
  return nonce
}

/** Pieces of exactly `size` bytes, and the rest, which may be empty only when there is nothing else. */
async function* pieces(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ bytes: Buffer; last: boolean }> {
  let waiting: Buffer[] = []
  let length = 0
  for await (const chunk of source) {
    waiting.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    length += chunk.length
    // One more byte than a piece: only then it is known not to be the last.
    if (length <= size) continue
    const all = Buffer.concat(waiting)
    let at = 0
    for (; all.length - at > size; at += size) yield { bytes: all.subarray(at, at + size), last: false }
    waiting = [all.subarray(at)]
    length = all.length - at
  }
  yield { bytes: Buffer.concat(waiting), last: true }
}

/** The bytes of an age file. */
export async function* encrypted(
  source: AsyncIterable<Uint8Array>,
  passphrase: string,
  work = usualWork,
): AsyncGenerator<Uint8Array> {
  const [fileKey, salt, nonce] = [randomBytes(16), randomBytes(16), randomBytes(16)]
  const wrapped = seal(await passphraseKey(passphrase, salt, work), Buffer.alloc(12), fileKey)
  const header = `${version}\n-> scrypt ${base64(salt)} ${work}\n${base64(wrapped)}\n---`
  yield Buffer.from(`${header} ${base64(headerMac(fileKey, header))}\n`)
  yield nonce
  const key = derived(fileKey, nonce, 'payload')
  let index = 0
  for await (const { bytes, last } of pieces(source, pieceBytes)) yield seal(key, nonceOf(index++, last), bytes)
}

/** Reads the header and the nonce; what follows them is given back with the rest of the source. */
async function opened(source: AsyncIterator<Uint8Array>, passphrase: string): Promise<{ key: Buffer; rest: Buffer }> {
  let read = Buffer.alloc(0)
  let end = -1
  while (end < 0 || read.length < end + 16) {
    const next = await source.next()
    if (next.done || read.length > longestHeader + pieceBytes) throw new NotOpened(end < 0 ? 'format' : 'damaged')
    read = Buffer.concat([read, next.value])
    const mac = read.indexOf('\n--- ')
    if (mac >= 0 && mac < longestHeader) end = read.indexOf('\n', mac + 1) + 1 || -1
  }
  const header = read.toString('latin1', 0, end)
  const [, salt, work, wrapped, mac] = stanza.exec(header) ?? []
  if (salt === undefined || Number(work) > mostWork) throw new NotOpened('format')
  const wrapping = await passphraseKey(passphrase, Buffer.from(salt, 'base64'), Number(work))
  const fileKey = unseal(wrapping, Buffer.alloc(12), Buffer.from(wrapped!, 'base64'))
  if (!fileKey) throw new NotOpened('passphrase')
  const expected = headerMac(fileKey, header.slice(0, header.lastIndexOf(' ')))
  if (!timingSafeEqual(expected, Buffer.from(mac!, 'base64'))) throw new NotOpened('damaged')
  return { key: derived(fileKey, read.subarray(end, end + 16), 'payload'), rest: read.subarray(end + 16) }
}

/**
 * What was encrypted. Throws `NotOpened` for a wrong passphrase, and as soon as a piece is not what was written; what
 * was given out before that is genuine.
 */
export async function* decrypted(source: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  const { key, rest } = await opened(iterator, passphrase)
  async function* body(): AsyncGenerator<Uint8Array> {
    yield rest
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  let index = 0
  for await (const { bytes, last } of pieces(body(), pieceBytes + tagBytes)) {
    const plain = unseal(key, nonceOf(index++, last), bytes)
    if (!plain || (last && plain.length === 0 && index > 1)) throw new NotOpened('damaged')
    yield plain
  }
}
