import { Group, SimpleGrid, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { runLife, type RunState } from '../../../../domain/runs/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count, duration, percent } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { overviewQuery } from '../queries/studies.ts'
import { FirstSteps } from './FirstSteps.tsx'
import { Arrivals, Conditions, DropOut, type Figures, stateOrder } from './overview-plots.tsx'
import pageStyles from '../parts/Page.module.css'
import styles from './Overview.module.css'

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
  <div className={styles.figure}>
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
  const finished = data.byState.completed ?? 0
  const live = data.byState.live ?? 0
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
          note={live > 0 ? `${live} going on now` : 'nobody at it now'}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing={0} className={pageStyles.pair}>
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
          <ByState data={data} />
        </Section>
        <Section title="By condition">
          <Conditions data={data} />
        </Section>
      </SimpleGrid>
      <NothingLost data={data} />
    </>
  )
}

function ByState({ data: { byState, runs } }: { data: Figures }) {
  const countOf = (state: RunState) => byState[state] ?? 0
  return (
    <Table className="figures" withRowBorders={false} verticalSpacing={4}>
      <Table.Tbody>
        {stateOrder
          .filter((state) => countOf(state) > 0)
          .map((state) => (
            <Table.Tr key={state}>
              <Table.Td w={120} pl={0}>
                <StateBadge of="run" state={state} />
              </Table.Td>
              <Table.Td w={110} className="nowrap">
                {countOf(state)} ({percent(countOf(state), runs)})
              </Table.Td>
              <Table.Td visibleFrom="xs">
                <Text size="xs" c="dimmed">
                  {runLife[state].meaning}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  )
}

const NothingLost = ({ data: { loss, conflicts } }: { data: Figures }) => (
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
        className={styles.loss}
      />
      <Text fw={600}>
        {loss.missing === 0 ? 'Every record has arrived' : `${count(loss.missing, 'record')} not here yet`}
      </Text>
      <Text size="sm" c="dimmed">
        {loss.acknowledged.toLocaleString('en')} of {count(loss.sent, 'record')} stored
        {conflicts > 0 ? `; ${count(conflicts, 'record')} refused because others were stored in their place` : ''}
      </Text>
    </Group>
  </Section>
)
