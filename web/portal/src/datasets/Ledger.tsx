import { Anchor, Button, Group, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import type * as P from '@observablehq/plot'
import { Link } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { palette, Plot } from '../parts/Plot.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { api } from '../session/session.ts'
import { BudgetMeter } from './Budget.tsx'
import type { Dataset } from '../queries/datasets.ts'
import { short } from '../parts/figures.ts'

const words = { reserved: 'Reserved', committed: 'Spent', returned: 'Given back' } as const

/** Every charge of the privacy budget, and how much was spent by when. */
export function Ledger({ dataset }: { dataset: Dataset }) {
  const { datasetId, budget, created } = dataset
  const ledger = useInfiniteQuery({
    queryKey: ['ledger', datasetId],
    initialPageParam: undefined as string | undefined,
    refetchInterval: 10_000,
    queryFn: ({ pageParam }) => api.datasets.ledger({ params: { datasetId }, query: { limit: 200, after: pageParam } }),
    getNextPageParam: (page) => page.next,
  })
  const entries = useMemo(() => (ledger.data?.pages ?? []).flatMap((p) => p.items), [ledger.data])
  const seen = ledger.dataUpdatedAt
  const spent = useMemo(() => {
    const known = entries.filter((e) => e.what === 'committed').reverse()
    // What older pages would show is what the total has more than these.
    const before = budget.spentNanoRho - known.reduce((n, e) => n + e.nanoRho, 0)
    const at = (instant: string, sum: number, name = '') => ({
      at: instant,
      share: (100 * sum) / Math.max(1, budget.limitNanoRho),
      name,
    })
    return known.length === 0
      ? []
      : [
          ...(before === 0 ? [at(created, 0)] : []),
          ...known.map((entry, index) =>
            at(
              entry.at,
              known.slice(0, index + 1).reduce((n, x) => n + x.nanoRho, before),
              entry.name,
            ),
          ),
          at(new Date(seen).toISOString(), budget.spentNanoRho),
        ]
  }, [entries, budget, created, seen])
  return (
    <>
      <Section title="Left">
        <BudgetMeter budget={budget} />
      </Section>
      <ProblemNotice error={ledger.error} retry={() => void ledger.refetch()} />
      {ledger.isPending && <LoadingRows />}
      {!ledger.isPending && entries.length === 0 && (
        <Empty title="Nothing has been spent">
          Analyses that release by noise reserve a part of the budget before they run, and spend it when something is
          released. Disclosure rules and review spend nothing.
        </Empty>
      )}
      {entries.length > 0 && (
        <>
          {spent.length > 0 && (
            <Section title="Spent over time">
              <Spent rows={spent} />
            </Section>
          )}
          <Section
            title="Charges"
            hint="Epsilon is each charge seen alone; together they cost less than their sum, because the ledger counts in zero-concentrated privacy (rho)."
          >
            <Table.ScrollContainer minWidth={360}>
              <Table className="figures">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>When</Table.Th>
                    <Table.Th>What</Table.Th>
                    <Table.Th ta="right">Epsilon</Table.Th>
                    <Table.Th ta="right" visibleFrom="sm">
                      Rho
                    </Table.Th>
                    <Table.Th>Who</Table.Th>
                    <Table.Th>Analysis</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {entries.map((entry) => (
                    <Table.Tr key={entry.jobId + entry.what + entry.at}>
                      <Table.Td>
                        <RelativeTime at={entry.at} />
                      </Table.Td>
                      <Table.Td>{words[entry.what]}</Table.Td>
                      <Table.Td ta="right">{short(entry.epsilon)}</Table.Td>
                      <Table.Td ta="right" visibleFrom="sm">
                        {short(entry.nanoRho / 1e9)}
                      </Table.Td>
                      <Table.Td>{entry.name}</Table.Td>
                      <Table.Td>
                        <Anchor component={Link} to={`/analyses/${entry.jobId}`} size="sm" ff="monospace">
                          {entry.jobId.slice(4, 12)}
                        </Anchor>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            {ledger.hasNextPage && (
              <Group mt="sm">
                <Button
                  variant="default"
                  loading={ledger.isFetchingNextPage}
                  onClick={() => void ledger.fetchNextPage()}
                >
                  Show older charges
                </Button>
                <Text size="sm" c="dimmed">
                  Newest {entries.length}
                </Text>
              </Group>
            )}
          </Section>
        </>
      )}
    </>
  )
}

function Spent({ rows }: { rows: { at: string; share: number; name: string }[] }) {
  const stamp = JSON.stringify(rows)
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) => {
      const points = (JSON.parse(stamp) as typeof rows).map((r) => ({ ...r, at: new Date(r.at) }))
      return plot.plot({
        width,
        height: 200,
        marginLeft: 44,
        style: { background: 'transparent', color: ink, fontSize: '12px' },
        x: { type: 'time', label: null },
        y: { domain: [0, 100], grid: true, label: 'of the budget spent (%)' },
        marks: [
          plot.ruleY([0]),
          plot.ruleY([100], { stroke: palette[5], strokeDasharray: '4 3' }),
          plot.line(points, { x: 'at', y: 'share', stroke: palette[0], strokeWidth: 2, curve: 'step-after' }),
          plot.dot(
            points.filter((p) => p.name),
            { x: 'at', y: 'share', fill: palette[0], r: 3 },
          ),
        ],
      })
    },
    [stamp],
  )
  return (
    <Plot
      make={make}
      height={200}
      label={`Share of the privacy budget spent over time, ${Math.round(rows.at(-1)!.share)} percent now`}
      table={{
        columns: ['When', 'Spent (%)', 'By'],
        rows: rows
          .filter((r) => r.name)
          .map((r) => [new Date(r.at).toLocaleString('en-GB'), r.share.toFixed(1), r.name]),
      }}
    />
  )
}
