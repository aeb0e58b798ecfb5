/** Plots of how far a synthetic table is from the real one. */
import { Text } from '@mantine/core'
import { useCallback, useMemo } from 'react'
import { Plot } from '../parts/Plot.tsx'
import type { Evaluation } from './data.ts'
import { percent } from './words.ts'

type Lib = typeof import('@observablehq/plot')
/** Distances are total variation distances: 0 where the shares agree, 1 where nothing does. */
const worst = <T extends { tvd: number }>(all: readonly T[], most: number): T[] =>
  all.toSorted((a, b) => b.tvd - a.tvd).slice(0, most)
const style = (ink: string) => ({ color: ink, fontSize: '12px', overflow: 'visible' })

/** How far each column's shares are off, the worst first. */
export function Columns({ tvd1 }: { tvd1: NonNullable<Evaluation['tvd1']> }) {
  const rows = useMemo(() => worst(tvd1, 30), [tvd1])
  const make = useCallback(
    (plot: Lib, width: number, ink: string) =>
      plot.plot({
        width,
        height: 40 + 20 * rows.length,
        marginLeft: Math.min(180, 20 + 7 * Math.max(...rows.map((d) => d.column.length))),
        style: style(ink),
        x: { label: 'Share of rows that would have to change (%)', grid: true, zero: true },
        y: { label: null },
        marks: [
          plot.barX(rows, { x: (d: { tvd: number }) => 100 * d.tvd, y: 'column', fill: '#0072B2', sort: { y: '-x' } }),
          plot.ruleX([0]),
        ],
      }),
    [rows],
  )
  return (
    <Plot
      make={make}
      height={60 + 20 * rows.length}
      label="Distance between synthetic and real, by column"
      table={{ columns: ['Column', 'Distance'], rows: rows.map((r) => [r.column, percent(r.tvd)]) }}
    />
  )
}

/** The same for every pair of columns, as a field of colour. */
export function Pairs({ tvd2 }: { tvd2: NonNullable<Evaluation['tvd2']> }) {
  const make = useCallback(
    (plot: Lib, width: number, ink: string) => {
      const data = tvd2.flatMap((pair) => [
        { a: pair.columns[0], b: pair.columns[1], tvd: 100 * pair.tvd },
        { a: pair.columns[1], b: pair.columns[0], tvd: 100 * pair.tvd },
      ])
      const names = [...new Set(data.map((d) => d.a))]
      const left = Math.min(140, 20 + 7 * Math.max(...names.map((n) => n.length)))
      const side = Math.min(width - left, 22 * names.length + 40)
      return plot.plot({
        width: side + left,
        height: side + left,
        marginLeft: left,
        marginBottom: left,
        style: style(ink),
        x: { label: null, tickRotate: -90, domain: names },
        y: { label: null, domain: names },
        color: { scheme: 'YlGnBu', legend: true, label: 'Distance (%)', zero: true },
        marks: [plot.cell(data, { x: 'a', y: 'b', fill: 'tvd', inset: 0.5 })],
      }) as HTMLElement
    },
    [tvd2],
  )
  return (
    <Plot
      make={make}
      height={300}
      label="Distance between synthetic and real, by pair of columns"
      table={{
        columns: ['Pair', 'Distance'],
        rows: worst(tvd2, 20).map((r) => [r.columns.join(' × '), percent(r.tvd)]),
      }}
    />
  )
}

/** How well a model does that was trained on synthetic rows, beside one trained on real ones. */
export function Model({ model }: { model: NonNullable<Evaluation['model']> }) {
  const make = useCallback(
    (plot: Lib, width: number, ink: string) => {
      const data = [
        { on: 'synthetic', auc: model.aucSynthetic },
        ...(model.aucReal === undefined ? [] : [{ on: 'real', auc: model.aucReal }]),
      ]
      return plot.plot({
        width: Math.min(width, 520),
        height: 120,
        marginLeft: 80,
        style: style(ink),
        x: { label: 'Area under the ROC curve on real rows', domain: [0.5, 1], grid: true },
        y: { label: null },
        marks: [
          plot.ruleX([0.5]),
          plot.barX(data, {
            x1: 0.5,
            x2: 'auc',
            y: 'on',
            fill: (d: { on: string }) => (d.on === 'real' ? '#999999' : '#0072B2'),
          }),
          plot.text(data, {
            x: 'auc',
            y: 'on',
            text: (d: { auc: number }) => d.auc.toFixed(3),
            dx: 4,
            textAnchor: 'start',
            fill: ink,
          }),
        ],
      })
    },
    [model],
  )
  return (
    <>
      <Text size="sm" mb="xs">
        Logistic regression of <code>{model.target}</code>, trained on synthetic rows and on real ones, tested on real
        rows that neither saw.
      </Text>
      <Plot
        make={make}
        height={120}
        label={`Trained on synthetic rows ${model.aucSynthetic.toFixed(3)}${model.aucReal === undefined ? '' : `, on real rows ${model.aucReal.toFixed(3)}`}`}
        table={{
          columns: ['Trained on', 'Area'],
          rows: [
            ['synthetic', model.aucSynthetic.toFixed(3)],
            ...(model.aucReal === undefined ? [] : [['real', model.aucReal.toFixed(3)]]),
          ],
        }}
      />
    </>
  )
}
