/** Rules on one cell: a count, or a total with the contributions that make it up. */
import type { DisclosurePolicy, Rule } from '../release/policy.ts'

export interface Cell {
  /** Distinct subjects in the cell, counted by the platform. */
  subjects: number
  /** For a total or mean: each subject's contribution. */
  contributions?: readonly number[]
}

/** The rules that a cell breaks. An empty cell breaks the minimum: that nobody is there is a fact about people. */
export function broken(cell: Cell, policy: DisclosurePolicy): Rule[] {
  const out: Rule[] = []
  if (cell.subjects < policy.minimumSubjects) out.push('minimum-subjects')
  const c = cell.contributions
  if (!c || c.length === 0) return out
  const sizes = c.map(Math.abs).sort((a, b) => b - a)
  const total = sizes.reduce((s, v) => s + v, 0)
  const [first = 0, second = 0] = sizes
  const top = sizes.slice(0, policy.dominanceCount).reduce((s, v) => s + v, 0)
  if (total > 0 && top >= policy.dominanceShare * total) out.push('dominance')
  if (total > 0 && total - first - second < policy.pRatio * first) out.push('p-ratio')
  if (c.every((v) => v === c[0])) out.push('single-value')
  return out
}

/** A count as it may be shown: undefined when redacted, otherwise rounded half up to the policy's multiple. */
export function shownCount(
  count: number,
  policy: Pick<DisclosurePolicy, 'roundTo' | 'redactUpTo'>,
): number | undefined {
  if (policy.redactUpTo > 0 && count <= policy.redactUpTo) return undefined
  return policy.roundTo > 1 ? Math.floor(count / policy.roundTo + 0.5) * policy.roundTo : count
}
