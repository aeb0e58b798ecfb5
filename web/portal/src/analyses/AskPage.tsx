import { Button, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { Language } from '../../../../domain/datasets/policy.ts'
import { useDatasets } from '../queries/datasets.ts'
import { useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { AskForm } from './ask/AskForm.tsx'
import { jobQuery } from '../queries/jobs.ts'
import { questionQuery } from './data.ts'

/** A new question. Which dataset, which example and which earlier job it begins from stand in the address. */
export function AskPage() {
  const here = useOrganisation()
  const navigate = useNavigate()
  const search: { dataset?: string; language?: string; example?: string | number; again?: string } = useSearch({
    strict: false,
  })
  const { data: datasets, error, refetch } = useDatasets(here?.organisationId)
  const { data: old } = useQuery({ ...jobQuery(search.again ?? ''), enabled: search.again !== undefined })
  const { data: question, error: noQuestion } = useQuery({
    ...questionQuery(search.again ?? ''),
    enabled: search.again !== undefined,
  })
  const askable = datasets?.filter((d) => d.mayAnalyse && d.schema) ?? []
  const wanted = search.dataset ?? old?.datasetId
  const dataset =
    askable.find((d) => d.datasetId === wanted) ??
    (wanted === undefined && search.again === undefined ? askable[0] : undefined)
  const back = { to: '/analyses', label: 'Analyses' }
  if (!datasets || (search.again && !question && !noQuestion))
    return (
      <Page title="Ask a question" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={8} />}
      </Page>
    )
  if (askable.length === 0)
    return (
      <Page title="Ask a question" back={back}>
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
      </Page>
    )
  const other = datasets.find((d) => d.datasetId === wanted)
  return (
    <Page
      title="Ask a question"
      back={back}
      wide
      hint={
        search.again
          ? 'A copy of an earlier question: change what you like and ask it as a new one.'
          : 'It runs where the data is. You see what it costs and what will apply before it does.'
      }
    >
      <ProblemNotice error={noQuestion} title="The earlier question could not be loaded" />
      <Select
        label="Dataset"
        mb="lg"
        maw={480}
        searchable
        allowDeselect={false}
        data={askable.map((d) => ({ value: d.datasetId, label: d.title }))}
        value={dataset?.datasetId ?? null}
        placeholder="Choose a dataset"
        onChange={(v) => v && void navigate({ to: '/analyses/ask', search: { dataset: v } as never, replace: true })}
        error={
          !dataset && other ? `“${other.title}” cannot be asked now${other.why ? `: ${other.why}` : '.'}` : undefined
        }
      />
      {dataset && (
        <AskForm
          key={`${dataset.datasetId} ${search.again ?? ''}`}
          dataset={dataset}
          language={search.language as Language | undefined}
          example={search.example === undefined ? undefined : Number(search.example)}
          again={search.again && question ? { jobId: search.again, question } : undefined}
        />
      )}
    </Page>
  )
}
