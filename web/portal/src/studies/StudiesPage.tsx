import { Anchor, Button, Group, Table, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { studyStates } from '../../../../domain/studies/life.ts'
import { type Study, useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useListState } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { useStudies } from '../queries/studies.ts'

const orders: Record<string, (a: Study, b: Study) => number> = {
  changed: (a, b) => b.changed.localeCompare(a.changed),
  created: (a, b) => b.created.localeCompare(a.created),
  title: (a, b) => a.title.localeCompare(b.title),
}
const sorts = [
  { value: 'changed', label: 'Last changed' },
  { value: 'created', label: 'Newest' },
  { value: 'title', label: 'Title' },
]
const states = studyStates.map((s) => ({ value: s, label: s[0]!.toUpperCase() + s.slice(1) }))

/** All studies that I may see in the organisation. */
export function StudiesPage() {
  const here = useOrganisation()
  const may = useMay()
  const { data, error, refetch } = useStudies(here?.organisationId)
  const [list, set] = useListState('changed')
  const words = list.q.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = data
    ?.filter(
      (study) =>
        (!list.state || study.state === list.state) &&
        words.every((w) => `${study.title} ${study.description}`.toLowerCase().includes(w)),
    )
    .sort(orders[list.sort] ?? orders['changed'])
  const make = may('studies.create')
  return (
    <Page
      title="Studies"
      action={
        make && (
          <Button component={Link} to="/studies/new" leftSection={<IconPlus size={16} aria-hidden />}>
            New study
          </Button>
        )
      }
    >
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!data && !error && <LoadingRows />}
      {data?.length === 0 && (
        <Empty
          title="No studies yet"
          action={
            make && (
              <Group mt="xs">
                <Button component={Link} to="/studies/new" variant="filled">
                  Start from an example
                </Button>
                <Button component={Link} to="/studies/new" search={{ from: 'file' } as never} variant="default">
                  Import a study
                </Button>
              </Group>
            )
          }
        >
          A study is an experiment or a survey that participants take part in by a link.{' '}
          {make
            ? 'Three examples are ready to try: nothing is sent to anybody until you launch.'
            : 'You will see the ones that somebody shares with you. Ask a researcher or an admin of your organisation.'}
        </Empty>
      )}
      {data && data.length > 0 && (
        <>
          <ListControls list={list} set={set} states={states} sorts={sorts} placeholder="Search studies" />
          {shown?.length === 0 ? (
            <Empty
              title="Nothing matches"
              action={
                <Button variant="default" onClick={() => set({ q: '', state: '' })}>
                  Show all studies
                </Button>
              }
            >
              No study has these words and this state.
            </Empty>
          ) : (
            <Table highlightOnHover className="rows">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Title</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th visibleFrom="sm">Version</Table.Th>
                  <Table.Th visibleFrom="xs">Changed</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown?.map((study) => (
                  <Table.Tr key={study.studyId}>
                    <Table.Td>
                      <Anchor component={Link} to={`/studies/${study.studyId}/overview`} fw={500}>
                        {study.title}
                      </Anchor>
                      {study.description && (
                        <Text size="sm" c="dimmed" lineClamp={1}>
                          {study.description}
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <StateBadge of="study" state={study.state} />
                    </Table.Td>
                    <Table.Td visibleFrom="sm" className="figures">
                      {study.version === 0 ? (
                        <Text span size="sm" c="dimmed">
                          none yet
                        </Text>
                      ) : (
                        study.version
                      )}
                    </Table.Td>
                    <Table.Td visibleFrom="xs">
                      <RelativeTime at={study.changed} />
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
