import { Button } from '@mantine/core'
import { useMemo, useRef } from 'react'
import type { Language } from '../../../../../domain/datasets/policy.ts'
import type { CodeHandle, LineNote } from '../../parts/job/CodeEditor.tsx'
import { lineOfCell } from '../../parts/job/notebook.ts'
import { Section } from '../../parts/Page.tsx'
import type { Dataset } from '../../queries/datasets.ts'
import type { Quote } from '../../queries/jobs.ts'
import { askOf, isScript } from './ask-draft.ts'
import { AskCode } from './AskCode.tsx'
import { AskLimits } from './AskLimits.tsx'
import { AskPeople } from './AskPeople.tsx'
import { AskRelease } from './AskRelease.tsx'
import { CohortBuilder } from './CohortBuilder.tsx'
import { QuotePanel } from './QuotePanel.tsx'
import { type Beginning, useAskDraft } from './useAskDraft.ts'
import { useQuote } from './useQuote.ts'
import { useSubmission } from './useSubmission.ts'
import quoteStyles from '../../parts/quote.module.css'

/** The line of the editor's text; a notebook's cells stand below each other there. */
const lineInEditor = (language: Language, code: string, line: number, cell: number | undefined): number =>
  language === 'notebook' && cell !== undefined ? lineOfCell(code, cell, line) : line

/** Advice about a line, to be shown beside it. */
const notesOf = (advice: Quote['advice'], language: Language, code: string): LineNote[] =>
  advice.flatMap(({ line, cell, level, message }) =>
    line === undefined ? [] : [{ line: lineInEditor(language, code, line, cell), level, message }],
  )

/** The question itself, beside what it would cost. What is typed stays in this tab until it has been asked. */
export function AskForm({ dataset, ...beginning }: { dataset: Dataset } & Beginning) {
  const { draft, put, kept, beginAnew, forget } = useAskDraft(dataset, beginning)
  const { language } = draft
  const code = draft.codes[language] ?? ''
  const { ask, lacking } = useMemo(() => askOf(draft, dataset), [draft, dataset])
  const whole = lacking.length === 0
  const { quote, error: noQuote, stale } = useQuote(ask, whole)
  const { submit, busy, refused, forgetRefusal } = useSubmission(ask, whole, forget)
  const editor = useRef<CodeHandle>(null)
  const notes = useMemo(
    () => (stale || !quote ? [] : notesOf(quote.advice, language, code)),
    [quote, stale, language, code],
  )
  return (
    <div className={quoteStyles.ask}>
      <div>
        <Section title="Who it is about">
          {dataset.schema && (
            <CohortBuilder schema={dataset.schema} filters={draft.cohort} change={(cohort) => put({ cohort })} />
          )}
        </Section>
        <AskCode ref={editor} dataset={dataset} draft={draft} put={put} notes={notes} submit={submit} />
        {isScript(draft) && <AskLimits draft={draft} put={put} />}
        <AskRelease dataset={dataset} draft={draft} put={put} cost={stale ? undefined : quote?.cost} />
        <AskPeople draft={draft} put={put} approval={dataset.policy.approval} madeTitle={ask.title} />
        {kept && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={() => {
              beginAnew()
              forgetRefusal()
            }}
          >
            Begin anew
          </Button>
        )}
      </div>
      <QuotePanel
        quote={quote}
        stale={stale}
        error={noQuote}
        ask={ask}
        lacking={lacking}
        jump={(line, cell) => editor.current?.showLine(lineInEditor(language, code, line, cell))}
        submit={submit}
        busy={busy}
        refused={refused}
      />
    </div>
  )
}
