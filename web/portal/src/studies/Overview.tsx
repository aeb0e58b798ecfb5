import { Group, SimpleGrid, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import type * as P from '@observablehq/plot'
import type { Client } from '../../../../clients/api.ts'
import { runLife, runStates, type RunState } from '../../../../domain/runs/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count, duration, percent } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { Plot } from '../parts/Plot.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { overviewQuery } from '../queries/studies.ts'
import { FirstSteps } from './FirstSteps.tsx'

type Figures = Awaited<ReturnType<Client['runs']['overview']>>
const stateColour: Record<RunState, string> = {
  completed: '#009E73',
  live: '#0072B2',
  incomplete: '#E69F00',
  stale: '#999999',
  aborted: '#D55E00',
  withdrawn: '#CC79A7',
}
const order: readonly RunState[] = ['completed', 'live', 'incomplete', 'stale', 'aborted', 'withdrawn']

/** What is happening now: asked every three seconds while the page is in sight. */
export function Overview({ study }: { study: Study }) {
  const may = useMay()
  const allowed = may('study.aggregates', study)
  const { data, error, refetch } = useQuery({ ...overviewQuery(study.studyId), enabled: allowed })
  if (!allowed)
    return (
      <Empty title="The figures of this study are not shared with you">
        Somebody who manages the study’s sharing can give you “See and download aggregates”.
      </Empty>
    )
  if (!data)
    return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={4} height={72} />
  return (
    <>
      {error && <ProblemNotice error={error} title="These figures stand still" retry={() => void refetch()} />}
      <FirstSteps study={study} runs={data.runs} previews={data.previews} />
      {data.runs > 0 ? (
        <Live data={data} />
      ) : (
        data.previews > 0 && (
          <Text c="dimmed" size="sm">
            {count(data.previews, 'preview run')} so far; previews never count.
          </Text>
        )
      )}
    </>
  )
}

const Figure = ({ label, value, note }: { label: string; value: React.ReactNode; note?: React.ReactNode }) => (
  <div className="figure">
    <Text size="sm" c="dimmed">
      {label}
    </Text>
    <Text component="div" fw={600} fz={22} className="figures">
      {value}
    </Text>
    {note && (
      <Text component="div" size="xs" c="dimmed">
        {note}
      </Text>
    )}
  </div>
)

function Live({ data }: { data: Figures }) {
  const { loss, byState } = data
  const n = (s: RunState) => byState[s] ?? 0
  const finished = n('completed')
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="md" mb="xl" aria-live="off">
        <Figure
          label="Runs"
          value={data.runs}
          note={data.previews > 0 ? `and ${count(data.previews, 'preview')}` : 'previews never count'}
        />
        <Figure label="Completed" value={finished} note={`${percent(finished, data.runs)} of runs`} />
        <Figure
          label="Median duration"
          value={data.medianSeconds === undefined ? '–' : duration(data.medianSeconds)}
          note={`of ${count(finished, 'completed run')}`}
        />
        <Figure
          label="Last arrival"
          value={data.lastArrival ? <RelativeTime at={data.lastArrival} /> : '–'}
          note={n('live') > 0 ? `${n('live')} going on now` : 'nobody at it now'}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing={0} className="pair">
        <Section title="Runs over time">
          <Arrivals data={data} />
        </Section>
        <Section
          title="How far people get"
          hint={`Runs that reached each trial, n = ${data.dropOut[0]?.reached ?? data.runs}`}
        >
          <DropOut data={data} />
        </Section>
        <Section title="By state">
          <Table className="figures" withRowBorders={false} verticalSpacing={4}>
            <Table.Tbody>
              {order
                .filter((s) => n(s) > 0)
                .map((s) => (
                  <Table.Tr key={s}>
                    <Table.Td w={120} pl={0}>
                      <StateBadge of="run" state={s} />
                    </Table.Td>
                    <Table.Td w={110} className="nowrap">
                      {n(s)} ({percent(n(s), data.runs)})
                    </Table.Td>
                    <Table.Td visibleFrom="xs">
                      <Text size="xs" c="dimmed">
                        {runLife[s].meaning}
                      </Text>
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        </Section>
        <Section title="By condition">
          <Conditions data={data} />
        </Section>
      </SimpleGrid>
      <Section
        title="Nothing lost?"
        hint="Records that participants’ pages made, against records stored here. A page keeps what is missing and sends it on its next visit."
      >
        <Group gap="xl" align="baseline" className="figures" style={{ rowGap: 4 }}>
          <meter
            min={0}
            max={Math.max(1, loss.sent)}
            value={loss.acknowledged}
            aria-label={`${loss.acknowledged} of ${loss.sent} records are stored`}
            className="loss"
          />
          <Text fw={600}>
            {loss.missing === 0 ? 'Every record has arrived' : `${count(loss.missing, 'record')} not here yet`}
          </Text>
          <Text size="sm" c="dimmed">
            {loss.acknowledged.toLocaleString('en')} of {count(loss.sent, 'record')} stored
            {data.conflicts > 0
              ? `; ${count(data.conflicts, 'record')} refused because others were stored in their place`
              : ''}
          </Text>
        </Group>
      </Section>
    </>
  )
}

const base = (ink: string, width: number) => ({
  width,
  height: 200,
  style: { background: 'transparent', color: ink, fontSize: '12px', fontFamily: 'inherit' },
})

function Arrivals({ data }: { data: Figures }) {
  const stamp = JSON.stringify(data.arrivals)
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) => {
      let started = 0,
        completed = 0
      const rows = (JSON.parse(stamp) as Figures['arrivals']).flatMap((a) => [
        { at: new Date(a.at), n: (started += a.started), what: 'started' },
        { at: new Date(a.at), n: (completed += a.completed), what: 'completed' },
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

function DropOut({ data }: { data: Figures }) {
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

function Conditions({ data }: { data: Figures }) {
  const stamp = JSON.stringify(data.byCondition)
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) => {
      const conditions = JSON.parse(stamp) as Figures['byCondition']
      const rows = conditions.flatMap((c) =>
        order.flatMap((state) =>
          (c.states[state] ?? 0) > 0 ? [{ condition: c.condition, state, n: c.states[state]! }] : [],
        ),
      )
      const used = order.filter((s) => rows.some((r) => r.state === s))
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
