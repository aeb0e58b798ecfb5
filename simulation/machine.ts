/**
 * The machine as code sees it: clock, timers, chance and cryptography, played. Handlers get theirs handed in; a browser's
 * code asks the globals. What the machine answers by another thread is answered here at once, so that nothing of a
 * history depends on how fast this machine is. It is played for a whole thread, once, for good.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'

/** What a task sees of the world. */
export interface Played {
  now(): number
  after(milliseconds: number, act: () => void): unknown
  bytes(count: number): Uint8Array
  fetch(url: string, init: RequestInit): Promise<Response>
  /** Told when something happens to the page. */
  listen(event: string, act: () => void): void
}

const RealDate = Date
const tagBytes = 16

interface RawKey {
  raw: Uint8Array
}
const asBytes = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
const exact = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer

const digestNames: Record<string, string> = { 'SHA-256': 'sha256', 'SHA-512': 'sha512' }
type Sealing = AesGcmParams & { name: string }

/** Web cryptography without its threads. A wrapped key is the key itself, in the length of a wrapped one. */
const subtle = {
  digest: async (name: string, data: BufferSource) =>
    exact(createHash(digestNames[name]!).update(asBytes(data)).digest()),
  importKey: async (_format: string, raw: BufferSource) =>
    ({ raw: raw instanceof ArrayBuffer || ArrayBuffer.isView(raw) ? asBytes(raw) : new Uint8Array(0) }) as RawKey,
  async encrypt({ name, iv, additionalData }: Sealing, { raw }: RawKey, data: BufferSource) {
    if (name === 'RSA-OAEP') return exact(wrapped(asBytes(data)))
    const cipher = createCipheriv('aes-256-gcm', raw, asBytes(iv))
    if (additionalData) cipher.setAAD(asBytes(additionalData))
    return exact(Buffer.concat([cipher.update(asBytes(data)), cipher.final(), cipher.getAuthTag()]))
  },
  async decrypt({ iv, additionalData }: Sealing, { raw }: RawKey, data: BufferSource) {
    const bytes = asBytes(data)
    const decipher = createDecipheriv('aes-256-gcm', raw, asBytes(iv))
    if (additionalData) decipher.setAAD(asBytes(additionalData))
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
    return exact(Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]))
  },
}

const wrappedBytes = 384
/** 32 bytes in the length of what RSA-OAEP makes of them under a key of 3,072 bits. */
export function wrapped(raw: Uint8Array): Uint8Array {
  const out = new Uint8Array(wrappedBytes)
  out.set(raw, 1)
  return out
}

/** Bytes that are unpacked as they are asked for, in one piece. */
class PlayedBlob {
  readonly bytes: Uint8Array
  readonly type = ''
  constructor(parts: Uint8Array[]) {
    this.bytes = Buffer.concat(parts)
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return exact(this.bytes)
  }
  stream() {
    const { bytes } = this
    return {
      pipeThrough: (_unpacking: unknown): AsyncIterable<Uint8Array> => ({
        async *[Symbol.asyncIterator]() {
          yield unpacked(bytes)
        },
      }),
    }
  }
}
function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes)
  } catch {
    throw new TypeError('not gzip')
  }
}

let played: Played | undefined
/** Whose world it is from now on. */
export function play(world: Played): void {
  played = world
}

interface Timer {
  over: boolean
  unref(): Timer
}
function timer(act: () => void, milliseconds = 0): Timer {
  const made: Timer = { over: false, unref: () => made }
  played!.after(milliseconds, () => {
    if (!made.over) act()
  })
  return made
}

/** Replaces the machine of this thread. */
export function playMachine(): void {
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  class PlayedDate extends RealDate {
    constructor(...given: [] | [number | string]) {
      super(...((given.length === 0 ? [played!.now()] : given) as [number]))
    }
    static override now(): number {
      return played!.now()
    }
  }
  define('Date', PlayedDate)
  define('setTimeout', timer)
  define('clearTimeout', (one: Timer | undefined) => {
    if (one) one.over = true
  })
  define('setInterval', () => {
    throw new Error('No intervals here')
  })
  define('fetch', (url: string, init: RequestInit) => played!.fetch(url, init))
  define('Blob', PlayedBlob)
  define('DecompressionStream', function DecompressionStream() {})
  define('CompressionStream', undefined)
  const fill = <T extends Uint8Array>(array: T): T => {
    array.set(played!.bytes(array.length))
    return array
  }
  const randomUUID = (): string => {
    const hex = Buffer.from(fill(new Uint8Array(16))).toString('hex')
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
      '-',
    )
  }
  define('crypto', { subtle, getRandomValues: fill, randomUUID })
  Math.random = () => {
    const [one, two] = played!.bytes(2)
    return (one! * 256 + two!) / 65_536
  }
  // A page that is always looked at, by somebody who is always connected.
  define('document', { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} })
  define('addEventListener', (event: string, act: () => void) => played!.listen(event, act))
  define('removeEventListener', () => {})
}
