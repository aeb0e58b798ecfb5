import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { Language } from '../../../../domain/datasets/policy.ts'
import { useDatasets } from '../queries/datasets.ts'
import { useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { askedDataset } from './ask/asked-dataset.ts'
import { AskForm } from './ask/AskForm.tsx'
import { DatasetPicker } from './ask/DatasetPicker.tsx'
import { type Ask, jobQuery } from '../queries/jobs.ts'
import { questionQuery } from './data.ts'

interface AskSearch {
  dataset?: string
  language?: string
  example?: string | number
  again?: string
}
const common = { title: 'Ask a question', back: { to: '/analyses', label: 'Analyses' } }

/** A new question. Which dataset, which example and which earlier job it begins from stand in the address. */
export function AskPage() {
  const here = useOrganisation()
  const search: AskSearch = useSearch({ strict: false })
  const { data: datasets, error, refetch } = useDatasets(here?.organisationId)
  const earlier = useEarlierQuestion(search.again)
  if (!datasets || earlier.pending)
    return (
      <Page {...common}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={8} />}
      </Page>
    )
  const asked = askedDataset(datasets, { wanted: search.dataset ?? earlier.datasetId, again: search.again })
  if (asked.askable.length === 0)
    return (
      <Page {...common}>
        <NothingToAsk />
      </Page>
    )
  return (
    <Page
      {...common}
      wide
      hint={
        search.again
          ? 'A copy of an earlier question: change what you like and ask it as a new one.'
          : 'It runs where the data is. You see what it costs and what will apply before it does.'
      }
    >
      <ProblemNotice error={earlier.error} title="The earlier question could not be loaded" />
      <DatasetPicker asked={asked} />
      {asked.dataset && (
        <AskForm
          key={`${asked.dataset.datasetId} ${search.again ?? ''}`}
          dataset={asked.dataset}
          {...beginningOf(search, earlier.question)}
        />
      )}
    </Page>
  )
}

/** The question of an earlier job, to be asked again, and the dataset it was about. */
function useEarlierQuestion(jobId: string | undefined) {
  const enabled = jobId !== undefined
  const { data: job } = useQuery({ ...jobQuery(jobId ?? ''), enabled })
  const { data: question, error } = useQuery({ ...questionQuery(jobId ?? ''), enabled })
  return { question, datasetId: job?.datasetId, error, pending: Boolean(jobId) && !question && !error }
}

/** What the form begins with, by the address. */
const beginningOf = ({ language, example, again }: AskSearch, question: Ask | undefined) => ({
  language: language as Language | undefined,
  example: example === undefined ? undefined : Number(example),
  again: again && question ? { jobId: again, question } : undefined,
})

const NothingToAsk = () => (
  <Empty
    title="There is no dataset that you may ask now"
    action={
      <Button component={Link} to="/datasets" variant="default">
        Look at the catalogue
      </Button>
    }
  >
    Each dataset’s page says who may ask it, and until when.
  </Empty>
)
