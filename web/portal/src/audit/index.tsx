/** The audit chain: what was done, and the proof that nobody changed it. */
import { Button, Group, Select, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { acts } from '../../../../domain/audit/acts.ts'
import { type Study, useApi, useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { ListControls, useListState } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { Events } from './Events.tsx'
import { Verification } from './Verification.tsx'
import { useNames } from './names.ts'
import { actWords, detailWords } from './words.ts'

const pageSize = 100

/** The organisation's chain, newest first, with filters and verification. */
export function AuditPage() {
  const here = useOrganisation()
  const may = useMay()
  if (!here || !may('audit.read'))
    return (
      <Page title="Audit">
        <Empty title="The audit chain is not for your role">
          Admins, custodians and auditors read it. The history of a study that you work on is on the study’s own page.
        </Empty>
      </Page>
    )
  return <Chain key={here.organisationId} organisationId={here.organisationId} organisation={here.organisation} />
}

function Chain({ organisationId, organisation }: { organisationId: string; organisation: string }) {
  const api = useApi()
  const [list, set] = useListState('newest')
  const names = useNames()
  const [broken, setBroken] = useState<number>()
  const chain = useInfiniteQuery({
    queryKey: ['audit', organisationId],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) =>
      api.audit.events({
        params: { organisationId },
        query: { limit: pageSize, ...(pageParam ? { before: pageParam } : {}) },
      }),
    getNextPageParam: (page) => {
      const last = page.items.at(-1)?.seq
      return last !== undefined && last > 1 ? last : undefined
    },
    refetchInterval: (q) => ((q.state.data?.pages.length ?? 1) <= 2 ? 15_000 : false),
  })
  const events = useMemo(() => (chain.data?.pages ?? []).flatMap((p) => p.items), [chain.data])
  const shown = useMemo(() => {
    const query = list.q.trim().toLowerCase()
    return events.filter(
      (event) =>
        (!list.state || event.act === list.state) &&
        (!query ||
          [
            event.object,
            event.who.name ?? names.person(event.who.id.split('/')[0]!),
            event.who.id,
            actWords[event.act],
            names.study(event.object.split(' ')[1] ?? '') ?? '',
            detailWords(event.detail, names),
          ].some((t) => t.toLowerCase().includes(query))),
    )
  }, [events, names, list.q, list.state])
  const newest = chain.data?.pages[0]?.head.seq ?? 0
  return (
    <Page
      title="Audit"
      hint={`Everything sensitive that was done at ${organisation}: who, what, when, and what for. No results and no names of participants.`}
      wide
    >
      <Section title="Is the chain whole?">
        <Verification organisationId={organisationId} onBreak={setBroken} />
      </Section>
      <Section
        title="Events"
        action={
          newest > 0 && (
            <Text size="sm" c="dimmed">
              {count(newest, 'event')}
            </Text>
          )
        }
      >
        <Group gap="sm" wrap="wrap">
          <div className="grow">
            <ListControls list={list} set={set} placeholder="Search events" />
          </div>
          <Select
            aria-label="Filter by act"
            data={[{ value: '', label: 'Every act' }, ...acts.map((a) => ({ value: a, label: actWords[a] }))]}
            value={list.state}
            onChange={(v) => set({ state: v ?? '' })}
            allowDeselect={false}
            searchable
            mb={12}
            w={230}
          />
        </Group>
        <ProblemNotice error={chain.error} retry={() => void chain.refetch()} />
        {chain.isPending && <LoadingRows rows={8} />}
        {!chain.isPending && shown.length > 0 && <Events events={shown} broken={broken} />}
        {!chain.isPending && shown.length === 0 && <NoEvents looked={events.length} more={chain.hasNextPage} />}
        {chain.hasNextPage && (
          <Group mt="sm">
            <Button variant="default" loading={chain.isFetchingNextPage} onClick={() => void chain.fetchNextPage()}>
              Show older events
            </Button>
          </Group>
        )}
      </Section>
    </Page>
  )
}

/** Why no event is shown: of so many that were `looked` at; `more` lie before them. */
function NoEvents({ looked, more }: { looked: number; more: boolean }) {
  if (looked === 0)
    return (
      <Empty title="Nothing has happened yet">
        Publishing, links, openings, sharing and changes of roles are written here.
      </Empty>
    )
  return (
    <Empty title="No event matches">
      {more
        ? `Only the newest ${looked} have been looked at; older ones may match.`
        : 'Try another word or another act.'}
    </Empty>
  )
}

/** The history of one study: the chain's events about it, its links and its runs. */
export function StudyHistory({ study: { studyId } }: { study: Study }) {
  const api = useApi()
  const history = useInfiniteQuery({
    queryKey: ['history', studyId],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) =>
      api.audit.objectHistory({ params: { studyId }, query: pageParam ? { before: pageParam } : {} }),
    getNextPageParam: (page) => page.next,
  })
  const events = (history.data?.pages ?? []).flatMap((p) => p.items)
  if (history.isPending) return <LoadingRows rows={6} />
  return (
    <>
      <ProblemNotice error={history.error} retry={() => void history.refetch()} />
      {events.length > 0 ? (
        <Events events={events} />
      ) : (
        !history.hasNextPage &&
        !history.error && (
          <Empty title="Nothing has happened yet">
            Publishing, links, openings and sharing of this study are written here.
          </Empty>
        )
      )}
      {history.hasNextPage && (
        <Group mt="sm">
          <Button variant="default" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            Show older events
          </Button>
        </Group>
      )}
    </>
  )
}
