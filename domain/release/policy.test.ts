import { describe, expect, it } from 'vitest'
import { defaultPolicy, floorSubjects, strictest } from './policy.ts'

describe('policies combined', () => {
  it.each([
    ['minimumSubjects', 20, 30, 30],
    ['dominanceCount', 3, 4, 4],
    ['dominanceShare', 0.8, 0.7, 0.7],
    ['pRatio', 0.2, 0.3, 0.3],
    ['residualDegrees', 20, 30, 30],
    ['parametersPerSubject', 0.2, 0.1, 0.1],
    ['roundTo', 5, 10, 10],
    ['redactUpTo', 7, 9, 9],
    ['atRisk', 20, 30, 30],
    ['rows', 100, 50, 50],
    ['bytes', 1000, 500, 500],
  ] as const)('%s of %d and %d is %d, whichever comes first', (rule, first, second, strict) => {
    expect(strictest({ [rule]: first }, { [rule]: second })[rule]).toBe(strict)
    expect(strictest({ [rule]: second }, { [rule]: first })[rule]).toBe(strict)
  })
  it('without a policy the defaults hold', () => {
    expect(strictest()).toEqual(defaultPolicy)
    expect(strictest({})).toEqual(defaultPolicy)
  })
  it('a minimum that is named may go under the default, never under the floor', () => {
    expect(strictest({ minimumSubjects: 7 }, { rows: 10 }).minimumSubjects).toBe(7)
    expect(strictest({ minimumSubjects: floorSubjects - 1 }).minimumSubjects).toBe(floorSubjects)
    expect(strictest({ rows: 10 }).minimumSubjects).toBe(defaultPolicy.minimumSubjects)
  })
})
