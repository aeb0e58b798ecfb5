import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { givenBy, groupsIn, rolesAfter, rolesByRule, type RuleRole } from './group-rules.ts'
import { type Role, roles } from './permissions.ts'

const someRoles = fc.uniqueArray(fc.constantFrom(...roles))
const givable = fc.uniqueArray(fc.constantFrom(...rolesByRule))

test('rules give what groups say, and never admin', () => {
  const rules = [
    { group: 'lab', role: 'researcher' as const },
    { group: 'lab', role: 'analyst' as const },
    { group: 'staff', role: 'analyst' as const },
    { group: 'lab', role: 'admin' as Role as RuleRole },
  ]
  expect(givenBy(rules, ['lab', 'staff'])).toEqual(['analyst', 'researcher'])
  expect(givenBy(rules, ['staff'])).toEqual(['analyst'])
  expect(givenBy(rules, ['Lab', 'la', ''])).toEqual([])
})

test('groups of a claim: a list, or one text; what is none is left out', () => {
  expect(groupsIn(['lab', 'two words', '', 7, 'lab'])).toEqual(['lab', 'two words'])
  expect(groupsIn('[lab, two words]')).toEqual(['lab', 'two words'])
  expect(groupsIn('lab;staff')).toEqual(['lab', 'staff'])
  for (const none of [undefined, null, {}, 7, '', '[]']) expect(groupsIn(none)).toEqual([])
  expect(groupsIn(Array.from({ length: 500 }, (_, n) => `g${n}`))).toHaveLength(200)
})

describe('after a sign-in', () => {
  it('what was given by hand stays, what a rule gave goes with its group', () => {
    const first = rolesAfter({ roles: ['admin', 'analyst'], byRule: [] }, ['analyst', 'researcher'])
    expect(first).toEqual({ roles: ['admin', 'analyst', 'researcher'], byRule: ['researcher'] })
    expect(rolesAfter(first, [])).toEqual({ roles: ['admin', 'analyst'], byRule: [] })
  })
  it('holds for all roles', () =>
    fc.assert(
      fc.property(someRoles, someRoles, givable, givable, (byHand, before, given, later) => {
        const first = rolesAfter(
          { roles: byHand, byRule: [] },
          before.filter((r) => r !== 'admin'),
        )
        const second = rolesAfter(first, given)
        // As if the sign-in before had never been.
        expect(second).toEqual(rolesAfter({ roles: byHand, byRule: [] }, given))
        expect(rolesAfter(second, given)).toEqual(second)
        expect(new Set(second.roles)).toEqual(new Set([...byHand, ...given]))
        expect(rolesAfter(rolesAfter(second, later), []).roles).toEqual([...byHand].sort())
      }),
    ))
})
