/** What the declarations of entities promise to whoever reads them. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type DeclaredEntity, entity, type EntityPrefix, isDeclared } from './entity.ts'
import { allEntities, allRoutes, areas } from './index.ts'
import { backstage } from './backstage.ts'
import type { Grant } from './route.ts'

type Prefixes<A> = A extends { entities: infer E } ? { [N in keyof E]: PrefixOf<E[N]> }[keyof E] : never
type PrefixOf<E> = E extends { prefix: infer P } ? P : never
type AreasOf = typeof areas
type DeclaredPrefix = { [A in keyof AreasOf]: Prefixes<AreasOf[A]> }[keyof AreasOf]

const prefixes = [...new Set(allEntities.map((e) => e.entity.prefix))]
const rights = ['read', 'write'] as const
const granted = [...allRoutes.flatMap((r) => r.route.grants), ...backstage.flatMap((f) => f.grants)]

describe('prefixes', () => {
  it('are registered exactly for the entities that areas declare', () => {
    expectTypeOf<EntityPrefix>().toEqualTypeOf<DeclaredPrefix>()
    expect(prefixes.every(isDeclared)).toBe(true)
    expect(isDeclared('NOTHING')).toBe(false)
  })
  it('of another name do not compile, neither in a grant nor in an entity', () => {
    expectTypeOf<'read STUDY'>().toExtend<Grant>()
    expectTypeOf<'read STUDDY'>().not.toExtend<Grant>()
    // @ts-expect-error no area has registered the prefix
    const grant: Grant = 'write NOTHING'
    expect(granted).not.toContain(grant)
    const declare = (): DeclaredEntity =>
      entity('STUDY', {
        what: 'a key outside of its own prefix',
        // @ts-expect-error the partition key has another prefix
        key: { pk: 'LINK#{code}', sk: 'LINK' },
        owner: 'platform',
        deletedBy: ['done'],
        backedUp: 'fleeting',
        // @ts-expect-error no area has registered the prefix
        descendsFrom: ['NOTHING'],
      })
    expect(declare().prefix).toBe('STUDY')
  })
  it('are each granted to somebody, to read and to write', () => {
    const needed = prefixes.flatMap((prefix) => rights.map((right) => `${right} ${prefix}`))
    expect(needed.filter((grant) => !granted.includes(grant as Grant))).toEqual([])
  })
})

describe('declarations', () => {
  it('give every entity a key and a name of its own', () => {
    const keys = allEntities.map(({ entity: e }) => `${e.declaration.key.pk} ${e.declaration.key.sk}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(new Set(allEntities.map((e) => e.name)).size).toBe(allEntities.length)
    expect(new Set(allEntities.map((e) => e.entity.declaration.what)).size).toBe(allEntities.length)
  })
  it('type keys by their templates', () => {
    const { version } = areas.studies.entities
    expectTypeOf(version.key).parameters.toEqualTypeOf<[string, number]>()
    expectTypeOf(areas.pipelines.entities.runQueue.key).parameters.toEqualTypeOf<[]>()
    // @ts-expect-error a version is a number
    version.key('std_a', '1')
    // @ts-expect-error the index place needs the time of its making
    expect(() => areas.studies.entities.study.index.ofOrganisation({ organisationId: 'O', studyId: 'S' })).toThrow(
      'needs created',
    )
  })
  it('say how each ends, or why it does not', () => {
    const declare = (): DeclaredEntity =>
      entity('STUDY', {
        what: 'a thing without an end',
        key: { pk: 'STUDY#{studyId}', sk: 'ENDLESS' },
        owner: 'platform',
        // @ts-expect-error it neither ends nor says why
        deletedBy: [],
        backedUp: 'kept',
        descendsFrom: [],
      })
    expect(declare().declaration.deletedBy).toEqual([])
    const unsaid = allEntities.filter(({ entity: { declaration } }) =>
      [declaration.deletedBy, ...Object.values(declaration.objects ?? {})].some((ends) =>
        'kept' in ends ? !/^[a-z].{8,}[^.]$/.test(ends.kept) : ends.length === 0,
      ),
    )
    expect(unsaid.map(({ name }) => name)).toEqual([])
  })
  it('let no item pass for kept that says nothing of its own', () => {
    const fleeting = allEntities.filter(({ entity: e }) => e.declaration.backedUp === 'fleeting')
    // One for all, a person or an organisation: what grows with use has an end.
    const kept = fleeting.filter(({ entity: e }) => 'kept' in e.declaration.deletedBy).map((e) => e.name)
    expect(kept.sort()).toEqual(['health', 'jobPlaces', 'roleChange', 'runQueue', 'sweepVisit'])
  })
  it('let a pointer be made anew, and nothing that is not the platform’s own be forgotten', () => {
    for (const { name, entity: declared } of allEntities.filter((one) => one.entity.declaration.backedUp === 'derived'))
      expect([name, declared.declaration.descendsFrom, declared.declaration.objects]).toEqual([name, [], undefined])
  })
})
