import { describe, expect, it } from 'vitest'
import { readLenientJson } from './lenient-json.ts'

const nested = (depth: number, open = '[', close = ']'): string => `${open.repeat(depth)}${close.repeat(depth)}`

describe('JSON as programs write it', () => {
  it('is read to a depth of 16, not 17', () => {
    expect(JSON.stringify(readLenientJson(nested(16)))).toBe(nested(16))
    expect(() => readLenientJson(nested(17))).toThrow('too-deep')
    expect(() => readLenientJson(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`)).toThrow('too-deep')
  })
  it('counts what is open, not what was opened', () => {
    expect(readLenientJson(`[${Array.from({ length: 20 }, () => '[]').join()}]`)).toHaveLength(20)
    expect(readLenientJson(`[${Array.from({ length: 20 }, () => '{}').join()}]`)).toHaveLength(20)
  })
  it('takes what is no number as missing, wherever it stands', () => {
    expect(readLenientJson('[NaN,Infinity,-Infinity,-1,NaN]')).toEqual([null, null, null, -1, null])
    expect(readLenientJson('NaN')).toBeNull()
    expect(() => readLenientJson('[Nan]')).toThrow('not-json')
    expect(() => readLenientJson('[NaNN]')).toThrow('not-json')
  })
  it('leaves texts as they are: words, brackets, and quotes behind a backslash', () => {
    const texts = ['NaN', '-Infinity', '['.repeat(30), '}'.repeat(30), 'a"b', 'c\\', '\\"NaN']
    expect(readLenientJson(JSON.stringify([...texts, 1]))).toEqual([...texts, 1])
    expect(readLenientJson('["\\\\",NaN]')).toEqual(['\\', null])
  })
  it('begins after a byte order mark, and only one', () => {
    expect(readLenientJson('\uFEFF[NaN]')).toEqual([null])
    expect(() => readLenientJson('\uFEFF\uFEFF[]')).toThrow('not-json')
  })
  it.each(['', '[', '"', '"\\', '[1,]', '{"a"}'])('%j is none', (text) =>
    expect(() => readLenientJson(text)).toThrow('not-json'),
  )
})
