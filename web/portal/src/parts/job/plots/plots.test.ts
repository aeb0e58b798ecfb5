// @vitest-environment happy-dom
import * as plot from '@observablehq/plot'
import { expect, it } from 'vitest'
import type { Output } from '../../../queries/jobs.ts'
import { draw, drawingOf } from './index.ts'

type Column = Output['columns'][number]
/** An output of those rows; `null` stands for a suppressed cell. */
const output = (type: Output['type'], columns: Column[], rows: (string | number | null)[][]): Output => ({
  name: 'result',
  type,
  columns,
  rows: rows.map((row) => row.map((value) => (value === null ? { value, suppressed: true } : { value }))),
})
const arm: Column = { name: 'arm', kind: 'group' }
const people: Column = { name: 'n', kind: 'count' }
const estimates = [{ name: 'Term' }, { name: 'estimate', unit: 's' }, { name: 'std. error' }]

it.each([
  [
    'bars',
    output(
      'table',
      [arm, people],
      [
        ['a', 3],
        ['b', 9],
      ],
    ),
  ],
  ['forest', output('model', estimates, [['a', 1, 0.2]])],
  ['histogram', output('histogram', [{ name: 'from' }, { name: 'to' }, people], [[0, 10, 4]])],
  [undefined, output('table', [arm, people], [['a', 3]])],
  [
    undefined,
    output(
      'table',
      [arm, people],
      [
        ['a', null],
        ['b', null],
      ],
    ),
  ],
  [
    undefined,
    output(
      'table',
      [arm, people],
      [
        ['a', 3],
        ['a', 9],
      ],
    ),
  ],
  [undefined, output('model', estimates, [['a', null, 0.2]])],
])('the plot of an output: %s', (kind, shown) => {
  expect(drawingOf(shown)?.kind).toBe(kind)
})

it('takes 1.96 standard errors to each side of an estimate without an interval', () => {
  expect(drawingOf(output('model', estimates, [['dose', 2, 0.5]]))).toEqual({
    kind: 'forest',
    label: 'estimate (s)',
    rows: [{ term: 'dose', estimate: 2, low: 1.02, high: 2.98 }],
  })
})

it('hatches a suppressed bar and says so, without its size', () => {
  const bars = drawingOf(
    output(
      'table',
      [arm, people],
      [
        ['drug', 3],
        ['placebo', null],
      ],
    ),
  )!
  const svg = draw(plot, bars, 400, '#111')
  const [pattern] = svg.querySelectorAll('pattern')
  expect(svg.querySelectorAll(`[fill="url(#${pattern!.id})"]`).length).toBeGreaterThan(0)
  expect(svg.textContent).toContain('suppressed')
  const figures = draw(
    plot,
    drawingOf(
      output(
        'table',
        [arm, people],
        [
          ['drug', 3],
          ['placebo', 9],
        ],
      ),
    )!,
    400,
    '#111',
  )
  expect(figures.textContent).not.toContain('suppressed')
})
