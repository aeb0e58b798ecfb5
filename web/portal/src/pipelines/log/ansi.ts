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

function cube(n: number): number | string {
  if (n < 16) return n
  if (n >= 232) {
    const v = 8 + 10 * (n - 232)
    return `rgb(${v},${v},${v})`
  }
  const part = (x: number): number => (x === 0 ? 0 : 55 + 40 * x)
  return `rgb(${part(Math.floor((n - 16) / 36))},${part(Math.floor(((n - 16) % 36) / 6))},${part((n - 16) % 6)})`
}

function apply(now: Omit<Span, 'text'>, codes: number[]): Omit<Span, 'text'> {
  let s = { ...now }
  for (let i = 0; i < codes.length; i++) {
    const c = codes[i]!
    if (c === 0) s = {}
    else if (c === 1) s.bold = true
    else if (c === 2) s.dim = true
    else if (c === 3) s.italic = true
    else if (c === 4) s.underline = true
    else if (c === 22) {
      delete s.bold
      delete s.dim
    } else if (c === 23) delete s.italic
    else if (c === 24) delete s.underline
    else if (c >= 30 && c <= 37) s.ink = c - 30
    else if (c >= 90 && c <= 97) s.ink = c - 82
    else if (c === 39) delete s.ink
    else if (c >= 40 && c <= 47) s.ground = c - 40
    else if (c >= 100 && c <= 107) s.ground = c - 92
    else if (c === 49) delete s.ground
    else if (c === 38 || c === 48) {
      const key = c === 38 ? 'ink' : 'ground'
      if (codes[i + 1] === 5 && codes[i + 2] !== undefined) {
        s[key] = cube(codes[i + 2]! & 255)
        i += 2
      } else if (codes[i + 1] === 2 && codes[i + 4] !== undefined) {
        s[key] = `rgb(${codes
          .slice(i + 2, i + 5)
          .map((v) => v & 255)
          .join(',')})`
        i += 4
      }
    }
  }
  return s
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
  for (const m of line.matchAll(sequence)) {
    push(line.slice(at, m.index))
    at = m.index + m[0].length
    if (m[2] === 'm') now = apply(now, (m[1] || '0').split(/[;:]/).map(Number))
  }
  push(line.slice(at))
  return out
}
/** The text without any control sequence. */
export const plain = (line: string): string => line.replaceAll(sequence, '')
