import { Button, Group, SegmentedControl, Select, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { type Language, languages } from '../../../../domain/datasets/policy.ts'
import { type JobState, jobStates } from '../../../../domain/jobs/life.ts'
import { useDatasets } from '../queries/datasets.ts'
import { languageName } from '../parts/policy-words.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { ListControls, useAddress, useListState, useShowAll } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { type Job, type JobFilter, useKeptJobs, useMyJobs } from '../queries/jobs.ts'
import { JobsTable } from './JobsTable.tsx'
import { stateWord } from '../parts/job/words.ts'

const sorts = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'title', label: 'Title' },
  { value: 'state', label: 'State' },
]
const orders: Record<string, (a: Job, b: Job) => number> = {
  newest: (a, b) => b.created.localeCompare(a.created),
  oldest: (a, b) => a.created.localeCompare(b.created),
  title: (a, b) => a.title.localeCompare(b.title),
  state: (a, b) => jobStates.indexOf(a.state) - jobStates.indexOf(b.state) || b.created.localeCompare(a.created),
}
const stateOptions = jobStates.map((s) => ({
  value: s,
  label: s === 'succeeded' ? 'Released' : s[0]!.toUpperCase() + s.slice(1),
}))
export const listed = (jobs: readonly Job[], q: string, sort: string): Job[] => {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  return jobs
    .filter((j) =>
      words.every((w) =>
        `${j.title} ${j.dataset} ${j.owner.name} ${stateWord(j)} ${j.jobId}`.toLowerCase().includes(w),
      ),
    )
    .sort(orders[sort] ?? orders['newest'])
}

/** What I have asked, and for custodians what was asked of their datasets. */
export function AnalysesPage() {
  const here = useOrganisation()
  const may = useMay()
  const keeps = may('datasets.create')
  const asks = may('dataset.analyse')
  const [list, set] = useListState('newest')
  const [language, setLanguage] = useAddress('language')
  const [datasetId, setDataset] = useAddress('dataset')
  const [whose, setWhose] = useAddress('whose')
  const all = useShowAll()
  const { data: datasets } = useDatasets(here?.organisationId)
  const kept = keeps && whose !== 'mine'
  const deciding = keeps && whose === 'approve'
  const filter: JobFilter = deciding
    ? { state: 'queued', ...(datasetId ? { datasetId } : {}) }
    : {
        ...(jobStates.includes(list.state as JobState) ? { state: list.state as JobState } : {}),
        ...(languages.includes(language as Language) ? { language: language as Language } : {}),
        ...(datasetId ? { datasetId } : {}),
      }
  const mine = useMyJobs(filter, !kept)
  const theirs = useKeptJobs(filter, kept)
  const jobs = useMemo(
    () => (kept ? theirs.jobs : (mine.data?.pages ?? []).flatMap((p) => p.items)),
    [kept, theirs.jobs, mine.data],
  )
  const waiting = useKeptJobs({ state: 'queued' }, keeps).jobs.filter((j) => j.waiting === 'approval').length
  const shown = listed(deciding ? jobs.filter((j) => j.waiting === 'approval') : jobs, list.q, list.sort)
  const pending = kept ? theirs.pending : mine.isPending
  const error = kept ? theirs.error : mine.error
  const narrowed = list.q !== '' || list.state !== '' || language !== '' || datasetId !== ''
  const askable = datasets?.some((d) => d.mayAnalyse)
  const first = asks && (
    <Button mt="xs" component={Link} to={askable ? '/analyses/ask' : '/datasets'}>
      {askable ? 'Ask a first question' : 'Look at the datasets'}
    </Button>
  )
  return (
    <Page
      title="Analyses"
      hint="Questions to datasets: each runs where the data is, and only what is safe comes back."
      action={
        asks && (
          <Button component={Link} to="/analyses/ask" leftSection={<IconPlus size={16} aria-hidden />}>
            Ask a question
          </Button>
        )
      }
    >
      {keeps && (
        <SegmentedControl
          mb="md"
          aria-label="Whose analyses"
          value={deciding ? 'approve' : kept ? 'all' : 'mine'}
          onChange={(v) => setWhose(v === 'all' ? '' : v)}
          data={[
            { value: 'all', label: 'On my datasets' },
            { value: 'approve', label: waiting > 0 ? `To approve (${waiting})` : 'To approve' },
            { value: 'mine', label: 'Mine' },
          ]}
        />
      )}
      <div className="controls-row">
        <ListControls list={list} set={set} states={stateOptions} sorts={sorts} placeholder="Search analyses" />
        <Group gap="sm">
          <Select
            aria-label="Filter by dataset"
            data={[
              { value: '', label: 'Every dataset' },
              ...(datasets ?? []).filter((d) => d.version > 0).map((d) => ({ value: d.datasetId, label: d.title })),
            ]}
            value={datasetId}
            onChange={(v) => setDataset(v ?? '')}
            allowDeselect={false}
            w={190}
            searchable
          />
          <Select
            aria-label="Filter by language"
            data={[
              { value: '', label: 'Every language' },
              ...languages.map((l) => ({ value: l, label: languageName[l] })),
            ]}
            value={language}
            onChange={(v) => setLanguage(v ?? '')}
            allowDeselect={false}
            w={166}
          />
        </Group>
      </div>
      <ProblemNotice error={error} retry={kept ? undefined : () => void mine.refetch()} />
      {pending && !error ? (
        <LoadingRows height={44} />
      ) : jobs.length === 0 && !narrowed && !error ? (
        <Empty title={kept ? 'Nothing has been asked yet' : 'You have not asked anything yet'} action={first}>
          {kept
            ? 'Every analysis on the datasets you answer for appears here, with what became of it.'
            : 'An analysis is a question in SQL, Python or R that runs where the data is. You see what it costs and which rules apply before it runs; a first question is written for you from the dataset’s schema.'}
        </Empty>
      ) : deciding && shown.length === 0 && !narrowed && !error ? (
        <Empty title="Nothing waits for your approval">
          Where a dataset’s policy asks for it, each analysis waits here until a custodian has approved exactly that
          code, those parameters and that cohort.
        </Empty>
      ) : shown.length === 0 && !error ? (
        <Empty
          title="No analysis matches"
          action={
            <Button variant="default" onClick={all}>
              Show all analyses
            </Button>
          }
        />
      ) : (
        <JobsTable jobs={shown} who={kept} />
      )}
      {!kept && mine.hasNextPage && (
        <Group mt="sm">
          <Button variant="default" loading={mine.isFetchingNextPage} onClick={() => void mine.fetchNextPage()}>
            Show more
          </Button>
          <Text size="sm" c="dimmed">
            {count(jobs.length, 'analysis', 'analyses')} so far; search and order are over these.
          </Text>
        </Group>
      )}
    </Page>
  )
}
