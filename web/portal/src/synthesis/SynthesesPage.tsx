import { Anchor, Button, Checkbox, Group, Table, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { synthesisStates } from '../../../../domain/synthesis/life.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useListState, useShowAll } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { type Synthesis, useSyntheses } from './data.ts'

const orders: Record<string, (a: Synthesis, b: Synthesis) => number> = {
  changed: (a, b) => b.changed.localeCompare(a.changed),
  title: (a, b) => a.title.localeCompare(b.title),
  dataset: (a, b) => a.dataset.localeCompare(b.dataset),
}
const sorts = [
  { value: 'changed', label: 'Last changed' },
  { value: 'title', label: 'Title' },
  { value: 'dataset', label: 'Dataset' },
]
const states = synthesisStates.map((s) => ({ value: s, label: s[0]!.toUpperCase() + s.slice(1) }))
const most = 4

/** Every synthetic table that I may see; two or more can be compared. */
export function SynthesesPage() {
  const here = useOrganisation()
  const may = useMay()
  const { data, error, refetch } = useSyntheses(here?.organisationId)
  const [list, set] = useListState('changed')
  const all = useShowAll()
  const [chosen, choose] = useState<string[]>([])
  const make = may('syntheses.create')
  const words = list.q.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = data
    ?.filter(
      (synthesis) =>
        (!list.state || synthesis.state === list.state) &&
        words.every((w) => `${synthesis.title} ${synthesis.dataset} ${synthesis.table}`.toLowerCase().includes(w)),
    )
    .sort(orders[list.sort] ?? orders['changed'])
  return (
    <Page
      title="Synthetic data"
      hint="Invented rows that keep a table’s statistics, with a guarantee for everybody in it. They can be shared, downloaded and developed against."
      action={
        <>
          {chosen.length >= 2 && (
            <Button
              variant="default"
              component={Link}
              to="/synthetic/compare"
              search={{ ids: chosen.join(',') } as never}
            >
              Compare {chosen.length}
            </Button>
          )}
          {make && (
            <Button component={Link} to="/synthetic/new" leftSection={<IconPlus size={16} aria-hidden />}>
              Make synthetic data
            </Button>
          )}
        </>
      }
    >
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!data && !error && <LoadingRows height={52} />}
      {data?.length === 0 && (
        <Empty
          title="No synthetic data yet"
          action={
            make && (
              <Button mt="xs" component={Link} to="/synthetic/new">
                Make the first synthetic table
              </Button>
            )
          }
        >
          {make
            ? 'Choose a table of a registered dataset or drop a file, confirm what its columns may hold and what privacy may cost, and watch it being made.'
            : 'Custodians of your organisation make and share them; you will find them here.'}
        </Empty>
      )}
      {data && data.length > 0 && (
        <>
          <ListControls list={list} set={set} states={states} sorts={sorts} placeholder="Search synthetic tables" />
          {shown?.length === 0 ? (
            <Empty
              title="Nothing matches"
              action={
                <Button variant="default" onClick={all}>
                  Show all
                </Button>
              }
            >
              No synthetic table has these words in its title or dataset.
            </Empty>
          ) : (
            <Table highlightOnHover className="rows">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w={36}>
                    <span className="sr">Compare</span>
                  </Table.Th>
                  <Table.Th>Title</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th visibleFrom="sm">Of</Table.Th>
                  <Table.Th visibleFrom="md">Changed</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown?.map((synthesis) => (
                  <Table.Tr key={synthesis.synthesisId}>
                    <Table.Td>
                      {synthesis.state === 'ready' && (
                        <Checkbox
                          aria-label={`Compare ${synthesis.title}`}
                          checked={chosen.includes(synthesis.synthesisId)}
                          disabled={!chosen.includes(synthesis.synthesisId) && chosen.length >= most}
                          onChange={(event) =>
                            choose(
                              event.currentTarget.checked
                                ? [...chosen, synthesis.synthesisId]
                                : chosen.filter((c) => c !== synthesis.synthesisId),
                            )
                          }
                        />
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Anchor component={Link} to={`/synthetic/${synthesis.synthesisId}`} fw={500}>
                        {synthesis.title}
                      </Anchor>
                      <Group gap={6}>
                        <Text size="sm" c="dimmed">
                          by {synthesis.owner.name}
                          {synthesis.shared ? ' · shared' : ''}
                        </Text>
                      </Group>
                    </Table.Td>
                    <Table.Td>
                      <StateBadge of="synthesis" state={synthesis.state} />
                    </Table.Td>
                    <Table.Td visibleFrom="sm">
                      <Text size="sm" className="path">
                        {synthesis.table}
                      </Text>
                    </Table.Td>
                    <Table.Td visibleFrom="md">
                      <RelativeTime at={synthesis.changed} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </>
      )}
    </Page>
  )
}
