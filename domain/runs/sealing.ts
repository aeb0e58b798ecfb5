/**
 * Sealing: how a record becomes something only the organisation can read. Web-standard crypto only, so the same file
 * seals in the participant's browser and opens in the researcher's browser, the command line and the tests. Randomness
 * (keys, ivs) is passed in.
 */
import { base64url, fromBase64url } from '../hash.ts'
import { ops, type Op } from './records.ts'

/** What a sealed record or file says about where it belongs; all of it is authenticated. */
export interface Place {
  runId: string
  seq: number
  op: Op
  part: string
}
type Bytes = Uint8Array<ArrayBuffer>
interface Header {
  alg: string
  enc: string
  zip?: string
  cty?: string
  run: string
  seq: number
  op: Op
  part: string
}

/**
 * Sealed bytes that cannot be opened: not our format, altered or under another key, or belonging to another place of
 * the run.
 */
export class SealError extends Error {
  readonly reason: 'malformed' | 'altered' | 'misplaced' | 'unsupported'
  constructor(reason: SealError['reason'], message: string) {
    super(message)
    this.name = 'SealError'
    this.reason = reason
  }
}

const text = new TextEncoder()
const ivLength = 12
const tagLength = 16
/** A record inflates to at most this many bytes, so that a small hostile record cannot fill the reader's memory. */
const maxInflated = 256 * 1024 * 1024

/**
 * The 32 raw bytes of a run key as a key that seals and opens. It is not extractable, so that a page that stores it
 * cannot leak it. Throws a RangeError, at once, for another length.
 */
export const importRunKey = (raw: Uint8Array): Promise<CryptoKey> => {
  if (raw.length !== 32) throw new RangeError('A run key has 32 bytes')
  return crypto.subtle.importKey('raw', raw as Bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** A run key as a browser keeps it, or as its 32 raw bytes. */
export type RunKey = CryptoKey | Uint8Array
const usable = async (key: RunKey): Promise<CryptoKey> => (key instanceof Uint8Array ? importRunKey(key) : key)

/**
 * Wraps the 32 raw bytes of a run key to the organisation's public RSA key: RSA-OAEP (RFC 8017) with SHA-256, as
 * base64url. Rejects with a DOMException for a JWK that is not an RSA key.
 */
export async function wrapRunKey(raw: Uint8Array, jwk: JsonWebKey): Promise<string> {
  const publicKey = await crypto.subtle.importKey(
    'jwk',
    { kty: 'RSA', n: jwk.n!, e: jwk.e! },
    { name: 'RSA-OAEP', hash: 'SHA-256' },
    false,
    ['encrypt'],
  )
  return base64url(new Uint8Array(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, publicKey, raw as Bytes)))
}

async function piped(
  bytes: Bytes,
  through: ReadableWritablePair<Uint8Array, BufferSource>,
  limit: number,
): Promise<Bytes> {
  const reader = new Blob([bytes]).stream().pipeThrough(through).getReader()
  const chunks: Bytes[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > limit) {
      await reader.cancel()
      throw new SealError('malformed', `The record inflates to more than ${limit} bytes`)
    }
    chunks.push(value as Bytes)
  }
  const out = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

/** Whether this platform can deflate; where it cannot, records are sealed as they are. */
function deflates(): boolean {
  try {
    return typeof CompressionStream === 'function' && !!new CompressionStream('deflate-raw')
  } catch {
    return false
  }
}

/**
 * Seals one record as a compact JWE (RFC 7516 with `alg: dir`, `enc: A256GCM` of RFC 7518, and `zip: DEF` where the
 * platform can deflate). The header carries run, seq, op and part and is the additional data, so none of them can be
 * changed. `iv` is 12 random bytes, fresh for every record: the same iv twice under one key would reveal both records.
 * Throws a RangeError for an iv or key of another length, and a TypeError for a body JSON cannot carry.
 */
export async function sealRecord(record: Place & { key: RunKey; body: unknown; iv: Uint8Array }): Promise<string> {
  if (record.iv.length !== ivLength) throw new RangeError('An iv has 12 bytes')
  const json = JSON.stringify(record.body)
  if (json === undefined) throw new TypeError('A record body is a JSON value')
  const plain = text.encode(json)
  const zip = deflates()
  const header: Header = {
    alg: 'dir',
    enc: 'A256GCM',
    ...(zip ? { zip: 'DEF' } : {}),
    cty: 'json',
    run: record.runId,
    seq: record.seq,
    op: record.op,
    part: record.part,
  }
  const protectedHeader = base64url(text.encode(JSON.stringify(header)))
  const packed = zip ? await piped(plain, new CompressionStream('deflate-raw'), Infinity) : plain
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: record.iv as Bytes, additionalData: text.encode(protectedHeader) },
      await usable(record.key),
      packed,
    ),
  )
  const cut = sealed.length - tagLength
  const [ciphertext, tag] = [sealed.subarray(0, cut), sealed.subarray(cut)]
  return [protectedHeader, '', base64url(record.iv), base64url(ciphertext), base64url(tag)].join('.')
}

/** base64url read strictly: bits that the encoding leaves over must be zero, so that one value has one spelling. */
function strict(part: string): Bytes {
  let bytes: Bytes
  try {
    bytes = fromBase64url(part)
  } catch {
    throw new SealError('malformed', 'Not base64url')
  }
  if (base64url(bytes) !== part) throw new SealError('malformed', 'Not canonical base64url')
  return bytes
}

function headerOf(part: string): Header {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(strict(part)))
  } catch (e) {
    if (e instanceof SealError) throw e
    throw new SealError('malformed', 'The header is not JSON')
  }
  const header = parsed as Header
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    typeof header.run !== 'string' ||
    typeof header.seq !== 'number' ||
    typeof header.part !== 'string' ||
    !ops.includes(header.op)
  )
    throw new SealError('malformed', 'The header does not name run, seq, op and part')
  if (
    header.alg !== 'dir' ||
    header.enc !== 'A256GCM' ||
    'crit' in header ||
    (header.zip !== undefined && header.zip !== 'DEF')
  )
    throw new SealError('unsupported', 'Only alg dir, enc A256GCM and zip DEF are read')
  return header
}

/**
 * Opens a sealed record and answers its body. Throws a SealError: `misplaced` when the header names another run, seq,
 * op or part than expected, `altered` when it does not open under this key, `unsupported` for another algorithm, and
 * `malformed` for what is not a compact JWE, inflates to more than 256 MiB or does not hold JSON. Throws a RangeError
 * for a raw key that has not 32 bytes.
 */
export async function openRecord(key: RunKey, jwe: string, expected: Place): Promise<unknown> {
  const parts = jwe.split('.')
  const [head, wrapped, iv, cipher, tag] = parts
  if (parts.length !== 5 || !head || wrapped !== '' || iv === undefined || cipher === undefined || tag === undefined)
    throw new SealError('malformed', 'Not a compact JWE with a direct key')
  const header = headerOf(head)
  if (
    header.run !== expected.runId ||
    header.seq !== expected.seq ||
    header.op !== expected.op ||
    header.part !== expected.part
  )
    throw new SealError('misplaced', `Sealed as record ${header.seq} of another place than ${expected.seq}`)
  const [ivBytes, cipherBytes, tagBytes] = [strict(iv), strict(cipher), strict(tag)]
  if (ivBytes.length !== ivLength || tagBytes.length !== tagLength)
    throw new SealError('malformed', 'iv or tag has the wrong length')
  const sealed = new Uint8Array(cipherBytes.length + tagLength)
  sealed.set(cipherBytes)
  sealed.set(tagBytes, cipherBytes.length)
  const runKey = await usable(key)
  let packed: Bytes
  try {
    packed = new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv: ivBytes, additionalData: text.encode(head) }, runKey, sealed),
    )
  } catch {
    throw new SealError('altered', `Record ${expected.seq} does not open with this key, or was altered`)
  }
  try {
    const plain = header.zip ? await piped(packed, new DecompressionStream('deflate-raw'), maxInflated) : packed
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain))
  } catch (e) {
    if (e instanceof SealError) throw e
    throw new SealError('malformed', `Record ${expected.seq} does not hold JSON`)
  }
}

const fileData = (at: Pick<Place, 'runId' | 'seq'>): Bytes => text.encode(`${at.runId}|${at.seq}|file`)

/**
 * Seals bytes that travel as an object: a file, or the JSON of a record too large for a chunk (its op is then not
 * `file`). They are bound to run and seq. The answer is the 12-byte iv, then AES-256-GCM ciphertext and 16-byte tag.
 * Throws a RangeError for an iv or raw key of another length.
 */
export async function sealBytes(
  key: RunKey,
  bytes: Uint8Array,
  at: Pick<Place, 'runId' | 'seq'>,
  iv: Uint8Array,
): Promise<Bytes> {
  if (iv.length !== ivLength) throw new RangeError('An iv has 12 bytes')
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: iv as Bytes, additionalData: fileData(at) },
      await usable(key),
      bytes as Bytes,
    ),
  )
  const out = new Uint8Array(ivLength + sealed.length)
  out.set(iv)
  out.set(sealed, ivLength)
  return out
}

/**
 * Opens what `sealBytes` sealed for this run and seq. Throws a SealError: `malformed` when it is too short, `altered`
 * when it does not open here. Throws a RangeError for a raw key that has not 32 bytes.
 */
export async function openBytes(key: RunKey, sealed: Uint8Array, at: Pick<Place, 'runId' | 'seq'>): Promise<Bytes> {
  if (sealed.length < ivLength + tagLength) throw new SealError('malformed', 'Too short for sealed bytes')
  const runKey = await usable(key)
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: sealed.slice(0, ivLength) as Bytes, additionalData: fileData(at) },
        runKey,
        sealed.slice(ivLength) as Bytes,
      ),
    )
  } catch {
    throw new SealError('altered', `The file of record ${at.seq} does not open with this key, or was altered`)
  }
}

/**
 * The body of a record whose bytes are its object, sealed at the same seq: a file, or (`json`) a body too large for a
 * chunk. `size` and `sha256` are of the bytes before sealing.
 */
export interface Attached {
  attached: { name: string; type: string; size: number; sha256: string; json: boolean }
}
/**
 * Whether an opened body stands for attached bytes. Ask it only of a record with an object: a study may record
 * anything.
 */
export const isAttached = (body: unknown): body is Attached =>
  typeof body === 'object' &&
  body !== null &&
  typeof (body as Partial<Attached>).attached === 'object' &&
  (body as Attached).attached !== null
