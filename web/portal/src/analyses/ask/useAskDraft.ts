import { useEffect, useRef, useState } from 'react'
import type { Language } from '../../../../../domain/datasets/policy.ts'
import { useDraft } from '../../hooks.ts'
import type { Dataset } from '../../queries/datasets.ts'
import type { Ask } from '../../queries/jobs.ts'
import { type AskDraft, draftOfAsk, freshDraft } from './ask-draft.ts'

/** What the address says a question begins from. */
export interface Beginning {
  language: Language | undefined
  /** The place of an example among those of the language. */
  example: number | undefined
  /** An earlier job whose question is changed and asked again. */
  again: { jobId: string; question: Ask } | undefined
}
export type PutDraft = (part: Partial<AskDraft>) => void

function startOf(dataset: Dataset, { language, example, again }: Beginning, kept: AskDraft | undefined) {
  if (again) return kept?.from === again.jobId ? kept : draftOfAsk(again.question, again.jobId)
  return example === undefined ? undefined : freshDraft(dataset, language, example)
}

/** The question as it stands, kept in this tab until it has been asked. */
export function useAskDraft(
  dataset: Dataset,
  beginning: Beginning,
): {
  draft: AskDraft
  put: PutDraft
  /** Whether something would be lost by beginning anew. */
  kept: boolean
  beginAnew: () => void
  forget: () => void
} {
  const [kept, setDraft] = useDraft<AskDraft>(`ask.${dataset.datasetId}`)
  const [start] = useState(() => startOf(dataset, beginning, kept))
  // An example or an earlier job takes the place of an older draft once; after that the draft is what counts.
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    if (start && start !== kept) setDraft(start)
  }, [start, kept, setDraft])
  const draft =
    kept && (!start || kept.from === start.from) ? kept : (start ?? freshDraft(dataset, beginning.language, 0))
  return {
    draft,
    put: (part) => setDraft({ ...draft, ...part }),
    kept: kept !== undefined,
    beginAnew: () => setDraft(freshDraft(dataset, draft.language, 0)),
    forget: () => setDraft(undefined),
  }
}
