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

type Look = Omit<Span, 'text'>
const begins: Partial<Record<number, 'bold' | 'dim' | 'italic' | 'underline'>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
}
const ends: Partial<Record<number, readonly (keyof Look)[]>> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  39: ['ink'],
  49: ['ground'],
}
/** Eight codes in a row are eight colours; the bright ones are numbered after the others. */
const colourRows = [
  { from: 30, of: 'ink', first: 0 },
  { from: 90, of: 'ink', first: 8 },
  { from: 40, of: 'ground', first: 0 },
  { from: 100, of: 'ground', first: 8 },
] as const

/** A look after one code that stands alone; any that is not known changes nothing. */
function applyOne(look: Look, code: number): void {
  const begun = begins[code]
  if (begun) look[begun] = true
  for (const ended of ends[code] ?? []) delete look[ended]
  const row = colourRows.find(({ from }) => code >= from && code < from + 8)
  if (row) look[row.of] = code - row.from + row.first
}

/** The colour that follows code 38 or 48 at `at`, and how many codes say it; no colour when they are cut short. */
function longColour(codes: readonly number[], at: number): { colour: number | string; codes: number } | undefined {
  const [, kind, first, , third] = codes.slice(at, at + 5)
  if (kind === 5 && first !== undefined) return { colour: cube(first & 255), codes: 2 }
  if (kind !== 2 || third === undefined) return undefined
  const levels = codes.slice(at + 2, at + 5).map((level) => level & 255)
  return { colour: `rgb(${levels.join(',')})`, codes: 4 }
}

function apply(now: Look, codes: readonly number[]): Look {
  let look = { ...now }
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (code === 0) look = {}
    else if (code === 38 || code === 48) {
      const found = longColour(codes, i)
      if (found) look[code === 38 ? 'ink' : 'ground'] = found.colour
      i += found?.codes ?? 0
    } else applyOne(look, code)
  }
  return look
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
