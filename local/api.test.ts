import { expect, test } from 'vitest'
import { queryOf } from './api.ts'

test('a query is what it says, also by names that every object has', () => {
  expect(queryOf('?limit=5&tag=a&tag=b')).toEqual({ limit: '5', tag: 'a,b' })
  expect(queryOf('?constructor=1&toString=2')).toEqual({ constructor: '1', toString: '2' })
  expect(Object.entries(queryOf('?__proto__=1'))).toEqual([['__proto__', '1']])
  expect(queryOf('')).toEqual({})
})
