/**
 * Looks at the head of an image file, never at its pixels: how many frames, how wide, how high, how deep. Reads through
 * a function, so that the same code serves a file in the browser, slice by slice, and bytes in the store. TIFF 6.0
 * (Adobe, 1992), BigTIFF, ImageJ's note of how many images follow, and PNG (W3C, third edition).
 */
export interface ImageHead {
  format: 'tiff' | 'png'
  frames: number
  width: number
  height: number
  /** Of one sample. */
  bits: number
  /** Samples a pixel: 1 is grey, 3 is colour. */
  samples: number
}
/** `length` bytes from `offset` on, fewer where the file ends before. */
export type Read = (offset: number, length: number) => Promise<Uint8Array>

/** It is no picture that this file can read, or it is broken; the message says which in a few words. */
export class NotAnImage extends Error {
  override name = 'NotAnImage'
}

/** More frames than this are not counted: a chain of directories that long is a circle or a mistake. */
const mostFrames = 1_000_000
const mostFields = 4096
const windowBytes = 65_536

type NumberSize = 1 | 2 | 4 | 8

/** Numbers out of a file through a window, so that a chain of directories that lie close together is few reads. */
class Reader {
  private readonly read: Read
  private start = 0
  private window: Uint8Array = new Uint8Array()
  little = true
  constructor(read: Read) {
    this.read = read
  }
  async bytes(at: number, length: number): Promise<Uint8Array> {
    if (at < this.start || at + length > this.start + this.window.length) {
      this.start = at
      this.window = await this.read(at, Math.max(length, windowBytes))
      if (this.window.length < length) throw new NotAnImage('It ends before its own directory does')
    }
    return this.window.subarray(at - this.start, at - this.start + length)
  }
  async number(at: number, size: 2 | 4 | 8): Promise<number> {
    const bytes = await this.bytes(at, size)
    const view = new DataView(bytes.buffer, bytes.byteOffset, size)
    if (size === 2) return view.getUint16(0, this.little)
    if (size === 4) return view.getUint32(0, this.little)
    return Number(view.getBigUint64(0, this.little))
  }
}

/** How wide the parts of a TIFF are, in bytes. A BigTIFF differs from a classic one in nothing else. */
interface TiffLayout {
  /** Of a place in the file, and of how many values a field has. */
  offset: 4 | 8
  /** Of how many fields a directory has. */
  count: 2 | 8
  /** Of one field of a directory. */
  field: 12 | 20
}
const classic: TiffLayout = { offset: 4, count: 2, field: 12 }
const bigTiff: TiffLayout = { offset: 8, count: 8, field: 20 }
const layoutOf = new Map([
  [42, classic],
  [43, bigTiff],
])

const tags = { width: 256, height: 257, bits: 258, description: 270, samples: 277 } as const
/** Bytes of one value, by the type of the field: BYTE, ASCII, SHORT, LONG, LONG8; all others have eight at most. */
const sizeOf: Readonly<Record<number, NumberSize>> = { 1: 1, 2: 1, 3: 2, 4: 4, 16: 8 }

interface Field {
  type: number
  count: number
  /** Where its values are in the file. */
  at: number
}
interface Directory {
  /** Where the next directory is; 0 when this is the last. */
  next: number
  fields: Map<number, Field>
}

async function fieldCount(reader: Reader, at: number, { count }: TiffLayout, broken: string): Promise<number> {
  const fields = await reader.number(at, count)
  if (fields === 0 || fields > mostFields) throw new NotAnImage(broken)
  return fields
}

/** Where the directory after the one at `at` is, which is read no further: the frames of a stack are alike. */
async function nextDirectory(reader: Reader, at: number, layout: TiffLayout): Promise<number> {
  const count = await fieldCount(reader, at, layout, 'A directory of it is broken')
  return reader.number(at + layout.count + count * layout.field, layout.offset)
}

async function directory(reader: Reader, at: number, layout: TiffLayout): Promise<Directory> {
  const fields: Directory['fields'] = new Map()
  const total = await fieldCount(reader, at, layout, 'Its directory is broken')
  const first = at + layout.count
  for (let i = 0; i < total; i++) {
    const entry = first + i * layout.field
    const tag = await reader.number(entry, 2)
    const type = await reader.number(entry + 2, 2)
    const count = await reader.number(entry + 4, layout.offset)
    const values = entry + 4 + layout.offset
    // Values that fit stand in the field itself, longer ones where it points to.
    const fits = count * (sizeOf[type] ?? 8) <= layout.offset
    fields.set(tag, { type, count, at: fits ? values : await reader.number(values, layout.offset) })
  }
  return { fields, next: await reader.number(first + total * layout.field, layout.offset) }
}

/** The first value of a field, which is a SHORT, a LONG or a LONG8. */
function valueOf(reader: Reader, { type, at }: Field): Promise<number> {
  if (type === 3) return reader.number(at, 2)
  return reader.number(at, type === 16 ? 8 : 4)
}

async function countFrames(reader: Reader, first: Directory, layout: TiffLayout): Promise<number> {
  let frames = 1
  const seen = new Set<number>()
  for (let next = first.next; next !== 0; frames++) {
    if (seen.has(next) || frames >= mostFrames) throw new NotAnImage('Its directories run in a circle')
    seen.add(next)
    next = await nextDirectory(reader, next, layout)
  }
  return frames
}

/** ImageJ writes large stacks with one directory and says in its description how many images follow. */
async function framesByNote(reader: Reader, { fields }: Directory): Promise<number> {
  const note = fields.get(tags.description)
  if (!note || note.count >= windowBytes) return 1
  const text = new TextDecoder('latin1').decode(await reader.bytes(note.at, note.count))
  if (!text.startsWith('ImageJ=')) return 1
  return Math.max(1, Number(/^images=(\d{1,7})$/m.exec(text)?.[1] ?? 1))
}

async function tiffHead(reader: Reader): Promise<ImageHead> {
  const layout = layoutOf.get(await reader.number(2, 2))
  if (!layout) throw new NotAnImage('Not a TIFF')
  const first = await directory(reader, await reader.number(layout.offset, layout.offset), layout)
  const value = async (tag: number, otherwise?: number): Promise<number> => {
    const field = first.fields.get(tag)
    if (field) return valueOf(reader, field)
    if (otherwise === undefined) throw new NotAnImage('It does not say its size')
    return otherwise
  }
  const width = await value(tags.width)
  const height = await value(tags.height)
  const bits = await value(tags.bits, 1)
  const samples = await value(tags.samples, 1)
  const directories = await countFrames(reader, first, layout)
  const frames = directories === 1 ? await framesByNote(reader, first) : directories
  return { format: 'tiff', frames, width, height, bits, samples }
}

const pngSamples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
async function pngHead(reader: Reader): Promise<ImageHead> {
  reader.little = false
  const kind = new TextDecoder('latin1').decode(await reader.bytes(12, 4))
  if (kind !== 'IHDR') throw new NotAnImage('Not a PNG')
  const width = await reader.number(16, 4)
  const height = await reader.number(20, 4)
  const [bits, colour] = await reader.bytes(24, 2)
  return { format: 'png', frames: 1, width, height, bits: bits!, samples: pngSamples[colour!] ?? 1 }
}

const pngMagic = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const littleEndianMagic = [0x49, 0x49]
const bigEndianMagic = [0x4d, 0x4d]

async function anyHead(read: Read): Promise<ImageHead> {
  const reader = new Reader(read)
  const start = await read(0, 8)
  const startsWith = (magic: readonly number[]): boolean => magic.every((byte, i) => start[i] === byte)
  if (startsWith(pngMagic)) return pngHead(reader)
  if (!startsWith(littleEndianMagic) && !startsWith(bigEndianMagic)) throw new NotAnImage('Neither TIFF nor PNG')
  reader.little = startsWith(littleEndianMagic)
  return tiffHead(reader)
}

/**
 * The head of one file: of a stack, the size of its first frame in pixels. Throws `NotAnImage` when it is no TIFF and
 * no PNG, breaks off, or has no size.
 */
export async function imageHead(read: Read): Promise<ImageHead> {
  const head = await anyHead(read)
  if (head.width === 0 || head.height === 0) throw new NotAnImage('It has no size')
  return head
}
