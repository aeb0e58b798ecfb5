/** Figures as people read them: every one with its unit. */
const units = [
  { below: 1e6, size: 1e3, unit: 'kB' },
  { below: 1e9, size: 1e6, unit: 'MB' },
  { below: Infinity, size: 1e9, unit: 'GB' },
]
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`
  const { size, unit } = units.find(({ below }) => n < below)!
  const inUnit = n / size
  return `${inUnit < 10 ? inUnit.toFixed(1) : Math.round(inUnit)} ${unit}`
}
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const m = Math.floor(seconds / 60)
  if (m < 60) return `${m} min ${seconds % 60} s`
  return `${Math.floor(m / 60)} h ${m % 60} min`
}
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`

/** A small number as people read it: up to three significant digits. */
export const short = (n: number): string =>
  Number.isInteger(n)
    ? n.toLocaleString('en')
    : Number(n.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 12 })
