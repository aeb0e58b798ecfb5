import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { imageHead, NotAnImage, type Read } from './image-head.ts'
import { inspectImages } from './inspect.ts'

const reader =
  (bytes: Uint8Array): Read =>
  async (at, n) =>
    bytes.subarray(at, at + n)

interface TiffMade {
  frames?: number
  little?: boolean
  big?: boolean
  /** ImageJ's, in the description. */
  note?: string
}

/** The fields of each directory: width, height and bits of a sample, as SHORT. */
const shorts = [
  [256, 7],
  [257, 5],
  [258, 16],
] as const
const ascii = 2
const short = 3

/** A TIFF of `frames` directories, in either byte order, classic or big. */
function tiff({ frames = 1, little = true, big = false, note = '' }: TiffMade = {}): Uint8Array {
  const [offset, countBytes, fieldBytes] = big ? [8, 8, 20] : [4, 2, 12]
  const fields = note ? shorts.length + 1 : shorts.length
  const directoryBytes = countBytes + fields * fieldBytes + offset
  const head = 2 * offset
  const end = head + frames * directoryBytes
  const view = new DataView(new ArrayBuffer(end + note.length + 1))
  const long = (at: number, value: number): void => {
    if (big) view.setBigUint64(at, BigInt(value), little)
    else view.setUint32(at, value, little)
  }
  const field = (at: number, tag: number, type: number, count: number): void => {
    view.setUint16(at, tag, little)
    view.setUint16(at + 2, type, little)
    long(at + 4, count)
  }
  const directory = (at: number, next: number): void => {
    if (big) view.setBigUint64(at, BigInt(fields), little)
    else view.setUint16(at, fields, little)
    const first = at + countBytes
    for (const [place, [tag, value]] of shorts.entries()) {
      field(first + place * fieldBytes, tag, short, 1)
      view.setUint16(first + place * fieldBytes + 4 + offset, value, little)
    }
    if (note) {
      const description = first + shorts.length * fieldBytes
      field(description, 270, ascii, note.length + 1)
      long(description + 4 + offset, end)
    }
    long(at + directoryBytes - offset, next)
  }
  view.setUint16(0, little ? 0x4949 : 0x4d4d)
  view.setUint16(2, big ? 43 : 42, little)
  if (big) view.setUint16(4, 8, little)
  long(offset, head)
  for (let frame = 0; frame < frames; frame++) {
    const at = head + frame * directoryBytes
    directory(at, frame + 1 < frames ? at + directoryBytes : 0)
  }
  const bytes = new Uint8Array(view.buffer)
  bytes.set(new TextEncoder().encode(note), end)
  return bytes
}

const png = (width: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(33))
  view.setUint32(0, 0x89504e47)
  view.setUint32(4, 0x0d0a1a0a)
  view.setUint32(8, 13)
  view.setUint32(12, 0x49484452)
  view.setUint32(16, width)
  view.setUint32(20, 9)
  view.setUint8(24, 8)
  view.setUint8(25, 2)
  return new Uint8Array(view.buffer)
}

describe('pictures', () => {
  it.each([{}, { little: false }, { big: true }, { frames: 3 }, { frames: 40, little: false, big: true }])(
    'a TIFF %j',
    async (made) =>
      expect(await imageHead(reader(tiff(made)))).toEqual({
        format: 'tiff',
        frames: 'frames' in made ? made.frames : 1,
        width: 7,
        height: 5,
        bits: 16,
        samples: 1,
      }),
  )
  it('ImageJ’s note says how many follow', async () =>
    expect((await imageHead(reader(tiff({ note: 'ImageJ=1.53\nimages=250\nslices=250\n' })))).frames).toBe(250))
  it('a PNG', async () =>
    expect(await imageHead(reader(png(12)))).toEqual({
      format: 'png',
      frames: 1,
      width: 12,
      height: 9,
      bits: 8,
      samples: 3,
    }))
  it('a folder in the order of its numbers, with what does not fit', async () => {
    const files = ['f10.png', 'f2.png', 'f1.png'].map((path, i) => ({ path, read: reader(png(i === 0 ? 13 : 12)) }))
    expect(await inspectImages(files)).toMatchObject({
      kind: 'folder',
      files: 3,
      frames: 3,
      width: 12,
      warnings: ['f10.png is 13 × 9 with 8 bits, the first is 12 × 9 with 8'],
    })
    expect(
      await inspectImages([
        { path: 'a.tif', read: reader(tiff({ frames: 3 })) },
        { path: 'b.tif', read: reader(tiff({ frames: 2 })) },
        { path: 'notes.txt', read: reader(new Uint8Array(20)) },
      ]),
    ).toMatchObject({ kind: 'stacks', frames: 5, warnings: ['notes.txt: neither TIFF nor PNG'] })
  })
  it('never hang on bytes of any kind, and say that they are none', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (noise, asTiff) => {
        const bytes = asTiff ? new Uint8Array([...tiff().subarray(0, 10), ...noise]) : noise
        const failure: unknown = await imageHead(reader(bytes)).then(
          () => undefined,
          (error: unknown) => error,
        )
        expect(failure === undefined || failure instanceof NotAnImage).toBe(true)
      }),
    ))
  it('in a circle are refused', async () => {
    const bytes = tiff({ frames: 2 })
    new DataView(bytes.buffer).setUint32(bytes.length - 5, 8, true)
    await expect(imageHead(reader(bytes))).rejects.toThrow('circle')
  })
})
