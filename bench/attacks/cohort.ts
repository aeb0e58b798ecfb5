/** The data that the attacks are after: 120 subjects with values that nobody could guess, and one target among them. */
import { createHash } from 'node:crypto'

export interface Person {
  id: string
  age: number
  sex: 'female' | 'male'
  site: 'north' | 'south' | 'east'
  income: number
  score: number
  smoker: 'yes' | 'no'
  note: string
}
const fraction = (label: string): number =>
  createHash('sha256').update(`cloister attacks ${label}`).digest().readUInt32BE(0) / 2 ** 32

/**
 * Deterministic, so that a run can be repeated; the note of each person is a token of 16 letters that occurs nowhere
 * else.
 */
export const people: Person[] = Array.from({ length: 120 }, (_, index) => {
  const uniform = (what: string): number => fraction(`${what} ${index}`)
  return {
    id: `P${String(index + 1).padStart(3, '0')}`,
    age: 30 + Math.floor(uniform('age') * 50),
    sex: uniform('sex') < 0.5 ? 'female' : 'male',
    site: (['north', 'south', 'east'] as const)[Math.floor(uniform('site') * 3)]!,
    income: 20_000 + Math.floor(uniform('income') * 70_000),
    score: Math.round(uniform('score') * 10_000) / 100,
    smoker: uniform('smoker') < 0.3 ? 'yes' : 'no',
    note: `zq${createHash('sha256')
      .update(`note ${index}`)
      .digest('hex')
      .replaceAll(/[^a-f]/g, '')
      .padEnd(14, 'x')
      .slice(0, 14)}`,
  }
})
/** The person most attacks are about: rare in nothing but the value. */
export const target = people[16]!
target.income = 73_519
target.score = 61.87

const header = ['subject_id', 'age', 'sex', 'site', 'income', 'score', 'smoker', 'note'] as const
export const peopleCsv =
  [
    header.join(','),
    ...people.map((p) => [p.id, p.age, p.sex, p.site, p.income, p.score, p.smoker, p.note].join(',')),
  ].join('\n') + '\n'
/** Three visits a person; the reading hangs on the score. */
export const visitsCsv =
  [
    'subject_id,visit,reading',
    ...people.flatMap((p, i) =>
      [0, 1, 2].map((v) => `${p.id},${v},${(p.score + v * 2 + fraction(`reading ${i} ${v}`)).toFixed(3)}`),
    ),
  ].join('\n') + '\n'

export const schema = {
  tables: [
    {
      name: 'people',
      file: 'people.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'subject_id', type: 'text', role: 'subject' },
        { name: 'age', type: 'integer', minimum: 18, maximum: 100, unit: 'years' },
        { name: 'sex', type: 'category', categories: ['female', 'male'] },
        { name: 'site', type: 'category', categories: ['north', 'south', 'east'] },
        { name: 'income', type: 'number', minimum: 0, maximum: 100_000 },
        { name: 'score', type: 'number', minimum: 0, maximum: 100 },
        { name: 'smoker', type: 'category', categories: ['yes', 'no'] },
        { name: 'note', type: 'text' },
      ],
    },
    {
      name: 'visits',
      file: 'visits.csv',
      oneRowPerSubject: false,
      columns: [
        { name: 'subject_id', type: 'text', role: 'subject' },
        { name: 'visit', type: 'integer', role: 'visit', minimum: 0, maximum: 2 },
        { name: 'reading', type: 'number', minimum: 0, maximum: 110 },
      ],
    },
  ],
  images: [],
} as const

/** Forms in which a token could be smuggled out. */
export const disguises = (token: string): string[] => {
  const bytes = Buffer.from(token)
  return [
    token,
    token.toUpperCase(),
    [...token].reverse().join(''),
    bytes.toString('base64').replaceAll('=', ''),
    bytes.toString('hex'),
    BigInt(`0x${bytes.toString('hex')}`).toString(),
    token.replaceAll(/[a-z]/g, (c) => String.fromCharCode(((c.charCodeAt(0) - 84) % 26) + 97)),
  ]
}
