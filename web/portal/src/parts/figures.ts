/** Figures as people read them: every one with its unit. */
export const bytes = (n: number): string => {
  if (n < 1000) return `${n} B`
  const [size, unit] = n < 1e6 ? [n / 1e3, 'kB'] : n < 1e9 ? [n / 1e6, 'MB'] : [n / 1e9, 'GB']
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`
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
