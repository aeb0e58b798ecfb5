import { Skeleton } from '@mantine/core'
import { lazy, Suspense, type Ref } from 'react'
import { languageName } from '../policy-words.ts'
import type { Ask } from '../../queries/jobs.ts'
import type { CodeHandle, LineNote } from './CodeEditor.tsx'
import { textOfNotebook } from './notebook.ts'
import codeEditorStyles from './CodeEditor.module.css'

const CodeEditor = lazy(() => import('./CodeEditor.tsx').then((m) => ({ default: m.CodeEditor })))

/** The code of a question, to read; a notebook as its cells. */
export function QuestionCode({
  ask,
  notes,
  ref,
}: {
  ask: Pick<Ask, 'code' | 'language'>
  notes?: readonly LineNote[]
  ref?: Ref<CodeHandle>
}) {
  let text = ask.code
  if (ask.language === 'notebook')
    try {
      text = textOfNotebook(ask.code)
    } catch {
      text = ask.code
    }
  return (
    <Suspense fallback={<Skeleton className={`${codeEditorStyles.code} ${codeEditorStyles.readonly}`} />}>
      <CodeEditor
        ref={ref}
        text={text}
        language={ask.language}
        label={`${languageName[ask.language]} that was asked`}
        notes={notes ?? []}
        readOnly
      />
    </Suspense>
  )
}
