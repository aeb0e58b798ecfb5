/** What costs: so many of something, at so many USD each. */
export interface Line {
  what: string
  count: number
  /** USD. */
  each: number
  note: string
}

/** USD. */
export const sum = (lines: Line[]): number => lines.reduce((n, l) => n + l.count * l.each, 0)
