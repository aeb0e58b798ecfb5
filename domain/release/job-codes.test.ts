import { describe, expect, it } from 'vitest'
import { endOf, givesBack, type JobCode, jobCodes } from './job-codes.ts'

const codes = Object.keys(jobCodes) as JobCode[]

describe('how a job ends by its code', () => {
  it('is blocked only where the gate, or a rule before it, let nothing out', () => {
    expect(codes.filter((code) => endOf(code) === 'blocked').sort()).toEqual([
      'checkers-refused',
      'cohort-too-small',
      'differencing',
      'output-unsafe',
      'too-small-for-noise',
      'unstable',
    ])
  })
  it('is cancelled only by a person', () =>
    expect(codes.filter((code) => endOf(code) === 'cancelled')).toEqual(['cancelled']))
  it('has failed otherwise', () =>
    expect([endOf('script-error'), endOf('infrastructure'), endOf('budget-exhausted')]).toEqual(
      Array.from({ length: 3 }, () => 'failed'),
    ))
})

describe('the charge', () => {
  it('is given back only for ends that say nothing of the data', () => {
    expect(codes.filter(givesBack).sort()).toEqual([
      'approval-refused',
      'approval-stale',
      'budget-exhausted',
      'confinement-missing',
      'infrastructure',
      'not-allowed',
      'not-an-aggregate',
      'policy-changed',
      'table-faults',
      'unknown-column',
    ])
  })
})
