/** What every engine must do: the same numbers on a laptop and in a Lambda, and never a text of a row. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatasetSchema } from '../domain/datasets/schema.ts'
import { defaultPolicy } from '../domain/release/policy.ts'
import type { Cohort } from '../domain/datasets/cohort.ts'
import { selectionOfCohort, selectionOfDigests, selectionOfSet } from '../domain/sql/selection.ts'
import { type DataRef, type Engine, ObjectGone, type StoredData, Unreadable } from './engine.ts'
import type { ObjectStore } from './objects.ts'

interface Person {
  id: string
  age: number | null
  sex: string
  score: number
  secret: string
}
const people: Person[] = Array.from({ length: 60 }, (_, index) => ({
  id: `P${index}`,
  age: index === 7 ? null : 20 + ((index * 13) % 60),
  sex: index % 3 === 0 ? 'male' : 'female',
  score: ((index * 37) % 101) + 0.25,
  secret: `secret-${index}`,
}))
const visits = people.flatMap((p, i) =>
  [0, 1, 2].filter((v) => v < 2 || i % 2 === 0).map((visit) => ({ id: p.id, visit, reading: p.score + visit })),
)
const csv = {
  people: [
    'id,age,sex,score,secret',
    ...people.map((p) => [p.id, p.age ?? '', p.sex, p.score, p.secret].join(',')),
  ].join('\n'),
  visits: ['id,visit,reading', ...visits.map((v) => [v.id, v.visit, v.reading].join(','))].join('\n'),
}
const schema: DatasetSchema = {
  tables: [
    {
      name: 'people',
      file: 'people.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'text', role: 'subject' },
        { name: 'age', type: 'integer', minimum: 18, maximum: 75 },
        { name: 'sex', type: 'category', categories: ['female', 'male'] },
        { name: 'score', type: 'number', minimum: 0, maximum: 110 },
        { name: 'secret', type: 'text', role: 'identifier' },
      ],
    },
    {
      name: 'visits',
      file: 'visits.csv',
      oneRowPerSubject: false,
      columns: [
        { name: 'id', type: 'text', role: 'subject' },
        { name: 'visit', type: 'integer', role: 'visit', minimum: 0, maximum: 2 },
        { name: 'reading', type: 'number', minimum: 0, maximum: 120 },
      ],
    },
  ],
  images: [],
}
const kept = (age: number | null): number | null => (age !== null && age <= 75 ? age : null)
const women: Cohort = [{ table: 'people', column: 'sex', is: 'equal', value: 'female' }]
const limits = { seconds: 30, memoryMb: 512 }
const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / x.length

/** Runs the suite. */
export function engineContract(
  name: string,
  open: () => Promise<{ engine: Engine; objects: ObjectStore; close(): Promise<void> }>,
): void {
  describe(`engine: ${name}`, () => {
    let engine: Engine
    let objects: ObjectStore
    let close: () => Promise<void>
    let data: StoredData
    let files: { file: string; data: DataRef }[]
    let outside: Record<string, number>
    const put = async (key: string, text: string): Promise<DataRef> => {
      const bytes = Buffer.from(text)
      await objects.put('protected', key, bytes, 'text/csv')
      return { key, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
    }
    const query = async (sql: string, cohort: Cohort = [], mode: 'rules' | 'noise' = 'rules') => {
      const answer = await engine.query(data, cohort, sql, mode, defaultPolicy, limits)
      if ('problem' in answer) throw new Error(JSON.stringify(answer.problem))
      return answer.result
    }
    beforeAll(async () => {
      ;({ engine, objects, close } = await open())
      files = [
        { file: 'people.csv', data: await put('datasets/d/people', csv.people) },
        { file: 'visits.csv', data: await put('datasets/d/visits', csv.visits) },
      ]
      ;({ data, outside } = await engine.store(files, schema, 'datasets/d/v1/'))
    }, 60_000)
    afterAll(async () => {
      await close()
    })

    it('reads files, proposes their types, and names what it cannot read', async () => {
      const [peopleRead, visitsRead] = await engine.read(files)
      expect(peopleRead).toMatchObject({ file: 'people.csv', rows: 60, proposed: { oneRowPerSubject: true } })
      expect(peopleRead!.columns.map((c) => [c.name, c.type])).toEqual(
        expect.arrayContaining([
          ['age', 'integer'],
          ['score', 'number'],
        ]),
      )
      expect(visitsRead).toMatchObject({ rows: visits.length, proposed: { oneRowPerSubject: false } })
      await expect(
        engine.store(
          [files[1]!, { file: 'people.csv', data: await put('datasets/d/short', 'id,sex\nP1,male') }],
          schema,
          'datasets/d/v2/',
        ),
      ).rejects.toThrow(Unreadable)
      await expect(
        engine.count(
          {
            ...data,
            tables: data.tables.map((table) => ({
              ...table,
              parquet: { ...table.parquet, key: 'datasets/d/gone', sha256: '0'.repeat(64) },
            })),
          },
          women,
        ),
      ).rejects.toThrow(ObjectGone)
    })
    it('stores what was declared, and counts what was outside', () => {
      expect(data).toMatchObject({
        subjects: 60,
        tables: [
          { name: 'people', rows: 60, subjects: 60, rowsPerSubject: 1 },
          { name: 'visits', rows: visits.length, subjects: 60, rowsPerSubject: 3 },
        ],
      })
      expect(outside).toEqual({ 'people.age': people.filter((p) => p.age !== null && p.age > 75).length })
    })
    it('numbers each subject once, also where one table is all there is', async () => {
      const alone = await engine.store([files[1]!], { tables: [schema.tables[1]!], images: [] }, 'datasets/d/v3/')
      expect(alone.data).toMatchObject({
        subjects: 60,
        tables: [{ rows: visits.length, subjects: 60, rowsPerSubject: 3 }],
      })
      expect(alone.data.fingerprint).toBe(data.fingerprint)
      await expect(
        engine.store(
          [files[1]!],
          { tables: [{ ...schema.tables[1]!, oneRowPerSubject: true }], images: [] },
          'datasets/d/v4/',
        ),
      ).rejects.toMatchObject({ name: 'Unreadable', line: 3 })
    })
    it('counts cohorts, and knows equal ones from others', async () => {
      const womenCount = people.filter((p) => p.sex === 'female').length
      const [all, some, same] = await Promise.all([
        engine.count(data, []),
        engine.count(data, women),
        engine.count(data, [{ table: 'people', column: 'sex', is: 'not-equal', value: 'male' }]),
      ])
      expect([all.subjects, some.subjects]).toEqual([60, womenCount])
      expect(same).toEqual(some)
      expect(all.fingerprint).toBe(data.fingerprint)
      expect(await engine.difference(data, selectionOfCohort([]), selectionOfCohort(women))).toBe(60 - womenCount)
    })
    it('answers many at once, each its own question, also after one that failed', async () => {
      const cut = (i: number): Cohort => [{ table: 'people', column: 'score', is: 'between', from: i * 10 }]
      const gone = { ...data, tables: data.tables.map((t) => ({ ...t, name: 'elsewhere' })) }
      const [failed, ...all] = await Promise.all([
        engine.query(gone, [], 'SELECT count(*) FROM people', 'rules', defaultPolicy, limits),
        ...[0, 1, 2, 3, 4, 5].map((i) => engine.count(data, cut(i))),
      ])
      expect(failed).toMatchObject({ problem: { code: 'query-error', errorClass: 'Catalog' } })
      expect(all.map((c) => c.subjects)).toEqual(
        [0, 1, 2, 3, 4, 5].map((i) => people.filter((p) => p.score >= i * 10).length),
      )
      const [first] = (await query('SELECT count(*) FROM people')).rows
      expect(first!.values).toEqual([60])
    })
    it('answers a query with the platform’s own counts beside it', async () => {
      const { rows, columns } = await query(
        'SELECT sex, avg(reading) AS mean, count(*) AS n FROM visits JOIN people USING (id) GROUP BY sex',
        [{ table: 'people', column: 'score', is: 'between', from: 20 }],
      )
      const of = (sex: string) =>
        visits.filter((v) => people.some((p) => p.id === v.id && p.sex === sex && p.score >= 20))
      expect(columns.map((c) => c.kind)).toEqual(['group', 'value', 'count'])
      for (const row of rows) {
        const expected = of(String(row.values[0]))
        expect(row.values[1]).toBeCloseTo(mean(expected.map((v) => v.reading)), 9)
        expect(row.values[2]).toBe(expected.length)
        expect(row).toMatchObject({ rows: expected.length, subjects: new Set(expected.map((v) => v.id)).size })
        const each = [...Map.groupBy(expected, (v) => v.id).values()]
          .map((v) => v.reduce((s, x) => s + x.reading, 0))
          .sort((a, b) => b - a)
        expect(row.contributions[1]).toMatchObject({ largest: each[0], second: each[1], allEqual: false })
      }
    })
    it('hands out exact sums for noise, with every declared group', async () => {
      const { rows, noise } = await query(
        'SELECT sex, count(*) AS n, avg(age) AS mean FROM people GROUP BY sex',
        [],
        'noise',
      )
      expect(noise).toMatchObject({
        rowsPerSubject: 1,
        declaredGroups: true,
        parts: [
          { kind: 'count', bounds: [1] },
          { kind: 'mean', bounds: [1, 2 ** 20] },
        ],
      })
      expect(rows.map((r) => [r.values[0], r.exact![1]])).toEqual([
        ['female', ['40']],
        ['male', ['20']],
        [null, ['0']],
      ])
      const ages = people.filter((p) => p.sex === 'male').flatMap((p) => kept(p.age) ?? [])
      expect(rows[1]!.exact![2]![0]).toBe(String(ages.length))
    })
    it('tells sets of people, and sets of their rows, apart by how many differ', async () => {
      const row = async (sql: string): Promise<string> => (await query(sql)).selections[0]!
      const all = await row('SELECT sum(reading) FROM visits')
      const apart = async (sql: string): Promise<number> => engine.difference(data, all, await row(sql))
      expect(await apart('SELECT sum(v.reading) FROM visits v JOIN people USING (id) WHERE visit < 5')).toBe(0)
      expect(
        await apart(
          'SELECT sum(v.reading) FROM visits v JOIN people p USING (id) WHERE NOT (p.score = 0.25 AND visit = 0)',
        ),
      ).toBe(1)
      expect(
        await apart(
          'SELECT sum(a.reading) FROM visits a JOIN visits b USING (id, visit) JOIN people p USING (id) WHERE NOT (p.score = 0.25 AND a.visit = 0)',
        ),
      ).toBe(1)
      expect(
        await apart(
          'SELECT sum(a.reading) FROM visits a JOIN visits b USING (id) JOIN people p USING (id) WHERE NOT (p.score = 0.25 AND a.visit = 0 AND b.visit = 1)',
        ),
      ).toBe(1)
      const filtered = await row("SELECT count(*) FILTER (WHERE sex = 'female') FROM people")
      expect(await engine.difference(data, selectionOfSet(filtered, 0), selectionOfCohort(women))).toBe(0)
      const [everybody, others] = await Promise.all([
        engine.count(data, []),
        engine.count(data, [{ table: 'people', column: 'score', is: 'not-equal', value: 0.25 }]),
      ])
      const one = (BigInt(`0x${everybody.fingerprint}`) ^ BigInt(`0x${others.fingerprint}`))
        .toString(16)
        .padStart(16, '0')
      expect(await engine.difference(data, selectionOfDigests([one, '00000000000000ff']), selectionOfDigests([]))).toBe(
        1,
      )
    })
    it('refuses beforehand, and afterwards, without a word of the data', async () => {
      expect(await engine.validate('SELECT avg(score) FROM people', schema, 'rules')).toEqual({})
      expect(await engine.validate('SELECT secret, count(*) FROM people GROUP BY 1', schema, 'rules')).toMatchObject({
        problem: { code: 'not-allowed', names: ['secret'] },
      })
      expect(await engine.validate('SELECT corr(age, score) FROM people', schema, 'noise')).toMatchObject({
        problem: { code: 'not-allowed' },
      })
      expect(
        await engine.validate('SELECT sex, count(*) AS n, avg(score) FROM people GROUP BY sex', schema, 'noise'),
      ).toMatchObject({
        measured: {
          rowsPerSubject: 1,
          declaredGroups: true,
          vectors: 3,
          parts: [
            { name: 'n', kind: 'count' },
            { kind: 'mean', scale: 55 },
          ],
        },
      })
      const answer = await engine.query(data, [], 'SELECT error(sex) FROM people', 'rules', defaultPolicy, limits)
      expect(answer).toMatchObject({ problem: { code: 'not-allowed' } })
      expect(JSON.stringify(answer)).not.toMatch(/female|secret-/)
    })
    it('writes a cohort’s rows as CSV, without what identifies', async () => {
      const written = await engine.materialise(data, women, 'jobs/j/inputs/')
      expect(written.map((w) => [w.file, w.rows])).toEqual([
        ['people.csv', 40],
        ['visits.csv', visits.filter((v) => people.find((p) => p.id === v.id)!.sex === 'female').length],
      ])
      const text = Buffer.from(await objects.get('protected', written[0]!.key)).toString('utf8')
      expect(text.split('\n')[0]).toBe('id,age,sex,score')
      expect(text).not.toMatch(/secret|,male,/)
    })
  })
}
