/** Formulas over released cells. */
import { describe, expect, it } from 'vitest'
import type { ReleasedCell } from '../release/outputs.ts'
import { evaluate, type Formula, type Operator } from './formula.ts'

const number = (value: number): Formula => ({ number: value })
const of = (op: Operator, ...operands: number[]): ReleasedCell => evaluate({ op, of: operands.map(number) }, [])

describe('a formula', () => {
  it.each([
    ['+', [7, 2], 9],
    ['-', [7, 2], 5],
    ['*', [7, 2], 14],
    ['/', [7, 2], 3.5],
    ['sqrt', [2.25], 1.5],
    ['abs', [-3], 3],
    ['abs', [3], 3],
    ['round', [2.5], 3],
    ['round', [2.4], 2],
    ['round', [-1.6], -2],
    ['round', [12.345, 1], 12.3],
    ['round', [12.36, 1], 12.4],
    ['round', [12.36, 1.9], 12.4],
    ['round', [1234, -2], 1200],
    ['round', [0.0000000000014, 12], 1e-12],
    ['round', [0.0000000000014, 13], 1e-12],
    ['round', [1_600_000_000_000, -12], 2e12],
    ['round', [1_600_000_000_000, -13], 2e12],
  ] as const)('%s of %j is %d', (op, operands, value) => {
    expect(of(op, ...operands)).toEqual({ value })
  })
  it('leaves no dust of binary fractions', () => {
    expect(of('+', 0.1, 0.2)).toEqual({ value: 0.3 })
    expect(evaluate(number(0.1 + 0.2), [])).toEqual({ value: 0.3 })
  })
  it.each([
    ['/', [1, 0]],
    ['/', [0, 0]],
    ['sqrt', [-1]],
    ['*', [1e308, 10]],
    ['+', [1]],
    ['-', [1]],
    ['*', [1]],
    ['/', [1]],
    ['abs', []],
  ] as const)('%s of %j has no value', (op, operands) => {
    expect(of(op, ...operands)).toEqual({ value: null })
  })
  it('has no value either where only a part has none', () => {
    const overNothing: Formula = { op: '/', of: [number(1), number(0)] }
    expect(evaluate({ op: '/', of: [number(1), overNothing] }, [])).toEqual({ value: null })
  })
  it('takes measures from the cells by their place', () => {
    const cells: ReleasedCell[] = [{ value: 3 }, { value: 4 }, { value: 'text' }, { value: null }]
    const product = (left: number, right: number): Formula => ({
      op: '*',
      of: [{ measure: left }, { op: '+', of: [{ measure: right }, number(1)] }],
    })
    expect(evaluate(product(0, 1), cells)).toEqual({ value: 15 })
    expect(evaluate({ measure: 1 }, cells)).toEqual({ value: 4 })
    expect(evaluate(product(0, 2), cells)).toEqual({ value: null })
    expect(evaluate(product(3, 0), cells)).toEqual({ value: null })
  })
  it('is suppressed when any part of it is, however deep, and whatever it would come to', () => {
    const cells: ReleasedCell[] = [{ value: 3 }, { value: null, suppressed: true }]
    const suppressed = { value: null, suppressed: true }
    expect(evaluate({ measure: 1 }, cells)).toEqual(suppressed)
    const deep: Formula = { op: '*', of: [number(0), { op: 'abs', of: [{ measure: 1 }] }] }
    expect(evaluate(deep, cells)).toEqual(suppressed)
    expect(evaluate({ op: '+', of: [{ measure: 0 }, { measure: 1 }] }, cells)).toEqual(suppressed)
    expect(evaluate({ op: '+', of: [{ measure: 0 }, { measure: 0 }] }, cells)).toEqual({ value: 6 })
  })
})
