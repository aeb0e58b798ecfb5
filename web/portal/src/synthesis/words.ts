import type { SynthesisMethod } from '../../../../domain/synthesis/plan.ts'

export const methodName: Record<SynthesisMethod, string> = {
  auto: 'Automatic',
  aim: 'AIM',
  mst: 'MST',
  privsyn: 'PrivSyn',
  independent: 'Independent columns',
}
export const methodWords: Record<SynthesisMethod, string> = {
  auto: 'Chosen from the plan alone: columns, rows and epsilon. The data are not looked at for it.',
  aim: 'Measures what the present model gets most wrong, round by round. Best for most tables.',
  mst: 'Measures a tree of strongly related pairs. Fast, good at a small epsilon.',
  privsyn: 'Measures many pairs at once and fits rows to them. For wide tables.',
  independent: 'Each column by itself; what goes together is lost. For testing code.',
}
export const kindName = {
  categorical: 'Categories',
  ordinal: 'Ordered categories',
  numeric: 'Number',
  date: 'Date',
  identifier: 'Identifier',
} as const
/** A distance or a share, as people read it. */
export const percent = (x: number): string => (x < 0.0005 && x > 0 ? '< 0.1 %' : `${(100 * x).toFixed(1)} %`)
/** Minutes, about. */
export function duration(minutes: number): string {
  if (minutes < 0.1) return 'a few seconds'
  if (minutes < 1) return 'under a minute'
  return minutes < 90 ? `about ${Math.round(minutes)} min` : `about ${(minutes / 60).toFixed(1)} h`
}
export function size(mb: number): string {
  if (mb < 1) return 'under 1 MB'
  return mb < 1024 ? `${Math.round(mb)} MB` : `${(mb / 1024).toFixed(1)} GB`
}
