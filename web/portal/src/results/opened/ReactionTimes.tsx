import { useCallback, useMemo } from 'react'
import { count } from '../../parts/figures.ts'
import { Section } from '../../parts/Page.tsx'
import { palette, Plot } from '../../parts/Plot.tsx'
import { histogram, numbersOf, quantile } from '../summaries.ts'

type Rows = readonly ReadonlyMap<string, unknown>[]

/** The distribution of a column of times in milliseconds, with its median and quartiles. */
export function ReactionTimes({ rows, column }: { rows: Rows; column: string }) {
  const values = useMemo(() => numbersOf(rows, column), [rows, column])
  const bins = useMemo(() => histogram(values), [values])
  const sorted = useMemo(() => [...values].sort((a, b) => a - b), [values])
  const median = Math.round(quantile(sorted, 0.5))
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) =>
      plot.plot({
        width,
        height: 210,
        marginLeft: 44,
        marginRight: 30,
        marginBottom: 40,
        style: { color: ink, fontSize: '12px', background: 'none' },
        x: { label: 'Reaction time (ms)' },
        y: { label: 'Trials', grid: true },
        marks: [
          plot.rectY(bins, { x1: 'from', x2: 'to', y: 'n', fill: palette[0], inset: 0.5 }),
          plot.ruleX([median], { stroke: palette[1], strokeWidth: 2 }),
          plot.ruleY([0]),
        ],
      }),
    [bins, median],
  )
  const quarter = Math.round(quantile(sorted, 0.25))
  const threeQuarters = Math.round(quantile(sorted, 0.75))
  const beyond = sorted.filter((v) => v >= bins.at(-1)!.to).length
  return (
    <Section
      title="Reaction times"
      hint={
        <>
          n = {count(values.length, 'trial')}; median {median} ms, middle half {quarter} to {threeQuarters} ms
          {beyond > 0 ? `; the last bar also holds ${count(beyond, 'longer trial')}` : ''}
        </>
      }
    >
      <Plot
        make={make}
        height={210}
        label={`Distribution of ${values.length} reaction times, median ${median} milliseconds`}
        table={{ columns: ['From (ms)', 'To (ms)', 'Trials'], rows: bins.map((b) => [b.from, b.to, b.n]) }}
      />
    </Section>
  )
}
