/**
 * What the plots of outputs have in common. A suppressed cell is hatched: it is there, and nobody may know how large.
 */
import type * as P from '@observablehq/plot'

/** The library and the paper: `width` and `height` in pixels, `ink` the colour of lines and letters. */
export interface Chart {
  plot: typeof P
  width: number
  height: number
  ink: string
}

/** The most rows of a plot; an output with more is read as a table. */
export const mostRows = 40

/** Options of every plot. */
export const baseOf = ({ width, height, ink }: Chart) => ({
  width,
  height,
  style: { background: 'transparent', color: ink, fontSize: '12px', fontFamily: 'inherit' },
})

/** Room in pixels for labels at the left, and labels cut to it. */
export function labels(texts: readonly string[], width: number): { marginLeft: number; cut: (text: string) => string } {
  const marginLeft = Math.min(Math.round(width / 2.5), 24 + 7 * Math.max(0, ...texts.map((t) => t.length)))
  const most = Math.max(6, Math.floor((marginLeft - 20) / 6.6))
  return { marginLeft, cut: (t) => (t.length > most ? `${t.slice(0, most - 1)}…` : t) }
}

let patterns = 0
/** Lines across what is suppressed; each drawing has a pattern of its own. `fill`: how marks name it. */
export function hatch(ink: string): {
  fill: string
  addTo: (svg: SVGElement | HTMLElement) => SVGElement | HTMLElement
} {
  const id = `hatch-${++patterns}`
  return {
    fill: `url(#${id})`,
    addTo: (svg) => {
      const target = svg instanceof SVGElement ? svg : svg.querySelector('svg:last-of-type')
      target?.insertAdjacentHTML(
        'afterbegin',
        `<defs><pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="${ink}" stroke-width="1.6" stroke-opacity="0.65"/></pattern></defs>`,
      )
      return svg
    },
  }
}
