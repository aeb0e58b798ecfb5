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
import { listed, sorts, stateOptions } from './job-list.ts'
import listControlsStyles from '../parts/ListControls.module.css'

type Whose = 'all' | 'approve' | 'mine'

/** Which analyses: everybody's on my datasets, those of them that wait for me, or my own. */
function useWhose(): [whose: Whose, set: (whose: string) => void, keeps: boolean] {
  const keeps = useMay()('datasets.create')
  const [inAddress, setInAddress] = useAddress('whose')
  const set = (next: string) => setInAddress(next === 'all' ? '' : next)
  if (!keeps || inAddress === 'mine') return ['mine', set, keeps]
  return [inAddress === 'approve' ? 'approve' : 'all', set, keeps]
}

interface Chosen {
  state: string
  language: string
  datasetId: string
}
/** What the server is asked for; what stands in the address and is no state or language is passed over. */
function filterOf({ state, language, datasetId }: Chosen, whose: Whose): JobFilter {
  const ofDataset = datasetId ? { datasetId } : {}
  if (whose === 'approve') return { state: 'queued', ...ofDataset }
  return {
    ...(jobStates.includes(state as JobState) ? { state: state as JobState } : {}),
    ...(languages.includes(language as Language) ? { language: language as Language } : {}),
    ...ofDataset,
  }
}

/** The jobs that the filter finds, whosever they are. */
function useJobs(filter: JobFilter, whose: Whose) {
  const ofMyDatasets = whose !== 'mine'
  const mine = useMyJobs(filter, !ofMyDatasets)
  const theirs = useKeptJobs(filter, ofMyDatasets)
  const own = useMemo(() => (mine.data?.pages ?? []).flatMap((page) => page.items), [mine.data])
  return ofMyDatasets
    ? { ...theirs, retry: undefined, more: undefined }
    : {
        jobs: own,
        pending: mine.isPending,
        error: mine.error,
        retry: () => void mine.refetch(),
        more: mine.hasNextPage ? { busy: mine.isFetchingNextPage, fetch: () => void mine.fetchNextPage() } : undefined,
      }
}
const waitsForApproval = (job: Job): boolean => job.waiting === 'approval'

/** What I have asked, and for custodians what was asked of their datasets. */
export function AnalysesPage() {
  const asks = useMay()('dataset.analyse')
  const [whose, setWhose, keeps] = useWhose()
  const [list, setList] = useListState('newest')
  const [language, setLanguage] = useAddress('language')
  const [datasetId, setDataset] = useAddress('dataset')
  const { jobs, pending, error, retry, more } = useJobs(
    filterOf({ state: list.state, language, datasetId }, whose),
    whose,
  )
  const waiting = useKeptJobs({ state: 'queued' }, keeps).jobs.filter(waitsForApproval).length
  const shown = listed(whose === 'approve' ? jobs.filter(waitsForApproval) : jobs, list.q, list.sort)
  const narrowed = list.q !== '' || list.state !== '' || language !== '' || datasetId !== ''
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
          value={whose}
          onChange={setWhose}
          data={[
            { value: 'all', label: 'On my datasets' },
            { value: 'approve', label: waiting > 0 ? `To approve (${waiting})` : 'To approve' },
            { value: 'mine', label: 'Mine' },
          ]}
        />
      )}
      <div className={listControlsStyles.controlsRow}>
        <ListControls list={list} set={setList} states={stateOptions} sorts={sorts} placeholder="Search analyses" />
        <Group gap="sm">
          <DatasetFilter value={datasetId} set={setDataset} />
          <Select
            aria-label="Filter by language"
            data={[
              { value: '', label: 'Every language' },
              ...languages.map((each) => ({ value: each, label: languageName[each] })),
            ]}
            value={language}
            onChange={(next) => setLanguage(next ?? '')}
            allowDeselect={false}
            w={166}
          />
        </Group>
      </div>
      <ProblemNotice error={error} retry={retry} />
      {pending && !error && <LoadingRows height={44} />}
      {!pending && !error && shown.length === 0 && (
        <NoAnalyses whose={whose} narrowed={narrowed} any={jobs.length > 0} />
      )}
      {(error || (!pending && shown.length > 0)) && <JobsTable jobs={shown} who={whose !== 'mine'} />}
      {more && (
        <Group mt="sm">
          <Button variant="default" loading={more.busy} onClick={more.fetch}>
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

function DatasetFilter({ value, set }: { value: string; set: (datasetId: string) => void }) {
  const { data: datasets = [] } = useDatasets(useOrganisation()?.organisationId)
  return (
    <Select
      aria-label="Filter by dataset"
      data={[
        { value: '', label: 'Every dataset' },
        ...datasets
          .filter((dataset) => dataset.version > 0)
          .map((dataset) => ({ value: dataset.datasetId, label: dataset.title })),
      ]}
      value={value}
      onChange={(next) => set(next ?? '')}
      allowDeselect={false}
      w={190}
      searchable
    />
  )
}

/** Why the list is empty. */
function NoAnalyses({ whose, narrowed, any }: { whose: Whose; narrowed: boolean; any: boolean }) {
  const showAll = useShowAll()
  if (!narrowed && !any) return <NothingAsked mine={whose === 'mine'} />
  if (!narrowed && whose === 'approve')
    return (
      <Empty title="Nothing waits for your approval">
        Where a dataset’s policy asks for it, each analysis waits here until a custodian has approved exactly that code,
        those parameters and that cohort.
      </Empty>
    )
  return (
    <Empty
      title="No analysis matches"
      action={
        <Button variant="default" onClick={showAll}>
          Show all analyses
        </Button>
      }
    />
  )
}

function NothingAsked({ mine }: { mine: boolean }) {
  const asks = useMay()('dataset.analyse')
  const { data: datasets } = useDatasets(useOrganisation()?.organisationId)
  const askable = datasets?.some((dataset) => dataset.mayAnalyse)
  const first = asks && (
    <Button mt="xs" component={Link} to={askable ? '/analyses/ask' : '/datasets'}>
      {askable ? 'Ask a first question' : 'Look at the datasets'}
    </Button>
  )
  if (!mine)
    return (
      <Empty title="Nothing has been asked yet" action={first}>
        Every analysis on the datasets you answer for appears here, with what became of it.
      </Empty>
    )
  return (
    <Empty title="You have not asked anything yet" action={first}>
      An analysis is a question in SQL, Python or R that runs where the data is. You see what it costs and which rules
      apply before it runs; a first question is written for you from the dataset’s schema.
    </Empty>
  )
}
