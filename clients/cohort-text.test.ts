import { describe, expect, it } from 'vitest'
import type { DatasetSchema } from '../domain/datasets/schema.ts'
import { FilterError, parseFilter } from './cohort-text.ts'

const schema: DatasetSchema = {
  images: [],
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'text', role: 'subject' },
        { name: 'age', type: 'integer' },
        { name: 'age at start', type: 'number' },
        { name: 'sex', type: 'category', categories: ['f', 'm', 'x, or other'] },
        { name: 'smoker', type: 'boolean' },
        { name: 'seen', type: 'date' },
      ],
    },
  ],
}
const at = (column: string) => ({ table: 'subjects', column })

describe('a typed filter', () => {
  it.each([
    ['subjects.age=60', { ...at('age'), is: 'equal', value: 60 }],
    ['subjects.age != 60', { ...at('age'), is: 'not-equal', value: 60 }],
    ['subjects.age>=60', { ...at('age'), is: 'between', from: 60 }],
    ['subjects.age<=-1.5', { ...at('age'), is: 'between', to: -1.5 }],
    ['subjects.age=60..70', { ...at('age'), is: 'between', from: 60, to: 70 }],
    ['subjects.age=60,61', { ...at('age'), is: 'in', values: [60, 61] }],
    ['subjects.age at start>=2.5', { ...at('age at start'), is: 'between', from: 2.5 }],
    ['subjects.sex=f', { ...at('sex'), is: 'equal', value: 'f' }],
    ['subjects.sex=x, or other', { ...at('sex'), is: 'equal', value: 'x, or other' }],
    ['subjects.sex!=f,m', { ...at('sex'), is: 'not-in', values: ['f', 'm'] }],
    ['subjects.smoker=true', { ...at('smoker'), is: 'equal', value: true }],
    ['subjects.seen=2023-01-01..2023-02-01', { ...at('seen'), is: 'between', from: '2023-01-01', to: '2023-02-01' }],
    ['subjects.age?', { ...at('age'), is: 'known' }],
    ['subjects.age!?', { ...at('age'), is: 'missing' }],
  ])('%s', (text, filter) => expect(parseFilter(text, schema)).toEqual(filter))
  it.each([
    '',
    'subjects',
    'subjects.age',
    'subjects.age=',
    'subjects.weight=3',
    'other.age=3',
    'subjects.age=old',
    'subjects.age>60',
    'subjects.smoker=yes',
    'subjects.smoker>=true',
  ])('refuses "%s"', (text) => expect(() => parseFilter(text, schema)).toThrow(FilterError))
})
