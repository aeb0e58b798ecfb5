import type { ParameterValue } from '../../../../domain/pipelines/parameters.ts'

export const runtimeName = { python: 'Python', r: 'R', shell: 'Shell', image: 'Container image' } as const
/** A run as it is called: its number once. */
export const runName = (r: { number: number; title: string }): string =>
  r.title === `Run ${r.number}` || r.title.startsWith(`Run ${r.number}: `) ? r.title : `${r.number}. ${r.title}`
/** A value as people read it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(', ') : String(value as ParameterValue)
}
/** A number with five digits, or in powers of ten where it is very large or very small. */
export function figure(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  if (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3) return value.toExponential(3)
  return Number(value.toPrecision(5)).toLocaleString('en', { maximumFractionDigits: 8 })
}
/** A time in its largest unit, with the next smaller one where that is not nothing. */
export function elapsed(seconds: number): string {
  if (seconds < 1) return 'under 1 s'
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  const over = Math.floor(seconds % 60)
  if (minutes < 60) return over > 0 ? `${minutes} min ${over} s` : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 > 0 ? `${hours} h ${minutes % 60} min` : `${hours} h`
}
/** Whether the texts together have every word of what is searched for. */
export function hasWords(search: string, ...texts: string[]): boolean {
  const all = texts.join(' ').toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
