/**
 * Statements: what is refused before any data, what keeps its meaning, and what the gate lets out of an honest-looking
 * one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { defaultPolicy } from '../../domain/release/policy.ts'
import { releaseQuery } from '../../domain/disclosure/query-rules.ts'
import type { QueryResult } from '../../domain/sql/result.ts'
import { openDuck } from './duckdb.ts'
import { query, validate } from './query.ts'
import type { LocalData } from './request.ts'
import { store } from './store.ts'

const target = 17
const people = Array.from({ length: 80 }, (_, index) => ({
  id: `P${index}`,
  age: 20 + ((index * 7) % 50),
  sex: index % 2 === 0 ? 'female' : 'male',
  income: index === 33 ? '' : 20_000 + ((index * 7919) % 60_000),
  score: index === target ? 61.87 : (index * 31) % 61,
}))
const schema: DatasetSchema = {
  tables: [
    {
      name: 'people',
      file: 'people.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'text', role: 'subject' },
        { name: 'age', type: 'integer', minimum: 18, maximum: 90 },
        { name: 'sex', type: 'category', categories: ['female', 'male'] },
        { name: 'income', type: 'number', minimum: 0, maximum: 100_000 },
        { name: 'score', type: 'number', minimum: 0, maximum: 100 },
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
let folder: string
let data: LocalData
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-statements-'))
  await writeFile(
    join(folder, 'people.csv'),
    ['id,age,sex,income,score', ...people.map((p) => Object.values(p).join(','))].join('\n'),
  )
  await writeFile(
    join(folder, 'visits.csv'),
    [
      'id,visit,reading',
      ...people.flatMap((p, i) => [0, 1, 2].map((v) => `${p.id},${v},${p.score + v * (1 + (i % 5))}`)),
    ].join('\n'),
  )
  const written = await store(
    {
      kind: 'store',
      files: ['people', 'visits'].map((t) => ({ file: `${t}.csv`, path: join(folder, `${t}.csv`) })),
      schema,
      folder,
    },
    512,
  )
  data = { schema, subjects: written.subjects, fingerprint: written.fingerprint, tables: written.tables }
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const refused = async (sql: string): Promise<string | undefined> => {
  const validated = await validate({ kind: 'validate', sql, schema, mode: 'rules' })
  return 'problem' in validated ? validated.problem.code : undefined
}
async function result(sql: string): Promise<QueryResult> {
  const answer = await query({
    kind: 'query',
    data,
    cohort: [],
    sql,
    mode: 'rules',
    policy: defaultPolicy,
    limits: { seconds: 20, memoryMb: 512 },
  })
  if ('problem' in answer) throw new Error(JSON.stringify(answer.problem))
  return answer.result
}
const released = async (sql: string): Promise<unknown> => {
  const verdict = releaseQuery(await result(sql), defaultPolicy)
  return verdict.outcome === 'release'
    ? verdict.outputs[0]!.rows.map((r) => r.map((c) => (c.suppressed ? '*' : c.value)))
    : verdict.code
}

describe('what is refused', () => {
  it.each([
    'SELECT * FROM people',
    'SELECT age FROM people',
    'TABLE people',
    'SELECT COLUMNS(*) FROM people',
    'SELECT *, count(*) FROM people',
    'SELECT 1',
    'VALUES (1)',
    'SELECT id, count(*) FROM people GROUP BY id',
    "SELECT count(*) FROM people WHERE id = 'P1'",
    'SELECT max(age) FROM people',
    'SELECT list(age) FROM people',
    'SELECT first(age) FROM people',
    'SELECT mode(age) FROM people',
    'SELECT string_agg(sex) FROM people',
    'SELECT arg_max(age, score) FROM people',
    'SELECT quantile_cont(age, 0.01) FROM people',
    'SELECT quantile_disc(age, 0.5) FROM people',
    'SELECT count(DISTINCT age) FROM people',
    'SELECT sum(DISTINCT age) FROM people',
    'SELECT avg(age ORDER BY score) FROM people',
    'SELECT count(*) FROM people HAVING count(*) > 1',
    'SELECT count(*) FROM people QUALIFY row_number() OVER () = 1',
    'SELECT count(*) FROM people TABLESAMPLE 1%',
    'SELECT count(*) OVER () FROM people',
    'SELECT (SELECT 1), count(*) FROM people',
    'SELECT count(*) FROM people WHERE EXISTS (SELECT 1 FROM visits)',
    'SELECT count(*) FROM people UNION ALL SELECT 1',
    'WITH RECURSIVE w AS (SELECT 1 UNION ALL SELECT 1 FROM w) SELECT count(*) FROM w',
    'SELECT avg(x) FROM (SELECT id, age AS x FROM people LIMIT 1)',
    'SELECT count(*) FROM people, visits',
    'SELECT count(*) FROM people a JOIN people b ON a.age < b.age',
    'SELECT count(*) FROM people NATURAL JOIN visits',
    'SELECT count(*) FROM people SEMI JOIN visits USING (id)',
    'PIVOT people ON sex USING sum(age)',
    "SELECT count(*) FROM read_csv('x')",
    "SELECT count(*) FROM 'x.parquet'",
    "SELECT count(*) FROM glob('*')",
    "SELECT count(*) FROM query('SELECT 1')",
    "SELECT count(*) FROM query_table('people')",
    'SELECT count(*) FROM range(9)',
    'SELECT count(*) FROM information_schema.tables',
    'SELECT count(*) FROM main.people',
    "SELECT getenv('HOME'), count(*) FROM people",
    'SELECT error(sex), count(*) FROM people',
    'SELECT count(*) FROM people WHERE list_filter([1], x -> x > 0) IS NOT NULL',
    'SELECT count(*), $1 FROM people',
    "ATTACH 'x'",
    "COPY people TO 'x'",
    'PRAGMA version',
    'SET threads = 1',
    'INSTALL httpfs',
    'PREPARE q AS SELECT 1',
    'CREATE MACRO f(x) AS x',
    'SELECT count(*) FROM people; SELECT 1',
    'EXPLAIN SELECT count(*) FROM people',
    `SELECT count(*) FROM people WHERE ${'('.repeat(200)}age > 1${')'.repeat(200)}`,
    `SELECT count(*) FROM people WHERE age IN (${Array.from({ length: 20_000 }, (_, i) => i).join()})`,
    'SELECT count(*) FROM people\0',
  ])('%s', async (sql) =>
    expect(await refused(sql)).toMatch(/^(not-allowed|not-an-aggregate|unknown-column|query-error)$/),
  )

  it.each([
    'income * ceil(abs(score - 61.87) / 100)',
    'income * floor(score)',
    'income * round(score, 1)',
    'abs(score - 61.87)',
    'greatest(score, 61.87)',
    'income - income / (1 + 1e9 * (score - 61.87) * (score - 61.87))',
    'income / (score - 61.87)',
    'income + 0 * ln(score - 61.86)',
    'income * sqrt(score - 61.86)',
    'pow(pow(score, 4), 4)',
    'score * score * score * score',
    'income * nullif(score, 61.87)',
    'income % 7',
    'CASE WHEN score = 61.87 THEN income ELSE 0 END',
    'income * CAST(score = 61.87 AS INTEGER)',
    'CAST(score AS INTEGER)',
    'exp(score)',
    'sign(score - 61.87)',
    'income * coalesce(score, 0)',
  ])('adding up what could weigh one person alone: %s', async (argument) => {
    for (const aggregate of ['sum', 'avg', 'stddev', 'median'])
      expect(await refused(`SELECT ${aggregate}(${argument}) FROM people`), aggregate).toBe('not-allowed')
  })
  it.each([
    'max(reading * (1 - visit) + 61.87 * visit)',
    'arg_max(reading, CASE WHEN reading > 61 THEN 0 ELSE visit END)',
    'count(CASE WHEN reading > 61.8 THEN 1 END)',
    'avg(reading) FILTER (WHERE reading > 61.8)',
    'stddev(reading * reading)',
  ])('and the same within one person: %s', async (x) =>
    expect(await refused(`SELECT sum(x) FROM (SELECT id, ${x} AS x FROM visits GROUP BY id)`)).toBe('not-allowed'),
  )
})

describe('what is answered', () => {
  const term = fc.constantFrom('age', 'score', 'income', '2', '0.5', '3')
  const sum = fc
    .tuple(term, fc.constantFrom('+', '-', '*'), term, fc.constantFrom('+', '-'), term)
    .map(([a, f, b, g, c]) => `(${a} ${f} ${b}) ${g} ${c}`)
  const condition = fc
    .tuple(fc.constantFrom('age', 'score'), fc.constantFrom('>', '<=', '<>'), fc.integer({ min: 0, max: 70 }))
    .map((c) => c.join(' '))
  it('means what it means in DuckDB', async () => {
    const bare = await openDuck({ files: data.tables.map((t) => t.path), memoryMb: 256 })
    await bare.run(`CREATE TEMP VIEW people AS FROM '${data.tables[0]!.path}'`)
    try {
      await fc.assert(
        fc.asyncProperty(sum, condition, condition, async (value, where, filter) => {
          const list = `count(*), sum(${value}), avg(${value}) FILTER (WHERE ${filter}), count(*) FILTER (WHERE ${filter}), median(score)`
          const sql = `SELECT sex, ${list} FROM people WHERE ${where} GROUP BY sex`
          const ours = new Map((await result(sql)).rows.map((r) => [r.values[0], r.values.slice(1)]))
          const theirs = (await bare.rows(sql)).map(
            ([sex, ...v]) => [sex, v.map((n) => (n === null ? null : Number(n)))] as const,
          )
          expect(ours.size).toBe(theirs.length)
          for (const [sex, numbers] of theirs)
            for (const [index, expected] of numbers.entries()) {
              const actual = ours.get(sex as string)![index]
              const isSame =
                expected === null
                  ? actual === null
                  : Math.abs(Number(actual) - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
              expect(isSame, `${sql}: ${String(actual)} for ${expected}`).toBe(true)
            }
        }),
        { numRuns: 25, seed: 7 },
      )
    } finally {
      bare.close()
    }
  })
  it.each([
    'SELECT avg(income / (age * age)) FROM people',
    'SELECT avg(ln(income)), stddev(income), corr(age, score) FROM people',
    'SELECT floor(age / 10) * 10 AS decade, count(*) FROM people GROUP BY 1',
    "SELECT avg(CASE WHEN sex = 'male' THEN 1.0 ELSE 0 END) AS share, count(*) FILTER (WHERE sex = 'male') AS n FROM people",
    'SELECT avg(a.reading - b.reading) FROM visits a JOIN visits b ON a.id = b.id AND a.visit = 2 AND b.visit = 0',
    'SELECT avg(x) FROM (SELECT id, arg_max(reading, visit) AS x FROM visits GROUP BY id)',
    'SELECT sex, sum(income) / count(income) FROM people GROUP BY ROLLUP(sex)',
  ])('%s', async (sql) => {
    expect(await refused(sql)).toBeUndefined()
    expect(await released(sql)).toBeInstanceOf(Array)
  })
})

describe('what an honest-looking one gives away', () => {
  it('is the same whether or not one person is as suspected', async () => {
    // The target has the score 61.87 and is male: of each pair, one condition picks nobody and the other one person.
    for (const sql of [
      "SELECT count(*) FILTER (WHERE NOT (score = 61.87 AND sex = 'SEX')) FROM people",
      "SELECT (score = 61.87 AND sex = 'SEX') AS g, count(*) FROM people GROUP BY 1",
      "SELECT count(*) FROM people WHERE score = 61.87 AND sex = 'SEX'",
      "SELECT avg(CASE WHEN score = 61.87 AND sex = 'SEX' THEN 0 ELSE 1 END) FROM people",
    ]) {
      const [ofMen, ofWomen] = [
        await released(sql.replace('SEX', 'male')),
        await released(sql.replace('SEX', 'female')),
      ]
      expect(Array.isArray(ofMen) || Array.isArray(ofWomen), sql).toBe(false)
      expect(ofMen, sql).toBe(ofWomen)
    }
  })
  it.each([
    ['SELECT avg(visit) FROM visits WHERE visit = 1', true],
    ['SELECT avg(0 * score + 5) FROM people', true],
    ['SELECT corr(score, 0 * age) FROM people', true],
    ['SELECT avg(visit) FROM visits', false],
    ['SELECT corr(score, age) FROM people', false],
  ])('one value that all have is seen: %s', async (sql, same) => {
    expect((await result(sql)).rows[0]!.contributions[0]!.allEqual).toBe(same)
  })
  it('is no more of a sum because it was moved to nothing', async () => {
    const one = async (sql: string): Promise<number> => ((await released(sql)) as number[][])[0]![0]!
    const moved = await one(
      `SELECT sum(income - ${Math.round((await one('SELECT sum(income) FROM people')) / 79)}) FROM people`,
    )
    expect(moved % 1000).toBe(0)
  })
  it('is coarse where another column’s missing value picks', async () => {
    const [alone, mixed] = [
      await released('SELECT sum(score) FROM people'),
      await released('SELECT sum(score + 0 * income) FROM people'),
    ] as number[][][]
    expect(alone![0]![0]! % 1000).not.toBe(0)
    expect(mixed![0]![0]! % 1000).toBe(0)
  })
})
