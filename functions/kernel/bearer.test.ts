import { expect, test } from 'vitest'
import { bearerOf } from './bearer.ts'

test('the scheme is read in any case of letters, with any number of spaces', () => {
  for (const header of ['Bearer a.b_c~d+e/f=', 'bearer a.b_c~d+e/f=', 'BEARER a.b_c~d+e/f=', 'bEaReR   a.b_c~d+e/f='])
    expect(bearerOf(header), header).toBe('a.b_c~d+e/f=')
})

test('nothing else is a bearer token', () => {
  for (const header of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'a',
    'Basic a',
    'Bearer a b',
    ' Bearer a',
    'Bearer\ta',
    'Bearer a,Bearer b',
  ])
    expect(bearerOf(header), header).toBeUndefined()
})
