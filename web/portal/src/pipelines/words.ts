import type { ParameterValue } from '../../../../domain/pipelines/parameters.ts'

export const runtimeName = { python: 'Python', r: 'R', shell: 'Shell', image: 'Container image' } as const
/** A run as it is called: its number once. */
export const runName = (r: { number: number; title: string }): string =>
  r.title === `Run ${r.number}` || r.title.startsWith(`Run ${r.number}: `) ? r.title : `${r.number}. ${r.title}`
/** A value as people read it. */
export const valueText = (v: unknown): string =>
  v === null || v === undefined
    ? '–'
    : typeof v === 'boolean'
      ? v
        ? 'yes'
        : 'no'
      : Array.isArray(v)
        ? v.join(', ')
        : String(v as ParameterValue)
export const figure = (n: number): string =>
  Number.isInteger(n)
    ? n.toLocaleString('en')
    : Math.abs(n) >= 1e6 || (Math.abs(n) < 1e-3 && n !== 0)
      ? n.toExponential(3)
      : Number(n.toPrecision(5)).toLocaleString('en', { maximumFractionDigits: 8 })
export const elapsed = (seconds: number): string =>
  seconds < 1
    ? 'under 1 s'
    : seconds < 60
      ? `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
      : seconds < 3600
        ? `${Math.floor(seconds / 60)} min${Math.floor(seconds % 60) > 0 ? ` ${Math.floor(seconds % 60)} s` : ''}`
        : `${Math.floor(seconds / 3600)} h${seconds % 3600 >= 60 ? ` ${Math.floor((seconds % 3600) / 60)} min` : ''}`
/** Whether the texts together have every word of what is searched for. */
export function hasWords(search: string, ...texts: string[]): boolean {
  const all = texts.join(' ').toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
