/**
 * Looks at the head of image files, never at their pixels: how many frames, how wide, how high, how deep. Reads through
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
export type Read = (offset: number, length: number) => Promise<Uint8Array>

/** It is no picture that this file can read, or it is broken; the message says which in a few words. */
export class NotAnImage extends Error {
  override name = 'NotAnImage'
}

/** More frames than this are not counted: a chain of directories that long is a circle or a mistake. */
const mostFrames = 1_000_000
const windowBytes = 65_536

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
    const b = await this.bytes(at, size)
    const v = new DataView(b.buffer, b.byteOffset, size)
    return size === 2
      ? v.getUint16(0, this.little)
      : size === 4
        ? v.getUint32(0, this.little)
        : Number(v.getBigUint64(0, this.little))
  }
}

const tags = { width: 256, height: 257, bits: 258, description: 270, samples: 277 } as const
const sizeOf: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 16: 8 }

interface Directory {
  next: number
  fields: Map<number, { type: number; count: number; at: number }>
}

async function directory(r: Reader, at: number, big: boolean): Promise<Directory> {
  const count = await r.number(at, big ? 8 : 2)
  const entry = big ? 20 : 12
  const from = at + (big ? 8 : 2)
  if (count === 0 || count > 4096) throw new NotAnImage('Its directory is broken')
  const fields: Directory['fields'] = new Map()
  for (let i = 0; i < count; i++) {
    const e = from + i * entry
    const tag = await r.number(e, 2)
    const type = await r.number(e + 2, 2)
    const n = await r.number(e + 4, big ? 8 : 4)
    const here = n * (sizeOf[type] ?? 8) <= (big ? 8 : 4)
    fields.set(tag, { type, count: n, at: here ? e + (big ? 12 : 8) : await r.number(e + (big ? 12 : 8), big ? 8 : 4) })
  }
  return { fields, next: await r.number(from + count * entry, big ? 8 : 4) }
}

async function tiffHead(r: Reader): Promise<ImageHead> {
  const version = await r.number(2, 2)
  const big = version === 43
  if (version !== 42 && !big) throw new NotAnImage('Not a TIFF')
  const first = await directory(r, await r.number(big ? 8 : 4, big ? 8 : 4), big)
  const one = async (tag: number, otherwise?: number): Promise<number> => {
    const f = first.fields.get(tag)
    if (!f) {
      if (otherwise === undefined) throw new NotAnImage('It does not say its size')
      return otherwise
    }
    return r.number(f.at, f.type === 3 ? 2 : f.type === 16 ? 8 : 4)
  }
  const [width, height, bits, samples] = [
    await one(tags.width),
    await one(tags.height),
    await one(tags.bits, 1),
    await one(tags.samples, 1),
  ]
  let frames = 1
  const seen = new Set<number>()
  for (let next = first.next; next !== 0; frames++) {
    if (seen.has(next) || frames >= mostFrames) throw new NotAnImage('Its directories run in a circle')
    seen.add(next)
    // Only where the next one is: the frames of a stack are alike.
    const count = await r.number(next, big ? 8 : 2)
    if (count === 0 || count > 4096) throw new NotAnImage('A directory of it is broken')
    next = await r.number(next + (big ? 8 : 2) + count * (big ? 20 : 12), big ? 8 : 4)
  }
  // ImageJ writes large stacks with one directory and says in its description how many images follow.
  const note = first.fields.get(tags.description)
  if (frames === 1 && note && note.count < windowBytes) {
    const text = new TextDecoder('latin1').decode(await r.bytes(note.at, note.count))
    const images = text.startsWith('ImageJ=') ? Number(/^images=(\d{1,7})$/m.exec(text)?.[1] ?? 1) : 1
    frames = Math.max(1, images)
  }
  return { format: 'tiff', frames, width, height, bits, samples }
}

const pngSamples: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
async function pngHead(r: Reader): Promise<ImageHead> {
  r.little = false
  const kind = new TextDecoder('latin1').decode(await r.bytes(12, 4))
  if (kind !== 'IHDR') throw new NotAnImage('Not a PNG')
  const [width, height, [bits, colour]] = [await r.number(16, 4), await r.number(20, 4), await r.bytes(24, 2)]
  return { format: 'png', frames: 1, width, height, bits: bits!, samples: pngSamples[colour!] ?? 1 }
}

/** The head of one file. Throws `NotAnImage`. */
export async function imageHead(read: Read): Promise<ImageHead> {
  const r = new Reader(read)
  const start = await read(0, 8)
  const is = (...magic: number[]): boolean => magic.every((byte, i) => start[i] === byte)
  if (is(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return checked(await pngHead(r))
  if (is(0x49, 0x49) || is(0x4d, 0x4d)) {
    r.little = is(0x49, 0x49)
    return checked(await tiffHead(r))
  }
  throw new NotAnImage('Neither TIFF nor PNG')
}
const checked = (h: ImageHead): ImageHead => {
  if (h.width === 0 || h.height === 0) throw new NotAnImage('It has no size')
  return h
}

/** What an input of images comes to: one stack, several, or a folder of single pictures. */
export interface Inspection {
  kind: 'stack' | 'stacks' | 'folder'
  files: number
  frames: number
  width: number
  height: number
  bits: number
  samples: number
  /** What does not fit together, for a person. */
  warnings: string[]
}

/** Natural order: `frame2` comes before `frame10`. */
export const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true })

/** Single pictures are looked at up to so many; the others are taken to be like them. */
const looked = 20

/** Looks at the files of an input. Throws `NotAnImage` when the first is none. */
export async function inspectImages(files: readonly { path: string; read: Read }[]): Promise<Inspection> {
  const all = [...files].sort((a, b) => inOrder(a.path, b.path))
  if (all.length === 0) throw new NotAnImage('There is no file')
  const first = await imageHead(all[0]!.read)
  const warnings: string[] = []
  let frames = first.frames
  // A folder of single pictures: some of it; stacks: each, as their lengths differ.
  const others =
    first.frames > 1 ? all.slice(1) : all.slice(1).filter((_, i, rest) => i < looked - 1 || i === rest.length - 1)
  for (const f of others) {
    try {
      const h = await imageHead(f.read)
      if (first.frames > 1) frames += h.frames
      if (h.width !== first.width || h.height !== first.height || h.bits !== first.bits)
        warnings.push(
          `${f.path} is ${h.width} × ${h.height} with ${h.bits} bits, the first is ${first.width} × ${first.height} with ${first.bits}`,
        )
    } catch (e) {
      if (!(e instanceof NotAnImage)) throw e
      warnings.push(`${f.path}: ${e.message.charAt(0).toLowerCase()}${e.message.slice(1)}`)
    }
  }
  if (first.frames === 1) frames = all.length
  const { width, height, bits, samples } = first
  return {
    kind: first.frames === 1 && all.length > 1 ? 'folder' : all.length > 1 ? 'stacks' : 'stack',
    files: all.length,
    frames,
    width,
    height,
    bits,
    samples,
    warnings: warnings.slice(0, 20),
  }
}
