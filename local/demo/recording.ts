/**
 * An invented two-photon recording: cells that flash on an uneven background, under a sample that drifts, with shot
 * noise.
 */
import { clamp, drawing } from './drawing.ts'

const side = 64
const frames = 120
const cells = 8
/** Frames a second, as the demo's experiment says. */
export const recordingRate = 15
/** Half the width of a cell in pixels, and the least distance between two. */
const halfWidth = 3
const apart = 13
const margin = 11
/** Frames in which a flash falls to 1/e. */
const decay = 9
/** The sample moves at most so far, in pixels; the background is drawn a little further. */
const furthest = 4
const reach = 6

/**
 * A TIFF of many pages, grey, 16 bits, not compressed (TIFF 6.0, little-endian): what microscopes write and every
 * reader takes. All pages lie one behind the other, their directories after them.
 */
export function tiffStack(pages: readonly Uint16Array[], width: number, height: number): Uint8Array<ArrayBuffer> {
  const size = 2 * width * height
  const entries = 10
  const directory = 2 + 12 * entries + 4
  if (pages.length === 0 || pages.some((p) => p.length !== width * height))
    throw new RangeError('Every page has width × height pixels, and there is at least one')
  const bytes = new Uint8Array(8 + pages.length * (size + directory))
  const at = new DataView(bytes.buffer)
  at.setUint16(0, 0x4949, false)
  at.setUint16(2, 42, true)
  at.setUint32(4, 8 + pages.length * size, true)
  for (const [index, page] of pages.entries()) {
    const data = 8 + index * size
    const start = 8 + pages.length * size + index * directory
    for (const [pixel, brightness] of page.entries()) at.setUint16(data + 2 * pixel, brightness, true)
    // Tag, type (3 SHORT, 4 LONG), value: width, height, bits, no compression, black is zero, where the data lie, one
    // sample, rows in the one strip, its length, unsigned.
    const fields: [number, number, number][] = [
      [256, 4, width],
      [257, 4, height],
      [258, 3, 16],
      [259, 3, 1],
      [262, 3, 1],
      [273, 4, data],
      [277, 3, 1],
      [278, 4, height],
      [279, 4, size],
      [339, 3, 1],
    ]
    at.setUint16(start, entries, true)
    for (const [entry, [tag, type, value]] of fields.entries()) {
      const field = start + 2 + 12 * entry
      at.setUint16(field, tag, true)
      at.setUint16(field + 2, type, true)
      at.setUint32(field + 4, 1, true)
      if (type === 3) at.setUint16(field + 8, value, true)
      else at.setUint32(field + 8, value, true)
    }
    at.setUint32(start + 2 + 12 * entries, index + 1 < pages.length ? start + directory : 0, true)
  }
  return bytes
}

/** The recording as a TIFF stack of 120 frames of 64 × 64 pixels; the same on every machine. */
export function recording(): Uint8Array<ArrayBuffer> {
  const draw = drawing('recording')
  const places: { x: number; y: number; a: number; b: number; trace: Float64Array }[] = []
  for (let tries = 0; places.length < cells && tries < 10_000; tries++) {
    const centreX = draw.uniform(margin, side - margin)
    const centreY = draw.uniform(margin, side - margin)
    if (places.some((p) => Math.hypot(p.x - centreX, p.y - centreY) < apart)) continue
    const trace = new Float64Array(frames)
    for (let frame = 0; frame < frames; frame++)
      trace[frame] =
        (frame > 0 ? trace[frame - 1]! * Math.exp(-1 / decay) : 0) + (draw.happens(0.03) ? draw.uniform(0.8, 1.6) : 0)
    // Every cell flashes at least once, or nobody could find it.
    if (Math.max(...trace) < 0.8) continue
    places.push({
      x: centreX,
      y: centreY,
      a: halfWidth * draw.uniform(0.85, 1.2),
      b: halfWidth * draw.uniform(0.85, 1.2),
      trace,
    })
  }
  // A few broad waves make the background uneven; fine grain gives motion correction something to hold on to.
  const waves = Array.from({ length: 6 }, () => ({
    u: draw.uniform(-0.12, 0.12),
    v: draw.uniform(-0.12, 0.12),
    phase: draw.uniform(0, 2 * Math.PI),
    height: draw.uniform(3, 9),
  }))
  const grain = Array.from({ length: 60 }, () => ({
    u: draw.uniform(-1.2, 1.2),
    v: draw.uniform(-1.2, 1.2),
    phase: draw.uniform(0, 2 * Math.PI),
    height: draw.uniform(2, 5),
  }))
  const wide = side + 2 * reach
  const still = new Float64Array(wide * wide)
  for (let i = 0; i < still.length; i++)
    still[i] = [...waves, ...grain].reduce(
      (s, w) => s + w.height * Math.sin(w.u * (i % wide) + w.v * Math.floor(i / wide) + w.phase),
      150,
    )
  /** Between the pixels, linear in both directions. */
  const between = (column: number, row: number): number => {
    const left = Math.floor(column)
    const top = Math.floor(row)
    const fx = column - left
    const fy = row - top
    const corner = top * wide + left
    return (
      (1 - fy) * ((1 - fx) * still[corner]! + fx * still[corner + 1]!) +
      fy * ((1 - fx) * still[corner + wide]! + fx * still[corner + wide + 1]!)
    )
  }
  let dx = 0
  let dy = 0
  const pages = Array.from({ length: frames }, (_, frame) => {
    dx = 0.95 * dx + draw.normal(0, 0.15)
    dy = 0.95 * dy + draw.normal(0, 0.15)
    const sx = clamp(dx + 0.8 * Math.sin(frame / 9), -furthest, furthest)
    const sy = clamp(dy + 0.5 * Math.sin(frame / 13), -furthest, furthest)
    const page = new Uint16Array(side * side)
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const px = column - sx
        const py = row - sy
        let photons = between(px + reach, py + reach)
        for (const place of places) {
          const distance = ((px - place.x) / place.a) ** 2 + ((py - place.y) / place.b) ** 2
          if (distance < 6) photons += Math.exp(-(distance ** 2)) * (22 + 80 * place.trace[frame]!)
        }
        // Shot noise: so many photons vary like a normal of the same variance.
        page[row * side + column] = Math.max(0, Math.round(draw.normal(photons, Math.sqrt(Math.max(1, photons)))))
      }
    return page
  })
  return tiffStack(pages, side, side)
}
