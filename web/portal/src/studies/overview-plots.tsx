/** Plots of a study's figures. */
import { Text } from '@mantine/core'
import type * as P from '@observablehq/plot'
import { useCallback } from 'react'
import type { Client } from '../../../../clients/api.ts'
import { runStates, type RunState } from '../../../../domain/runs/life.ts'
import { duration } from '../parts/figures.ts'
import { Plot } from '../parts/Plot.tsx'

export type Figures = Awaited<ReturnType<Client['runs']['overview']>>
const stateColour: Record<RunState, string> = {
  completed: '#009E73',
  live: '#0072B2',
  incomplete: '#E69F00',
  stale: '#999999',
  aborted: '#D55E00',
  withdrawn: '#CC79A7',
}
/** From the best end of a run to the worst. */
export const stateOrder: readonly RunState[] = ['completed', 'live', 'incomplete', 'stale', 'aborted', 'withdrawn']

const base = (ink: string, width: number) => ({
  width,
  height: 200,
  style: { background: 'transparent', color: ink, fontSize: '12px', fontFamily: 'inherit' },
})

/** Runs started and completed, summed up over time. */
export function Arrivals({ data }: { data: Figures }) {
  const stamp = JSON.stringify(data.arrivals)
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) => {
      let started = 0
      let completed = 0
      const rows = (JSON.parse(stamp) as Figures['arrivals']).flatMap((day) => [
        { at: new Date(day.at), n: (started += day.started), what: 'started' },
        { at: new Date(day.at), n: (completed += day.completed), what: 'completed' },
      ])
      return plot.plot({
        ...base(ink, width),
        marginLeft: 36,
        x: { type: 'time', label: null },
        y: { grid: true, label: 'runs so far', ticks: Math.min(5, started), tickFormat: 'd', zero: true },
        color: { legend: true, domain: ['started', 'completed'], range: ['#0072B2', '#009E73'] },
        marks: [
          plot.ruleY([0]),
          rows.length <= 2
            ? plot.dot(rows, { x: 'at', y: 'n', fill: 'what', r: 4 })
            : plot.line(rows, { x: 'at', y: 'n', stroke: 'what', strokeWidth: 2, curve: 'step-after' }),
        ],
      })
    },
    [stamp],
  )
  return (
    <Plot
      make={make}
      height={236}
      label={`Runs started and completed, per ${duration(data.bucketSeconds)}: ${data.runs} started in all`}
      table={{
        columns: ['From', 'Started', 'Completed'],
        rows: data.arrivals
          .filter((a) => a.started + a.completed > 0)
          .map((a) => [new Date(a.at).toLocaleString('en-GB'), a.started, a.completed]),
      }}
    />
  )
}

/** How many runs reached each trial. */
export function DropOut({ data }: { data: Figures }) {
  const stamp = JSON.stringify(data.dropOut)
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) =>
      plot.plot({
        ...base(ink, width),
        marginLeft: 36,
        x: { label: 'trials finished' },
        y: { grid: true, label: 'runs', ticks: Math.min(5, data.runs), tickFormat: 'd', zero: true },
        marks: [
          plot.areaY(JSON.parse(stamp) as Figures['dropOut'], {
            x: 'position',
            y: 'reached',
            curve: 'step-after',
            fill: '#56B4E9',
            fillOpacity: 0.35,
          }),
          plot.lineY(JSON.parse(stamp) as Figures['dropOut'], {
            x: 'position',
            y: 'reached',
            curve: 'step-after',
            stroke: '#0072B2',
            strokeWidth: 2,
          }),
          plot.ruleY([0]),
        ],
      }),
    [stamp, data.runs],
  )
  if (data.dropOut.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No trial has been finished yet.
      </Text>
    )
  return (
    <Plot
      make={make}
      height={200}
      label="How many runs reached each trial"
      table={{ columns: ['Trials finished', 'Runs'], rows: data.dropOut.map((d) => [d.position, d.reached]) }}
    />
  )
}

/** Runs of each condition by state. */
export function Conditions({ data }: { data: Figures }) {
  const stamp = JSON.stringify(data.byCondition)
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) => {
      const conditions = JSON.parse(stamp) as Figures['byCondition']
      const rows = conditions.flatMap((condition) =>
        stateOrder.flatMap((state) =>
          (condition.states[state] ?? 0) > 0
            ? [{ condition: condition.condition, state, n: condition.states[state]! }]
            : [],
        ),
      )
      const used = stateOrder.filter((s) => rows.some((r) => r.state === s))
      return plot.plot({
        ...base(ink, width),
        height: 46 + 30 * conditions.length,
        marginLeft: Math.min(140, 20 + 7 * Math.max(...conditions.map((c) => c.condition.length), 3)),
        x: { grid: true, label: 'runs', tickFormat: 'd', ticks: 5 },
        y: { label: null },
        color: { legend: true, domain: used, range: used.map((s) => stateColour[s]) },
        marks: [
          plot.barX(rows, { x: 'n', y: 'condition', fill: 'state', order: [...used], insetTop: 3, insetBottom: 3 }),
          plot.ruleX([0]),
        ],
      })
    },
    [stamp],
  )
  const states = runStates.filter((s) => data.byCondition.some((c) => (c.states[s] ?? 0) > 0))
  return (
    <Plot
      make={make}
      height={82 + 30 * data.byCondition.length}
      label="Runs of each condition by state"
      table={{
        columns: ['Condition', ...states],
        rows: data.byCondition.map((c) => [c.condition, ...states.map((s) => c.states[s] ?? 0)]),
      }}
    />
  )
}
