/** Colours and weights that programs put into their output (ECMA-48, SGR). Other control sequences are left out. */
export interface Span {
  text: string
  bold?: true
  dim?: true
  italic?: true
  underline?: true
  /** 0-15 by the page's own palette, or a CSS colour. */
  ink?: number | string
  ground?: number | string
}

// eslint-disable-next-line no-control-regex -- they are what it looks for
const sequence =
  /\u001b\[([0-9;:]*)([A-Za-z])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f]/g

function cube(code: number): number | string {
  if (code < 16) return code
  if (code >= 232) {
    const grey = 8 + 10 * (code - 232)
    return `rgb(${grey},${grey},${grey})`
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + 40 * step)
  const inCube = code - 16
  const red = level(Math.floor(inCube / 36))
  const green = level(Math.floor((inCube % 36) / 6))
  const blue = level(inCube % 6)
  return `rgb(${red},${green},${blue})`
}

function apply(now: Omit<Span, 'text'>, codes: number[]): Omit<Span, 'text'> {
  let style = { ...now }
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (code === 0) style = {}
    else if (code === 1) style.bold = true
    else if (code === 2) style.dim = true
    else if (code === 3) style.italic = true
    else if (code === 4) style.underline = true
    else if (code === 22) {
      delete style.bold
      delete style.dim
    } else if (code === 23) delete style.italic
    else if (code === 24) delete style.underline
    else if (code >= 30 && code <= 37) style.ink = code - 30
    else if (code >= 90 && code <= 97) style.ink = code - 82
    else if (code === 39) delete style.ink
    else if (code >= 40 && code <= 47) style.ground = code - 40
    else if (code >= 100 && code <= 107) style.ground = code - 92
    else if (code === 49) delete style.ground
    else if (code === 38 || code === 48) {
      const key = code === 38 ? 'ink' : 'ground'
      if (codes[i + 1] === 5 && codes[i + 2] !== undefined) {
        style[key] = cube(codes[i + 2]! & 255)
        i += 2
      } else if (codes[i + 1] === 2 && codes[i + 4] !== undefined) {
        style[key] = `rgb(${codes
          .slice(i + 2, i + 5)
          .map((v) => v & 255)
          .join(',')})`
        i += 4
      }
    }
  }
  return style
}

/** One line in spans of equal looks. A line begins plain: programs that colour close what they open. */
export function spansOf(line: string): Span[] {
  if (!line.includes('\u001b')) return [{ text: line.replaceAll(sequence, '') }]
  const out: Span[] = []
  let now: Omit<Span, 'text'> = {}
  let at = 0
  const push = (text: string): void => {
    if (text !== '') out.push({ ...now, text })
  }
  for (const match of line.matchAll(sequence)) {
    push(line.slice(at, match.index))
    at = match.index + match[0].length
    if (match[2] === 'm') now = apply(now, (match[1] || '0').split(/[;:]/).map(Number))
  }
  push(line.slice(at))
  return out
}
/** The text without any control sequence. */
export const plain = (line: string): string => line.replaceAll(sequence, '')
