/**
 * A formula over measures that the gate computes from what it releases: a sum, product, quotient or difference of
 * aggregates and numbers.
 */
export type Formula =
  | { measure: number }
  | { number: number }
  | { op: '+' | '-' | '*' | '/' | 'round' | 'sqrt' | 'abs'; of: Formula[] }
