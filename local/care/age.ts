/**
 * Files of the age format (https://age-encryption.org/v1), under a passphrase or for recipients: what is written here
 * can be opened by the program `age`, without Cloister. By the system's own ciphers, which are ten times as fast as
 * those of the library that the tests hold it against. The body is sealed in pieces of 64 KiB whose order and end are
 * part of the seal.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { nonceOf, pieceBytes, pieces } from '../../adapters/local/pieces.ts'
import { base64, fileKeyBy, fromBase64, type Lock, NotOpened, type Opener, type Stanza, stanzasOf } from './age-keys.ts'
import { seal, tagBytes, unseal } from './age-seal.ts'

const version = 'age-encryption.org/v1'
const longestHeader = 16 * 1024
/** Letters of a line of a stanza's body; a shorter one is the last. */
const lineLength = 64

const derived = (fileKey: Buffer, salt: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, salt, purpose, 32))
const headerMac = (fileKey: Buffer, header: string): Buffer =>
  createHmac('sha256', derived(fileKey, Buffer.alloc(0), 'header'))
    .update(header)
    .digest()

function textOf({ type, parts, body }: Stanza): string {
  const text = base64(body)
  const lines: string[] = []
  for (let at = 0; at < text.length; at += lineLength) lines.push(text.slice(at, at + lineLength))
  // The last line is shorter than the others, and be it empty.
  if ((lines.at(-1)?.length ?? lineLength) === lineLength) lines.push('')
  return `-> ${[type, ...parts].join(' ')}\n${lines.join('\n')}\n`
}

/** The stanzas of a header, and the seal over it. Throws `NotOpened` for what is no header of this format. */
function parsed(header: string): { stanzas: Stanza[]; mac: Buffer } {
  const lines = header.split('\n')
  const wrong = new NotOpened('format')
  if (lines.shift() !== version || lines.pop() !== '') throw wrong
  const mac = fromBase64(/^--- (\S{43})$/.exec(lines.pop() ?? '')?.[1] ?? '')
  const stanzas: Stanza[] = []
  while (lines.length > 0) {
    const [, said] = /^-> ([!-~]+(?: [!-~]+)*)$/.exec(lines.shift()!) ?? []
    if (said === undefined) throw wrong
    let text = ''
    for (let line: string | undefined = ''; ;) {
      line = lines.shift()
      if (line === undefined || line.length > lineLength) throw wrong
      text += line
      if (line.length < lineLength) break
    }
    const [type, ...parts] = said.split(' ')
    const body = fromBase64(text)
    if (!body) throw wrong
    stanzas.push({ type: type!, parts, body })
  }
  if (!mac || stanzas.length === 0) throw wrong
  return { stanzas, mac }
}

/** A key for one file: whoever writes it can read it back, and needs nobody's secret for it. */
export const newFileKey = (): Buffer => randomBytes(16)

/** The bytes of an age file. */
export async function* encrypted(
  source: AsyncIterable<Uint8Array>,
  lock: Lock,
  fileKey: Buffer = newFileKey(),
): AsyncGenerator<Uint8Array> {
  const nonce = randomBytes(16)
  const header = `${version}\n${(await stanzasOf(fileKey, lock)).map(textOf).join('')}---`
  yield Buffer.from(`${header} ${base64(headerMac(fileKey, header))}\n`)
  yield nonce
  const key = derived(fileKey, nonce, 'payload')
  let index = 0
  for await (const { bytes, last } of pieces(source, pieceBytes)) yield seal(key, nonceOf(index++, last), bytes)
}

/** Reads the header and the nonce; what follows them is given back with the rest of the source. */
async function opened(source: AsyncIterator<Uint8Array>, opener: Opener): Promise<{ key: Buffer; rest: Buffer }> {
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
  const { stanzas, mac } = parsed(header)
  const fileKey = await fileKeyBy(opener, stanzas)
  const expected = headerMac(fileKey, header.slice(0, header.lastIndexOf(' ')))
  if (!timingSafeEqual(expected, mac)) throw new NotOpened('damaged')
  return { key: derived(fileKey, read.subarray(end, end + 16), 'payload'), rest: read.subarray(end + 16) }
}

/**
 * What was encrypted. Throws `NotOpened` for what does not open it, and as soon as a piece is not what was written;
 * what was given out before that is genuine.
 */
export async function* decrypted(source: AsyncIterable<Uint8Array>, opener: Opener): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  const { key, rest } = await opened(iterator, opener)
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

/** Whether what begins a file says that it is under a passphrase, and not for recipients. */
export const isUnderPassphrase = (beginning: string): boolean => beginning.startsWith(`${version}\n-> scrypt `)
