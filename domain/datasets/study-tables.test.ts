import { describe, expect, it } from 'vitest'
import { readCsv } from './csv.ts'
import { studyTables, subjectOf } from './study-tables.ts'

const rows = (text: string): Record<string, string>[] => {
  const [head, ...rest] = [...readCsv(text)].map((r) => r.cells)
  return rest.map((r) => Object.fromEntries(head!.map((h, i) => [h, r[i]!])))
}
const run = (who: string, started: string, ...data: Record<string, unknown>[]) => ({
  who,
  started,
  seconds: 9,
  condition: 'a',
  version: 1,
  trials: data.map((data, place) => ({
    runId: 'run_x',
    condition: 'a',
    version: 1,
    part: 'main',
    seq: place + 1,
    data: new Map(Object.entries(data)),
  })),
})

describe('tables of a study', () => {
  it('one participant is one subject over their sessions, and another in another dataset', async () => {
    const runs = [
      run('pseudonym p', '2026-02-02', { rt: 2 }),
      run('run r', '2026-01-03'),
      run('pseudonym p', '2026-01-01', { rt: 1 }),
    ]
    const tables = await studyTables('dat_a', runs)
    const people = rows(tables.participants)
    expect(people.map((p) => p['session'])).toEqual(['1', '1', '2'])
    expect(people[0]!['subject']).toBe(people[2]!['subject'])
    expect(people[0]!['subject']).not.toBe(people[1]!['subject'])
    expect(rows(tables.trials).map((r) => [r['subject'], r['session'], r['rt']])).toEqual([
      [people[0]!['subject'], '1', '1'],
      [people[0]!['subject'], '2', '2'],
    ])
    expect(await subjectOf('dat_b', 'pseudonym p')).not.toBe(people[0]!['subject'])
    expect(tables.participants + tables.trials).not.toMatch(/pseudonym|run_x|run r/)
  })
  it('columns of any name are columns that a database tells apart', async () => {
    const tables = await studyTables('dat_a', [
      run('a', '2026', { rt: 1, RT: 2, subject: 'x', 'a\nb': true, '': null, deep: { k: [1] }, text: 'say "so"' }),
    ])
    const [row] = rows(tables.trials)
    expect(row).toMatchObject({
      rt: '1',
      RT_2: '2',
      'data.subject': 'x',
      a_b: 'true',
      column: '',
      deep: '{"k":[1]}',
      text: 'say "so"',
    })
    expect(new Set(Object.keys(row!).map((k) => k.toLowerCase())).size).toBe(Object.keys(row!).length)
  })
  it('keeps the columns that most trials have when there are too many', async () => {
    const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`c${i}`, i]))
    const tables = await studyTables('dat_a', [run('a', '2026', wide, { c2999: 1 })])
    expect(tables.left).toBe(1010)
    expect(Object.keys(rows(tables.trials)[0]!)).toContain('c2999')
  })
})
