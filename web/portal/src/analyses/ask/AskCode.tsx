import { Button, FileButton, Group, Menu, Skeleton, Tabs, Text } from '@mantine/core'
import { lazy, type Ref, Suspense, useState } from 'react'
import type { Language } from '../../../../../domain/datasets/policy.ts'
import type { CodeHandle, LineNote } from '../../parts/job/CodeEditor.tsx'
import { textOfNotebook } from '../../parts/job/notebook.ts'
import { Section } from '../../parts/Page.tsx'
import { languageName } from '../../parts/policy-words.ts'
import { ProblemNotice } from '../../parts/ProblemNotice.tsx'
import { firstQuestions } from '../../parts/snippets.ts'
import type { Dataset } from '../../queries/datasets.ts'
import type { AskDraft } from './ask-draft.ts'
import type { PutDraft } from './useAskDraft.ts'
import pageTabsStyles from '../../parts/PageTabs.module.css'
import codeEditorStyles from '../../parts/job/CodeEditor.module.css'

const CodeEditor = lazy(() =>
  import('../../parts/job/CodeEditor.tsx').then((module) => ({ default: module.CodeEditor })),
)
const endings: Record<Language, string> = { sql: '.sql,.txt', python: '.py,.txt', r: '.R,.r,.txt', notebook: '.ipynb' }
const largestFile = 1_000_000

/** The code of the question, in one of the languages that the policy allows. */
export function AskCode({
  dataset,
  draft,
  put,
  notes,
  submit,
  ref,
}: {
  dataset: Dataset
  draft: AskDraft
  put: PutDraft
  notes: readonly LineNote[]
  submit: () => void
  ref: Ref<CodeHandle>
}) {
  const { language, codes } = draft
  const code = codes[language] ?? ''
  const setCode = (text: string) => {
    if (text !== code) put({ codes: { ...codes, [language]: text } })
  }
  const [fileError, setFileError] = useState<unknown>()
  const takeFile = async (file: File | null) => {
    setFileError(undefined)
    if (!file) return
    try {
      if (file.size > largestFile) throw new Error('A question is at most 1 MB. Take outputs and data out of the file.')
      const text = await file.text()
      setCode(language === 'notebook' ? textOfNotebook(text) : text)
    } catch (e) {
      setFileError(e)
    }
  }
  /** A language that has not been written in yet begins with its first example. */
  const choose = (next: Language) => {
    const first = firstQuestions(dataset.name, dataset.schema!, [next])[0]?.code ?? ''
    put({ language: next, codes: codes[next] === undefined ? { ...codes, [next]: first } : codes })
  }
  return (
    <Section
      title="Question"
      action={
        <Group gap="xs">
          <Examples dataset={dataset} language={language} take={setCode} />
          <FileButton
            accept={endings[language]}
            onChange={(file) => void takeFile(file)}
            inputProps={{ 'aria-label': `Upload ${languageName[language]}` }}
          >
            {(props) => (
              <Button size="compact-sm" variant="default" {...props}>
                Upload {language === 'notebook' ? 'a notebook' : 'a file'}
              </Button>
            )}
          </FileButton>
        </Group>
      }
    >
      <Tabs value={language} onChange={(next) => next && choose(next as Language)} keepMounted={false}>
        <Tabs.List className={pageTabsStyles.tabs}>
          {dataset.policy.languages.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {languageName[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={language} pt="xs">
          <Suspense fallback={<Skeleton className={codeEditorStyles.code} />}>
            <CodeEditor
              key={language}
              ref={ref}
              text={code}
              onChange={setCode}
              language={language}
              dataset={dataset.name}
              schema={dataset.schema}
              notes={notes}
              label={`${languageName[language]} of the question`}
              submit={submit}
            />
          </Suspense>
          <Text size="xs" c="dimmed" mt={4}>
            <HowToWrite language={language} dataset={dataset.name} />
          </Text>
          <ProblemNotice error={fileError} title="The file could not be taken" />
        </Tabs.Panel>
      </Tabs>
    </Section>
  )
}

function Examples({ dataset, language, take }: { dataset: Dataset; language: Language; take: (code: string) => void }) {
  const examples = dataset.schema ? firstQuestions(dataset.name, dataset.schema, [language]) : []
  if (examples.length === 0) return null
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="default">
          Examples
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {examples.map((example) => (
          <Menu.Item key={example.title} onClick={() => take(example.code)}>
            {example.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function HowToWrite({ language, dataset }: { language: Language; dataset: string }) {
  if (language === 'sql') return 'Tables and columns as in the schema; begin typing to complete them.'
  if (language === 'notebook')
    return 'Each cell begins with a line “# %%”. Outputs of an uploaded notebook are dropped.'
  return (
    <>
      Read from <code>DATA_ROOT/catalogs/{dataset}/</code>; write <code>result.json</code> or CSV tables to{' '}
      <code>CLOISTER_OUTPUT</code>.
    </>
  )
}
