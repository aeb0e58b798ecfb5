import { describe, expect, it } from 'vitest'
import { parametersOf } from './pipelines/parameters.ts'
import { choice, listed, namedValues, numberOf, wholeNumber } from './values.ts'

describe('a text of an option', () => {
  it('is one of a few words', () => {
    expect(choice('format', 'csv', ['csv', 'json'])).toBe('csv')
    expect(choice('format', undefined, ['csv', 'json'])).toBeUndefined()
    expect(() => choice('format', 'x\u001b', ['csv', 'json'])).toThrow('--format is one of csv, json, not "x\ufffd".')
  })

  it('is a finite number', () => {
    expect([numberOf('epsilon', '0.5'), numberOf('epsilon', '-1e3'), numberOf('epsilon', undefined)]).toEqual([
      0.5,
      -1000,
      undefined,
    ])
    for (const value of ['', ' ', 'x', 'Infinity', '1,5'])
      expect(() => numberOf('epsilon', value)).toThrow('--epsilon takes a number.')
  })

  it('is a whole number', () => {
    expect([wholeNumber('hours', '72'), wholeNumber('hours', undefined)]).toEqual([72, undefined])
    for (const value of ['', '1.5', '-1', '12345678'])
      expect(() => wholeNumber('hours', value)).toThrow('--hours takes a whole number.')
  })

  it('is a list', () => expect(listed(' a, ,b,')).toEqual(['a', 'b']))

  it('has a name and a value', () => {
    expect(namedValues('set', ['a=1', 'b=x=y', 'c='])).toEqual([
      ['a', '1'],
      ['b', 'x=y'],
      ['c', ''],
    ])
    expect(namedValues('set', undefined)).toEqual([])
    for (const given of ['a', '=1']) expect(() => namedValues('set', [given])).toThrow('--set takes name=value')
  })
})

describe('values of parameters', () => {
  const types = { width: 'number', rounds: 'integer', fast: 'boolean', weights: 'array', name: 'string' }
  const schema = {
    type: 'object',
    properties: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }])),
  } as unknown as Parameters<typeof parametersOf>[1]

  it.each([
    ['width=4.5', { width: 4.5 }],
    ['rounds=3', { rounds: 3 }],
    ['rounds=three', { rounds: 'three' }],
    ['rounds=', { rounds: '' }],
    ['fast=true', { fast: true }],
    ['fast=false', { fast: false }],
    ['fast=yes', { fast: 'yes' }],
    ['weights=1,2.5', { weights: [1, 2.5] }],
    ['weights=', { weights: [] }],
    ['name=7', { name: '7' }],
    ['unknown=7', { unknown: '7' }],
    ['constructor=7', { constructor: '7' }],
  ])('%s is read as the parameter’s type says', async (given, values) =>
    expect(await parametersOf({ set: [given] }, schema)).toEqual(values),
  )
})
