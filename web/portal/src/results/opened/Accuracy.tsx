import { Select } from '@mantine/core'
import { useCallback, useMemo, useState } from 'react'
import { percent } from '../../parts/figures.ts'
import { Section } from '../../parts/Page.tsx'
import { palette, Plot } from '../../parts/Plot.tsx'
import { groupings, shares } from '../summaries.ts'

type Rows = readonly ReadonlyMap<string, unknown>[]

/** The share of right answers in each group of a column that one chooses, with its interval. */
export function Accuracy({ rows }: { rows: Rows }) {
  const choices = useMemo(() => groupings(rows), [rows])
  const [chosen, setChosen] = useState<string>()
  const by = chosen ?? choices[0] ?? 'run_condition'
  const data = useMemo(() => shares(rows, 'correct', by), [rows, by])
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) =>
      plot.plot({
        width,
        height: 56 + data.length * 30,
        marginBottom: 36,
        marginRight: 24,
        marginLeft: Math.min(180, 20 + 8 * Math.max(...data.map((d) => d.group.length))),
        style: { color: ink, fontSize: '12px', background: 'none' },
        x: { domain: [0, 100], label: 'Right answers (%)', grid: true },
        y: { label: null },
        marks: [
          plot.ruleY(data, {
            y: 'group',
            x1: (d: (typeof data)[number]) => d.low * 100,
            x2: (d: (typeof data)[number]) => d.high * 100,
            stroke: palette[0],
            strokeWidth: 2,
          }),
          plot.dot(data, {
            y: 'group',
            x: (d: (typeof data)[number]) => (100 * d.right) / d.n,
            r: 5,
            fill: palette[0],
          }),
        ],
      }),
    [data],
  )
  return (
    <Section
      title="Accuracy"
      hint="Share of right answers with its 95 % interval; trials count, not people."
      action={
        choices.length > 1 && (
          <Select
            size="xs"
            aria-label="Group by"
            data={choices}
            value={by}
            onChange={(v) => setChosen(v ?? undefined)}
            allowDeselect={false}
            w={180}
          />
        )
      }
    >
      <Plot
        make={make}
        height={56 + data.length * 30}
        label={`Share of right answers by ${by}`}
        table={{
          columns: [by, 'Right', 'Trials', 'Share'],
          rows: data.map((d) => [d.group, d.right, d.n, percent(d.right, d.n)]),
        }}
      />
    </Section>
  )
}
