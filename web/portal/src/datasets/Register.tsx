import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useDraft } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { readingQuery } from './data.ts'
import type { Dataset, Policy, Schema } from '../queries/datasets.ts'
import { FilesStep } from './FilesStep.tsx'
import { PolicyStep } from './PolicyStep.tsx'
import { Publish } from './Publish.tsx'
import { ReadingStep } from './ReadingStep.tsx'
import { stepsOf } from './registration-steps.ts'
import { carryOver } from './schema/schema-draft.ts'
import { SchemaStep } from './schema/SchemaStep.tsx'
import { type Step, StepBar } from './StepBar.tsx'

/**
 * What the custodian has decided so far: kept in this browser until it is published. `of` is the reading it was made
 * from.
 */
interface Registration {
  of?: string | undefined
  /** A dataset.json came with the files. */
  declared?: boolean
  schema?: Schema | undefined
  policy?: Policy | undefined
  /** Steps that were gone through. */
  checked?: ('schema' | 'policy')[]
}

/** From files to a published version, step by step; each step can be left and come back to. */
export function Register({ dataset }: { dataset: Dataset }) {
  const { datasetId } = dataset
  const client = useQueryClient()
  const navigate = useNavigate()
  const search: { step?: string } = useSearch({ strict: false })
  const { data: reading, error, refetch } = useQuery(readingQuery(datasetId))
  const [draft, setDraft] = useDraft<Registration>(`registration.${datasetId}`, true)
  const ready = reading?.state === 'ready' && reading.proposed !== undefined
  // A new reading brings new columns; what was decided about those that stay is kept.
  useEffect(() => {
    if (ready && reading.proposed && draft?.of !== reading.jobId)
      setDraft({
        ...draft,
        of: reading.jobId,
        schema: carryOver(reading.proposed, draft?.schema ?? dataset.schema, draft?.declared),
        declared: false,
        checked: [],
      })
  }, [ready, reading, draft, setDraft, dataset.schema])
  if (!reading) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={6} />
  const schema = draft?.schema ?? reading.proposed
  const { done, open, now } = stepsOf(reading, ready, draft?.checked ?? [], search.step as Step | undefined)
  const go = (step: Step | undefined) => void navigate({ to: '.', search: (step ? { step } : {}) as never })
  const fresh = () => {
    void client.invalidateQueries({ queryKey: ['reading', datasetId] })
    void client.invalidateQueries({ queryKey: ['dataset', datasetId] })
  }
  const policy = draft?.policy ?? dataset.policy
  const put = (change: Partial<Registration>) => setDraft({ ...draft, of: reading.jobId, ...change })
  return (
    <>
      <StepBar now={now} done={done} open={open} go={go} />
      {now === 'files' && (
        <FilesStep
          dataset={dataset}
          before={reading.state !== 'none'}
          found={(file) => put({ ...file, declared: file.schema !== undefined })}
          next={() => {
            fresh()
            go('reading')
          }}
        />
      )}
      {now === 'reading' && <ReadingStep reading={reading} again={() => go('files')} next={() => go('schema')} />}
      {now === 'schema' && schema && (
        <SchemaStep
          dataset={dataset}
          reading={reading}
          schema={schema}
          policy={policy}
          change={(s) => put({ schema: s })}
          importPolicy={(imported) => put({ policy: imported })}
          next={() => {
            put({ checked: ['schema', ...(draft?.checked?.includes('policy') ? ['policy' as const] : [])] })
            go('policy')
          }}
        />
      )}
      {now === 'policy' && (
        <PolicyStep
          dataset={dataset}
          policy={policy}
          change={(changed) => put({ policy: changed })}
          next={(chosen) => {
            put({ policy: chosen, checked: ['schema', 'policy'] })
            go('publish')
          }}
        />
      )}
      {now === 'publish' && schema && (
        <Publish
          dataset={dataset}
          schema={schema}
          policy={policy}
          back={go}
          done={() => {
            setDraft(undefined)
            void client.invalidateQueries({ queryKey: ['datasets'] })
            fresh()
            void navigate({ to: `/datasets/${datasetId}/overview` })
          }}
        />
      )}
    </>
  )
}
