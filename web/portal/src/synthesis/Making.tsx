import { Progress, Stack, Text } from '@mantine/core'
import { useCallback } from 'react'
import { Plot } from '../parts/Plot.tsx'
import { Section } from '../parts/Page.tsx'
import type { Synthesis } from './data.ts'
import { percent } from './words.ts'

/** The rounds as they happen: how far it is, what was measured, how far off the present model is thought to be. */
export function Making({ synthesis: { rounds } }: { synthesis: Synthesis }) {
  const last = rounds.at(-1)
  const share = last ? Math.min(100, 100 * Math.max(last.spent, last.round / Math.max(1, last.rounds))) : 0
  return (
    <Section
      title="Being made"
      hint="You can leave this page: it goes on, and after a crash it goes on from the last round without a second charge."
    >
      <Stack maw={760} gap="md">
        <div role="status">
          <Text size="sm" fw={500} mb={6}>
            {last
              ? `Round ${last.round} of at most ${last.rounds}, ${Math.round(100 * last.spent)} % of the budget used`
              : 'Reading the table and what its columns may hold …'}
          </Text>
          <Progress value={last ? Math.max(2, share) : 100} animated={!last} striped={!last} aria-label="Progress" />
        </div>
        {rounds.length > 0 && <Rounds rounds={rounds} />}
      </Stack>
    </Section>
  )
}

/** Estimated error by round, with what each measured behind it. */
export function Rounds({ rounds }: { rounds: Synthesis['rounds'] }) {
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) =>
      plot.plot({
        width,
        height: 200,
        marginLeft: 48,
        style: { color: ink, fontSize: '12px' },
        x: { label: 'Round', tickFormat: 'd', ticks: Math.min(rounds.length, 10) },
        y: { label: 'Estimated error (%)', grid: true, zero: true },
        marks: [
          plot.lineY(rounds, {
            x: 'round',
            y: (r: Synthesis['rounds'][number]) => 100 * r.error,
            stroke: '#0072B2',
            strokeWidth: 2,
          }),
          plot.dot(rounds, { x: 'round', y: (r: Synthesis['rounds'][number]) => 100 * r.error, fill: '#0072B2', r: 3 }),
        ],
      }),
    [rounds],
  )
  return (
    <Plot
      make={make}
      label={`Estimated error by round, now ${percent(rounds.at(-1)!.error)}`}
      table={{
        columns: ['Round', 'Measured', 'Estimated error', 'Budget used'],
        rows: rounds.map((r) => [r.round, r.columns.join(' × '), percent(r.error), `${Math.round(100 * r.spent)} %`]),
      }}
    />
  )
}
