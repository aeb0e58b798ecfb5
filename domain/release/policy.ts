/** Disclosure rules: their defaults, where they come from, and how platform, site and dataset combine. */

/** What may leave under the release mode `rules`. Counts are distinct subjects; shares are between 0 and 1. */
export interface DisclosurePolicy {
  /** Distinct subjects in any released cell, cohort or statistic (ACRO: 10). */
  minimumSubjects: number
  /**
   * A total fails when its `dominanceCount` largest contributors make up `dominanceShare` of it or more (ACRO nk: n =
   * 2, k = 0.9).
   */
  dominanceCount: number
  dominanceShare: number
  /** A total fails when what remains without the two largest is less than this share of the largest (ACRO p%: 0.1). */
  pRatio: number
  /** Residual degrees of freedom of a model (ACRO: 10). */
  residualDegrees: number
  /** Parameters over subjects of a model, at most (DataSHIELD nfilter.glm: 0.33). */
  parametersPerSubject: number
  /** Counts are rounded to a multiple of this; 1 for none (OpenSAFELY: 5). */
  roundTo: number
  /** Counts at or under this are redacted before rounding; 0 for none (OpenSAFELY: 7). */
  redactUpTo: number
  /** At risk in each step of a survival curve (ACRO: 10). */
  atRisk: number
  /** Rows of one output table, and bytes of an output (OpenSAFELY: 5,000 and 16 MB). */
  rows: number
  bytes: number
}

/** No site or dataset may go under this. */
export const floorSubjects = 5

export const defaultPolicy: DisclosurePolicy = {
  minimumSubjects: 10,
  dominanceCount: 2,
  dominanceShare: 0.9,
  pRatio: 0.1,
  residualDegrees: 10,
  parametersPerSubject: 0.33,
  roundTo: 1,
  redactUpTo: 0,
  atRisk: 10,
  rows: 5000,
  bytes: 16_000_000,
}

/** For each rule, which of two values lets less out. */
const stricterOf: Record<keyof DisclosurePolicy, (first: number, second: number) => number> = {
  minimumSubjects: Math.max,
  dominanceCount: Math.max,
  dominanceShare: Math.min,
  pRatio: Math.max,
  residualDegrees: Math.max,
  parametersPerSubject: Math.min,
  roundTo: Math.max,
  redactUpTo: Math.max,
  atRisk: Math.max,
  rows: Math.min,
  bytes: Math.min,
}

/**
 * The strictest of platform, site and dataset, rule by rule; the platform's floor always holds, and its default minimum
 * where no policy names another.
 */
export function strictest(...policies: Partial<DisclosurePolicy>[]): DisclosurePolicy {
  const strict: DisclosurePolicy = { ...defaultPolicy, minimumSubjects: floorSubjects }
  const named = policies.length > 0 ? policies : [defaultPolicy]
  for (const rule of Object.keys(stricterOf) as (keyof DisclosurePolicy)[])
    for (const policy of named) strict[rule] = stricterOf[rule](strict[rule], policy[rule] ?? strict[rule])
  if (named.every((policy) => policy.minimumSubjects === undefined))
    strict.minimumSubjects = defaultPolicy.minimumSubjects
  return strict
}

export const rules = [
  'minimum-subjects',
  'dominance',
  'p-ratio',
  'single-value',
  'residual-degrees',
  'parameters',
  'extreme',
  'rounding',
  'complementary',
  'differencing',
  'stability',
  'names',
  'numbers',
  'size',
  'unknown-output',
] as const
export type Rule = (typeof rules)[number]
export const outcomes = ['pass', 'suppress', 'round', 'review', 'fail'] as const
export type Outcome = (typeof outcomes)[number]

/** One finding. It names positions and rules, never the value that failed. */
export interface Finding {
  output: string
  cell?: string
  rule: Rule
  outcome: Outcome
}
