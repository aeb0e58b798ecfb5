import { describe, expect, it } from 'vitest'
import { defaultLimits, type Domain } from './column-domain.ts'
import type { SynthesisFault } from './errors.ts'
import { allowedOf } from './rules.ts'
import { categorical, fault } from './testing/tables.ts'

describe('rules', () => {
  it('impossible and implied combinations leave what may be', () => {
    // oxlint-disable-next-line unicorn/no-thenable -- a list of values, nothing that could be awaited
    const domain = {
      ...categorical([2, 3]),
      rules: [
        { rule: 'impossible' as const, values: { a: ['v0'], b: ['v2'] } },
        { rule: 'implied' as const, when: { a: ['v1'] }, then: { b: ['v0', 'v1'] } },
      ],
    }
    expect(allowedOf(domain, defaultLimits)).toEqual([{ columns: [0, 1], cells: Uint8Array.of(1, 1, 0, 1, 1, 0) }])
  })
  it('are refused when they name what is not there, leave nothing, or span too much', () => {
    const rules = (r: Domain['rules'], d = categorical([2, 3])): SynthesisFault =>
      fault(() => allowedOf({ ...d, rules: r }, defaultLimits)).fault
    expect(rules([{ rule: 'impossible', values: { z: ['v0'] } }])).toBe('bad_rule')
    expect(rules([{ rule: 'impossible', values: { a: ['v9'] } }])).toBe('bad_rule')
    expect(rules([{ rule: 'impossible', values: { a: ['v0', 'v1'] } }])).toBe('impossible_rules')
    expect(
      rules([{ rule: 'impossible', values: { a: ['v0'], b: ['v0'], c: ['v0'] } }], categorical([200, 200, 200])),
    ).toBe('too_large')
  })
})
