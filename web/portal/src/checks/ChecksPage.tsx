import { Anchor, Button, SegmentedControl, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useReviews, type Reviews } from '../queries/jobs.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useAddress, useListState, useShowAll } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'

type Item = Reviews['items'][number]
const sorts = [
  { value: 'oldest', label: 'Longest waiting' },
  { value: 'newest', label: 'Newest first' },
  { value: 'title', label: 'Title' },
]
const orders: Record<string, (a: Item, b: Item) => number> = {
  oldest: (a, b) => a.held.localeCompare(b.held),
  newest: (a, b) => b.held.localeCompare(a.held),
  title: (a, b) => a.title.localeCompare(b.title),
}
/** What I can do about it now, in words. */
function nextStepOf({ own, state, waiting, voted }: Item): string {
  if (own) return 'Yours: others check it'
  if (state !== 'held') return 'Decided'
  if (waiting === 'answer') return 'Waits for the analyst’s answer'
  return voted ? 'You have voted' : 'Waits for you'
}

/** Outputs that wait for two people who did not ask for them. */
export function ChecksPage() {
  const here = useOrganisation()
  const may = useMay()
  const allowed = here !== undefined && may('outputs.check')
  const [list, set] = useListState('oldest')
  const [which, setWhich] = useAddress('show')
  const all = useShowAll()
  const { data, error, refetch } = useReviews(
    allowed ? here.organisationId : undefined,
    which === 'all' ? 'all' : 'open',
  )
  if (!allowed)
    return (
      <Page title="Output checks">
        <Empty title="Output checking is not for your role">
          Checkers look at outputs before they leave. An admin gives the role.
        </Empty>
      </Page>
    )
  const words = list.q.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = data
    ?.filter((r) => words.every((w) => `${r.title} ${r.dataset} ${r.owner} ${r.purpose}`.toLowerCase().includes(w)))
    .sort(orders[list.sort] ?? orders['oldest'])
  return (
    <Page
      title="Output checks"
      hint="Each output is looked at by two checkers, neither of whom asked for it and neither of whom sees the other’s vote before giving their own."
    >
      <SegmentedControl
        mb="md"
        aria-label="Which outputs"
        value={which === 'all' ? 'all' : 'open'}
        onChange={(v) => setWhich(v === 'all' ? 'all' : '')}
        data={[
          { value: 'open', label: 'Waiting' },
          { value: 'all', label: 'All' },
        ]}
      />
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!data && !error && <LoadingRows height={52} />}
      {data?.length === 0 && (
        <Empty title={which === 'all' ? 'Nothing has been held for checking yet' : 'Nothing waits for a check'}>
          Plots, models and whatever else rules cannot judge are held here until two checkers have released or refused
          them. You see the code, what it is for, the outputs, and what the machine found.
        </Empty>
      )}
      {data && data.length > 0 && (
        <>
          <ListControls list={list} set={set} sorts={sorts} placeholder="Search outputs" />
          {shown?.length === 0 ? (
            <Empty
              title="No output matches"
              action={
                <Button variant="default" onClick={all}>
                  Show all
                </Button>
              }
            />
          ) : (
            <Table highlightOnHover className="rows">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Output</Table.Th>
                  <Table.Th>For you</Table.Th>
                  <Table.Th visibleFrom="sm">State</Table.Th>
                  <Table.Th visibleFrom="sm">Votes</Table.Th>
                  <Table.Th visibleFrom="xs" className="nowrap">
                    Waiting since
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown?.map((review) => (
                  <Table.Tr key={review.jobId}>
                    <Table.Td>
                      {review.own ? (
                        <Anchor component={Link} to={`/analyses/${review.jobId}`} fw={500}>
                          {review.title}
                        </Anchor>
                      ) : (
                        <Anchor component={Link} to={`/checks/${review.jobId}`} fw={500}>
                          {review.title}
                        </Anchor>
                      )}
                      <Text size="sm" c="dimmed" lineClamp={1}>
                        {review.dataset}, {review.owner}
                        {review.purpose ? `: ${review.purpose}` : ''}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" fw={nextStepOf(review) === 'Waits for you' ? 600 : undefined}>
                        {nextStepOf(review)}
                      </Text>
                    </Table.Td>
                    <Table.Td visibleFrom="sm">
                      <StateBadge of="job" state={review.state} />
                    </Table.Td>
                    <Table.Td visibleFrom="sm" className="figures">
                      {review.votes} of 2
                    </Table.Td>
                    <Table.Td visibleFrom="xs">
                      <RelativeTime at={review.held} />
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
