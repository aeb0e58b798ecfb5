import { describe, expect, it } from 'vitest'
import { byteSize, columnFaultLines, count, day, faultLines, minute, second, table, tame } from './text.ts'

describe('what is shown', () => {
  it('cannot steer a terminal', () => {
    expect(tame('a\u001b[31mb\u202ec\u0085')).toBe('a\ufffd[31mb\ufffdc\ufffd')
    expect(table(['NAME'], [['a\u001bb']])).toBe('NAME\na\ufffdb')
  })

  it('stands in columns as wide as their widest cell, counted in characters', () =>
    expect(
      table(
        ['NO', 'NAME', 'LAST'],
        [
          [1, '😀é', 'x'],
          [22, 'longer', ''],
        ],
      ),
    ).toBe('NO  NAME    LAST\n1   😀é      x\n22  longer'))

  it('counts', () => expect([count(1, 'run'), count(2000, 'run')]).toEqual(['1 run', '2,000 runs']))

  it('gives sizes in kB and MB', () => expect([999_949, 1_000_000].map(byteSize)).toEqual(['999.9 kB', '1.0 MB']))

  it('gives times as precise as they are of use', () => {
    const time = '2026-03-01T09:05:07.123Z'
    expect([day(time), minute(time), second(time)]).toEqual(['2026-03-01', '2026-03-01 09:05', '2026-03-01 09:05:07'])
  })

  it('names each fault by its place', () => {
    expect(
      faultLines('study.json', [
        { path: '/a', message: 'wrong', expected: 'right' },
        { path: '', message: 'no' },
      ]),
    ).toBe('  study.json#/a\n    wrong\n    Expected: right\n  study.json#\n    no')
    expect(columnFaultLines([{ column: 'age', message: 'no range' }, { message: 'no rows' }])).toEqual([
      '  age: no range',
      '  no rows',
    ])
  })
})
