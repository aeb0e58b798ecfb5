import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column, DatasetSchema } from './schema.ts'
import { diffSchemas } from './schema-diff.ts'
import { fileFaults, schemaFaults } from './schema-rules.ts'

const subject: Column = { name: 'id', type: 'text', role: 'subject' }
const of = (...columns: Column[]): DatasetSchema => ({
  tables: [{ name: 't', file: 't.csv', columns: [subject, ...columns], oneRowPerSubject: true }],
  images: [],
})
const paths = (s: DatasetSchema): string[] => schemaFaults(s).map((f) => f.path)

describe('a schema', () => {
  it('is whole as it should be', () =>
    expect(
      schemaFaults(
        of(
          { name: 'age', type: 'integer', minimum: 0, maximum: 120 },
          { name: 'sex', type: 'category', categories: ['f', 'm'] },
          { name: 'seen', type: 'datetime', minimum: '2020-01-01', maximum: '2020-02-29T12:00:00Z' },
        ),
      ),
    ).toEqual([]))
  it.each<[string, Column, string]>([
    [
      'bounds the wrong way round',
      { name: 'a', type: 'number', minimum: 2, maximum: 1 },
      '/tables/0/columns/1/minimum',
    ],
    ['a text as a number’s bound', { name: 'a', type: 'number', minimum: '2' }, '/tables/0/columns/1/minimum'],
    ['a half as an integer’s bound', { name: 'a', type: 'integer', maximum: 1.5 }, '/tables/0/columns/1/maximum'],
    [
      'a day that is not in the calendar',
      { name: 'a', type: 'date', minimum: '2023-02-29' },
      '/tables/0/columns/1/minimum',
    ],
    [
      'a time as a date’s bound',
      { name: 'a', type: 'date', maximum: '2023-02-28T10:00:00Z' },
      '/tables/0/columns/1/maximum',
    ],
    ['bounds of a text', { name: 'a', type: 'text', minimum: 1 }, '/tables/0/columns/1/minimum'],
    ['a category without categories', { name: 'a', type: 'category' }, '/tables/0/columns/1/categories'],
    ['no categories at all', { name: 'a', type: 'category', categories: [] }, '/tables/0/columns/1/categories'],
    ['a category twice', { name: 'a', type: 'category', categories: ['x', 'x'] }, '/tables/0/columns/1/categories/1'],
    ['categories of a number', { name: 'a', type: 'number', categories: ['x'] }, '/tables/0/columns/1/categories'],
    ['a name that only capitals tell apart', { name: 'ID', type: 'text' }, '/tables/0/columns/1/name'],
    ['two subjects', { name: 'a', type: 'text', role: 'subject' }, '/tables/0/columns'],
    ['a subject that is a measurement', { name: 'a', type: 'number', role: 'subject' }, '/tables/0/columns/1/type'],
  ])('does not have %s', (_, column, path) => expect(paths(of(column, { name: 'v', type: 'number' }))).toContain(path))
  it('has a subject in each table, and something to ask', () => {
    expect(
      paths({
        tables: [{ name: 't', file: 't.csv', columns: [{ name: 'v', type: 'number' }], oneRowPerSubject: false }],
        images: [],
      }),
    ).toEqual(['/tables/0/columns'])
    expect(paths(of({ name: 'key', type: 'text', role: 'identifier' }))).toEqual(['/tables/0/columns'])
  })
  it('has tables and files that differ', () => {
    const [table] = of({ name: 'v', type: 'number' }).tables
    expect(paths({ tables: [table!, { ...table!, file: 'T.csv' }], images: [] })).toEqual([
      '/tables/1/name',
      '/tables/1/file',
    ])
  })
  it('has image folders whose table, path and masks are there', () => {
    const changed = of({ name: 'path', type: 'text' }, { name: 'v', type: 'number' })
    const folder = { name: 'scans', kind: 'nifti' as const, table: 't', path: 'path', masks: ['m.nii'] }
    expect(paths({ ...changed, images: [folder] })).toEqual([])
    expect(paths({ ...changed, images: [{ ...folder, table: 'u' }] })).toEqual(['/images/0/table'])
    expect(paths({ ...changed, images: [{ ...folder, path: 'elsewhere' }] })).toEqual(['/images/0/path'])
    expect(paths({ ...changed, images: [{ ...folder, path: 'v' }] })).toEqual(['/images/0/path'])
    expect(paths({ ...changed, images: [folder, { ...folder, masks: ['m.nii', 'M.nii'] }] })).toEqual([
      '/images/1/name',
      '/images/1/masks/1',
    ])
    expect(fileFaults({ ...changed, images: [folder] }, new Set(['t.csv'])).map((x) => x.path)).toEqual([
      '/images/0/masks/0',
    ])
  })
  it('is not too large for the place where it is kept', () => {
    const categories = Array.from({ length: 9000 }, (_, i) => `category number ${i} of many`)
    expect(paths(of({ name: 'v', type: 'category', categories }))).toEqual([''])
  })
})

const column = fc.record({
  name: fc.string({ minLength: 1, maxLength: 12 }),
  type: fc.constantFrom('integer', 'number', 'text', 'boolean', 'date', 'datetime', 'category'),
  minimum: fc.option(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string()), { nil: undefined }),
  categories: fc.option(fc.array(fc.string(), { maxLength: 4 }), { nil: undefined }),
  role: fc.constantFrom(undefined, 'subject', 'visit', 'identifier'),
}) as fc.Arbitrary<Column>
const schema: fc.Arbitrary<DatasetSchema> = fc.record({
  tables: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,3}$/),
      file: fc.stringMatching(/^[a-z]{1,3}\.csv$/),
      columns: fc.array(column, { minLength: 1, maxLength: 6 }),
      oneRowPerSubject: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  images: fc.array(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,2}$/),
      kind: fc.constant('nifti' as const),
      table: fc.stringMatching(/^[a-z]{1,3}$/),
      path: fc.string({ minLength: 1 }),
      masks: fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
    }),
    { maxLength: 2 },
  ),
})

describe('laws', () => {
  it('whatever is declared, faults are found without an error and point into the schema', () =>
    fc.assert(
      fc.property(schema, (changed) => {
        for (const { path } of schemaFaults(changed)) {
          const parts = path.split('/').slice(1)
          const parent = parts.slice(0, -1).reduce<unknown>((v, k) => (v as Record<string, unknown>)[k], changed)
          expect(parent).toBeTypeOf('object')
        }
      }),
    ))
  it('a schema without faults gets one by a second subject, by none, and by a name that only capitals tell apart', () => {
    const whole = fc
      .uniqueArray(fc.stringMatching(/^[a-z][a-z0-9 _.-]{0,20}$/), { minLength: 2, maxLength: 6 })
      .map((names): DatasetSchema => ({
        tables: [
          {
            name: 't',
            file: 't.csv',
            oneRowPerSubject: false,
            columns: names.map((name, i) => ({ name, type: 'text', ...(i === 0 ? { role: 'subject' } : {}) })),
          },
        ],
        images: [],
      }))
    const withColumns = (changed: DatasetSchema, columns: Column[]): DatasetSchema => ({
      ...changed,
      tables: [{ ...changed.tables[0]!, columns }],
    })
    fc.assert(
      fc.property(whole, (changed) => {
        const { columns } = changed.tables[0]!
        expect(schemaFaults(changed)).toEqual([])
        expect(
          schemaFaults(
            withColumns(
              changed,
              columns.map((c, i) => (i === 1 ? { ...c, role: 'subject' } : c)),
            ),
          ),
        ).not.toEqual([])
        expect(
          schemaFaults(
            withColumns(
              changed,
              columns.map(({ role: _, ...c }) => c),
            ),
          ),
        ).not.toEqual([])
        expect(
          schemaFaults(withColumns(changed, [...columns, { ...columns[1]!, name: columns[1]!.name.toUpperCase() }])),
        ).not.toEqual([])
      }),
    )
  })
  it('a schema differs from itself in nothing, and from none in everything; the other way round is the other way round', () =>
    fc.assert(
      fc.property(schema, schema, (before, after) => {
        expect(diffSchemas(before, structuredClone(before))).toEqual({ added: [], removed: [], changed: [] })
        expect(diffSchemas({ tables: [], images: [] }, before).removed).toEqual([])
        const there = diffSchemas(before, after)
        const back = diffSchemas(after, before)
        expect(there.added.toSorted()).toEqual(back.removed.toSorted())
        expect(there.changed.toSorted()).toEqual(back.changed.toSorted())
      }),
    ))
})
