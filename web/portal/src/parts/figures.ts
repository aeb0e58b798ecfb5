/** Figures as people read them: every one with its unit. */
const units = [
  { below: 1e6, size: 1e3, unit: 'kB' },
  { below: 1e9, size: 1e6, unit: 'MB' },
  { below: Infinity, size: 1e9, unit: 'GB' },
]
/** A number of bytes as B, kB, MB or GB, by thousands. */
export function bytes(length: number): string {
  if (length < 1000) return `${length} B`
  const { size, unit } = units.find(({ below }) => length < below)!
  const inUnit = length / size
  return `${inUnit < 10 ? inUnit.toFixed(1) : Math.round(inUnit)} ${unit}`
}
/** How many of something: `count(2, 'run')` is “2 runs”. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`
/** Seconds as s, min and s, or h and min. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
/** A share in whole per cent; a dash where there is nothing to share. */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`

/** A small number as people read it: up to three significant digits. */
export const short = (value: number): string =>
  Number.isInteger(value)
    ? value.toLocaleString('en')
    : Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 12 })
