import { describe, expect, it } from 'vitest'
import { fitsPattern, patternFault } from './pattern.ts'

/** Patterns that keep JavaScript's own engine busy: for years, or for as long as it likes. */
const hostile = [
  'a?'.repeat(66) + 'a'.repeat(66),
  '^(a+)+$',
  '^(a|a)*b$',
  '^(\\w*)*!$',
  'a*a*a*a*a*a*a*a*a*a*b',
  '(x+x+)+y',
  '.*'.repeat(99),
  '('.repeat(60) + 'a' + '*)'.repeat(60),
  '\\p{L}*'.repeat(33),
  '[^\\p{L}]?'.repeat(22),
]

describe('patterns', () => {
  it.each(hostile)('%s is answered at once, whatever the text', (pattern) => {
    const texts = ['a'.repeat(66), 'a'.repeat(200), `${'x'.repeat(199)}!`, 'éa'.repeat(100), '']
    const began = performance.now()
    patternFault(pattern)
    for (const text of texts) fitsPattern(pattern, text)
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('are taken when they are regular, and repeat what they count no more than a value is long', () => {
    const good = ['^[a-z0-9_]+$', 'a{2,5}', '^(mean|median)$', '\\d+\\.\\d*', '^(ab)+$', 'x{0,200}', '^\\u{1F600}$']
    expect(good.map(patternFault)).toEqual(good.map(() => undefined))
    const bad = [
      '(?=x)y',
      '(?<!x)y',
      '(a)\\1',
      '[',
      'x{201}',
      'x{100}y{101}',
      '(ab){2}',
      '(a{9}b{9}){9}',
      'a'.repeat(201),
    ]
    expect(bad.filter((pattern) => patternFault(pattern) === undefined)).toEqual([])
  })

  it('mean what they mean in JavaScript', () => {
    const patterns = [
      '^[a-z]+$',
      'b',
      '^a.c$',
      '^\\d{1,3}$',
      '^[^\\s]+$',
      '^(mean|median)$',
      '^\\p{L}+$',
      '\\bx\\b',
      '^$',
      '^[\\w.-]+@x$',
    ]
    const texts = [
      'abc',
      'b',
      'a\u{1F600}c',
      '12',
      '1234',
      'a b',
      'mean',
      'means',
      'éß',
      'an x here',
      '',
      'a.b-c@x',
      'ac',
      'A',
    ]
    for (const pattern of patterns)
      for (const text of texts)
        expect([pattern, text, fitsPattern(pattern, text)]).toEqual([
          pattern,
          text,
          new RegExp(pattern, 'u').test(text),
        ])
  })

  it('that were published before these rules, and are none, take no text', () => {
    expect([fitsPattern('(?=a)', 'a'), fitsPattern('[', '[')]).toEqual([false, false])
  })
})
