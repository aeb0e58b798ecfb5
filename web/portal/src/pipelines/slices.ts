/** Stacks and volumes as greys, slice by slice. The decoders are loaded when first needed. */
export interface Slices {
  width: number
  height: number
  count: number
  /** RGBA of one slice. */
  draw: (slice: number) => Uint8ClampedArray<ArrayBuffer>
}

function greys(
  values: ArrayLike<number>,
  from: number,
  length: number,
  low: number,
  high: number,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * length)
  const scale = 255 / Math.max(1e-12, high - low)
  for (let i = 0; i < length; i++) {
    const value = (values[from + i]! - low) * scale
    out[4 * i] = value
    out[4 * i + 1] = value
    out[4 * i + 2] = value
    out[4 * i + 3] = 255
  }
  return out
}
/** The middle 99 of a hundred values, from a sample: a hot pixel does not make the picture dark. */
function levels(values: ArrayLike<number>): [number, number] {
  const step = Math.max(1, Math.floor(values.length / 20_000))
  const some: number[] = []
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i]!)) some.push(values[i]!)
  some.sort((a, b) => a - b)
  const low = some[Math.floor(some.length * 0.005)] ?? 0
  const high = some[Math.floor(some.length * 0.995)] ?? 1
  return low === high ? [some[0] ?? 0, some.at(-1) ?? 1] : [low, high]
}

interface Page {
  width: number
  height: number
  data: Uint8Array
  t258?: number[]
  t262?: number[]
  t277?: number[]
  t339?: number[]
  isLE?: boolean
}

export async function tiffSlices(bytes: Uint8Array): Promise<Slices> {
  const { default: utif } = await import('utif2')
  const buffer = bytes.slice().buffer
  const pages = (utif.decode(buffer) as unknown as Page[]).filter((p) => (p as { t256?: number[] }).t256)
  if (pages.length === 0) throw new Error('This is no TIFF that can be shown.')
  const values = (page: Page): ArrayLike<number> => {
    if (!page.data) utif.decodeImage(buffer, page as never)
    const bits = page.t258?.[0] ?? 8
    const format = page.t339?.[0] ?? 1
    const samples = page.t277?.[0] ?? 1
    const pixels = page.width * page.height
    if (samples > 1) {
      const rgba = utif.toRGBA8(page as never)
      return Float32Array.from({ length: pixels }, (_, i) => (rgba[4 * i]! + rgba[4 * i + 1]! + rgba[4 * i + 2]!) / 3)
    }
    const view = new DataView(page.data.buffer, page.data.byteOffset, page.data.byteLength)
    const little = page.isLE !== false
    if (bits === 8) return page.data
    if (bits === 16)
      return Float32Array.from({ length: pixels }, (_, i) =>
        format === 2 ? view.getInt16(2 * i, little) : view.getUint16(2 * i, little),
      )
    if (bits === 32)
      return Float32Array.from({ length: pixels }, (_, index) => {
        if (format === 3) return view.getFloat32(4 * index, little)
        return format === 2 ? view.getInt32(4 * index, little) : view.getUint32(4 * index, little)
      })
    throw new Error(`A TIFF of ${bits} bits cannot be shown here.`)
  }
  const [low, high] = levels(values(pages[Math.floor(pages.length / 2)]!))
  const { width, height } = pages[0]!
  return { width, height, count: pages.length, draw: (i) => greys(values(pages[i]!), 0, width * height, low, high) }
}

export async function niftiSlices(bytes: Uint8Array): Promise<Slices> {
  const nifti = await import('nifti-reader-js')
  let buffer = bytes.slice().buffer as ArrayBuffer
  if (nifti.isCompressed(buffer)) buffer = nifti.decompress(buffer) as ArrayBuffer
  if (!nifti.isNIFTI(buffer)) throw new Error('This is no NIfTI volume that can be shown.')
  const header = nifti.readHeader(buffer)!
  const [, width = 1, height = 1, count = 1] = header.dims
  const raw = nifti.readImage(header, buffer)
  const view = new DataView(raw)
  const little = header.littleEndian
  const code = header.datatypeCode
  const size = header.numBitsPerVoxel / 8
  const read: Record<number, (at: number) => number> = {
    2: (at) => view.getUint8(at),
    4: (at) => view.getInt16(at, little),
    8: (at) => view.getInt32(at, little),
    16: (at) => view.getFloat32(at, little),
    64: (at) => view.getFloat64(at, little),
    256: (at) => view.getInt8(at),
    512: (at) => view.getUint16(at, little),
    768: (at) => view.getUint32(at, little),
  }
  const get = read[code]
  if (!get) throw new Error('Its kind of voxel cannot be shown here.')
  const values = Float32Array.from({ length: width * height * count }, (_, i) => get(i * size))
  const [low, high] = levels(values)
  return { width, height, count, draw: (i) => greys(values, i * width * height, width * height, low, high) }
}
