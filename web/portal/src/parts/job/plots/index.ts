/** Which plot an output asks for, its height, and drawing it. */
import type * as P from '@observablehq/plot'
import type { Output } from '../../../queries/jobs.ts'
import { type Bars, barsOf, drawBars } from './bars.ts'
import { drawForest, type Forest, forestOf } from './forest.ts'
import { drawHistogram, type Histogram, histogramOf } from './histogram.ts'

export type Drawing = Bars | Forest | Histogram

/** The drawing that says more of an output than its table, if there is one. */
export function drawingOf(output: Output): Drawing | undefined {
  if (output.type === 'estimate' || output.type === 'model') return forestOf(output)
  return output.type === 'histogram' ? histogramOf(output) : (forestOf(output) ?? barsOf(output))
}

/** In pixels. */
export function heightOf(drawing: Drawing): number {
  if (drawing.kind === 'histogram') return 248
  if (drawing.kind === 'forest') return 70 + 28 * drawing.rows.length
  if (!drawing.split) return 66 + 30 * drawing.rows.length
  return 66 + 22 * drawing.rows.length + 34 * new Set(drawing.rows.map((row) => row.group)).size
}

/** Draws it, `width` pixels wide, lines and letters in the colour `ink`; the caller keeps it stable. */
export function draw(plot: typeof P, drawing: Drawing, width: number, ink: string): SVGElement | HTMLElement {
  const chart = { plot, width, height: heightOf(drawing), ink }
  if (drawing.kind === 'forest') return drawForest(drawing, chart)
  return drawing.kind === 'histogram' ? drawHistogram(drawing, chart) : drawBars(drawing, chart)
}
