import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { may, type Permission, permissionTable, roles, scopes, studyRights, type Subject } from './permissions.ts'

const permissions = permissionTable().map((r) => r.permission)
const subsetOf = <T>(of: readonly T[]) => fc.subarray([...of])
const permission = fc.constantFrom(...permissions)
const person = fc.record({ roles: subsetOf(roles), rights: subsetOf(studyRights) })

describe('permissions', () => {
  it('deny by default: nobody without a role may anything, whatever rights and scopes they hold', () =>
    fc.assert(
      fc.property(permission, subsetOf(studyRights), (asked, rights) => {
        expect(may({ roles: [], rights, scopes: [...scopes] }, asked)).toBe(false)
        expect(may({ roles: [], rights }, asked)).toBe(false)
      }),
    ))
  it('deny what no table names', () =>
    fc.assert(
      fc.property(fc.string(), person, (asked, who) => {
        fc.pre(!(permissions as string[]).includes(asked) && !(asked in {}))
        expect(() => {
          if (may(who, asked as Permission)) throw new Error('granted')
        }).not.toThrow('granted')
      }),
    ))
  it('a token never may more than its owner, nor more than its scopes', () =>
    fc.assert(
      fc.property(permission, person, subsetOf(scopes), (asked, owner, held) => {
        const byToken = may({ ...owner, scopes: held }, asked)
        expect(byToken && !may(owner, asked)).toBe(false)
        expect(byToken).toBe(
          may(owner, asked) && held.includes(permissionTable().find((r) => r.permission === asked)!.scope),
        )
      }),
    ))
  it('more roles, rights or scopes never take anything away', () =>
    fc.assert(
      fc.property(permission, person, person, (asked, first, second) => {
        const both: Subject = { roles: [...first.roles, ...second.roles], rights: [...first.rights, ...second.rights] }
        expect(may(first, asked) && !may(both, asked)).toBe(false)
      }),
    ))
  it('are what the table says', () =>
    fc.assert(
      fc.property(fc.constantFrom(...permissionTable()), person, (row, who) => {
        const expected =
          who.roles.length > 0 &&
          (who.roles.some((r) => row.roles.includes(r)) || who.rights.some((r) => row.rights.includes(r)))
        expect(may(who, row.permission)).toBe(expected)
      }),
    ))
  it('opening results, seeing runs and editing come from a right on the study, never from a role', () => {
    for (const asked of ['runs.open', 'runs.rows', 'study.edit', 'study.aggregates'] as const)
      expect(may({ roles, rights: [] }, asked), asked).toBe(false)
    expect(may({ roles: ['analyst'], rights: studyRights.filter((r) => r !== 'open') }, 'runs.open')).toBe(false)
    expect(may({ roles: ['analyst'], rights: ['open'] }, 'runs.open')).toBe(true)
  })
  it('only admins manage people; only admins, custodians and auditors read the whole chain', () => {
    expect(roles.filter((r) => may({ roles: [r], rights: studyRights }, 'people.manage'))).toEqual(['admin'])
    expect(roles.filter((r) => may({ roles: [r], rights: studyRights }, 'audit.read'))).toEqual([
      'admin',
      'custodian',
      'auditor',
    ])
  })
  it('the table names each permission once, and every scope is of use', () => {
    expect(new Set(permissions).size).toBe(permissions.length)
    expect([...new Set(permissionTable().map((r) => r.scope))].sort()).toEqual([...scopes].sort())
  })
})
