import {
  ActionIcon,
  Button,
  FileButton,
  Group,
  Menu,
  NumberInput,
  Radio,
  Skeleton,
  Stack,
  Switch,
  Tabs,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import type { Language, ReleaseMode } from '../../../../domain/datasets/policy.ts'
import type { Dataset } from '../queries/datasets.ts'
import { firstQuestions } from '../parts/snippets.ts'
import { short } from '../parts/figures.ts'
import { languageName, modeMeaning, modeName } from '../parts/policy-words.ts'
import { useDraft } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { type AskDraft, askOf, draftOfAsk, freshDraft } from './ask-draft.ts'
import type { CodeHandle, LineNote } from '../parts/job/CodeEditor.tsx'
import { CohortBuilder } from './CohortBuilder.tsx'
import type { Ask } from '../queries/jobs.ts'
import { useTwin } from './data.ts'
import { lineOfCell, textOfNotebook } from '../parts/job/notebook.ts'
import { QuotePanel } from './QuotePanel.tsx'

const CodeEditor = lazy(() => import('../parts/job/CodeEditor.tsx').then((m) => ({ default: m.CodeEditor })))
const ending: Record<Language, string> = { sql: '.sql,.txt', python: '.py,.txt', r: '.R,.r,.txt', notebook: '.ipynb' }

/** The question itself, beside what it would cost. What is typed stays in this tab until it has been asked. */
export function AskForm({
  dataset,
  language,
  example,
  again,
}: {
  dataset: Dataset
  language: Language | undefined
  example: number | undefined
  again: { jobId: string; question: Ask } | undefined
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [kept, setDraft] = useDraft<AskDraft>(`ask.${dataset.datasetId}`)
  // An example or an earlier job takes the place of an older draft once; after that the draft is what counts.
  const [start] = useState(() =>
    again
      ? kept?.from === again.jobId
        ? kept
        : draftOfAsk(again.question, again.jobId)
      : example !== undefined
        ? freshDraft(dataset, language, example)
        : undefined,
  )
  useEffect(() => {
    if (start && start !== kept) setDraft(start)
  }, [start])
  const draft = kept && (!start || kept.from === start.from) ? kept : (start ?? freshDraft(dataset, language, 0))
  const put = (part: Partial<AskDraft>) => setDraft({ ...draft, ...part })
  const { policy } = dataset
  const code = draft.codes[draft.language] ?? ''
  const setCode = (text: string) => {
    if (text !== code) put({ codes: { ...draft.codes, [draft.language]: text } })
  }
  const editor = useRef<CodeHandle>(null)
  const { ask, lacking } = useMemo(() => askOf(draft, dataset), [draft, dataset])
  const [settled] = useDebouncedValue(ask, 350)
  const whole = JSON.stringify(ask)
  const {
    data: quote,
    error: noQuote,
    isPlaceholderData,
  } = useQuery({
    queryKey: ['quote', JSON.stringify(settled)],
    queryFn: ({ signal }) => api.jobs.quote({ body: settled, signal }),
    enabled: lacking.length === 0,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
  const stale = isPlaceholderData || JSON.stringify(settled) !== whole
  const jump = (line: number, cell: number | undefined) =>
    editor.current?.showLine(draft.language === 'notebook' && cell !== undefined ? lineOfCell(code, cell, line) : line)
  const notes = useMemo(
    (): LineNote[] =>
      stale
        ? []
        : (quote?.advice ?? []).flatMap((a) =>
            a.line === undefined
              ? []
              : [
                  {
                    line:
                      draft.language === 'notebook' && a.cell !== undefined ? lineOfCell(code, a.cell, a.line) : a.line,
                    level: a.level,
                    message: a.message,
                  },
                ],
          ),
    [quote, stale, draft.language, code],
  )

  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<unknown>()
  const asked = useRef<{ of: string; key: string }>(undefined)
  const submit = async () => {
    if (lacking.length > 0 || busy) return
    setBusy(true)
    setRefused(undefined)
    // Pressing again after a lost answer asks for the same job; a changed question is another one.
    if (asked.current?.of !== whole) asked.current = { of: whole, key: crypto.randomUUID() }
    try {
      const job = await api.jobs.ask({ body: ask, headers: { 'idempotency-key': asked.current.key } })
      client.setQueryData(['job', job.jobId], job)
      void client.invalidateQueries({ queryKey: ['jobs'] })
      void client.invalidateQueries({ queryKey: ['dataset', dataset.datasetId] })
      setDraft(undefined)
      void navigate({ to: `/analyses/${job.jobId}` })
    } catch (e) {
      setRefused(e)
    } finally {
      setBusy(false)
    }
  }
  const examples = dataset.schema ? firstQuestions(dataset.name, dataset.schema, [draft.language]) : []
  const [fileError, setFileError] = useState<unknown>()
  const load = async (file: File | null) => {
    setFileError(undefined)
    if (!file) return
    try {
      if (file.size > 1_000_000) throw new Error('A question is at most 1 MB. Take outputs and data out of the file.')
      const text = await file.text()
      setCode(draft.language === 'notebook' ? textOfNotebook(text) : text)
    } catch (e) {
      setFileError(e)
    }
  }
  const script = draft.language !== 'sql'
  const hasTwin = useTwin(dataset),
    trial = script && draft.twin === true
  return (
    <div className="ask">
      <div>
        <Section title="Who it is about">
          {dataset.schema && (
            <CohortBuilder schema={dataset.schema} filters={draft.cohort} change={(cohort) => put({ cohort })} />
          )}
        </Section>
        <Section
          title="Question"
          action={
            <Group gap="xs">
              {examples.length > 0 && (
                <Menu position="bottom-end">
                  <Menu.Target>
                    <Button size="compact-sm" variant="default">
                      Examples
                    </Button>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {examples.map((x) => (
                      <Menu.Item key={x.title} onClick={() => setCode(x.code)}>
                        {x.title}
                      </Menu.Item>
                    ))}
                  </Menu.Dropdown>
                </Menu>
              )}
              <FileButton
                accept={ending[draft.language]}
                onChange={(f) => void load(f)}
                inputProps={{ 'aria-label': `Upload ${languageName[draft.language]}` }}
              >
                {(p) => (
                  <Button size="compact-sm" variant="default" {...p}>
                    Upload {draft.language === 'notebook' ? 'a notebook' : 'a file'}
                  </Button>
                )}
              </FileButton>
            </Group>
          }
        >
          <Tabs
            value={draft.language}
            onChange={(l) =>
              l &&
              put({
                language: l as Language,
                codes:
                  draft.codes[l as Language] === undefined
                    ? {
                        ...draft.codes,
                        [l]: firstQuestions(dataset.name, dataset.schema!, [l as Language])[0]?.code ?? '',
                      }
                    : draft.codes,
              })
            }
            keepMounted={false}
          >
            <Tabs.List className="tabs">
              {policy.languages.map((l) => (
                <Tabs.Tab key={l} value={l}>
                  {languageName[l]}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value={draft.language} pt="xs">
              <Suspense fallback={<Skeleton className="code" />}>
                <CodeEditor
                  key={draft.language}
                  ref={editor}
                  text={code}
                  onChange={setCode}
                  language={draft.language}
                  dataset={dataset.name}
                  schema={dataset.schema}
                  notes={notes}
                  label={`${languageName[draft.language]} of the question`}
                  submit={() => void submit()}
                />
              </Suspense>
              <Text size="xs" c="dimmed" mt={4}>
                {draft.language === 'sql' ? (
                  'Tables and columns as in the schema; begin typing to complete them.'
                ) : draft.language === 'notebook' ? (
                  'Each cell begins with a line “# %%”. Outputs of an uploaded notebook are dropped.'
                ) : (
                  <>
                    Read from <code>DATA_ROOT/catalogs/{dataset.name}/</code>; write <code>result.json</code> or CSV
                    tables to <code>CLOISTER_OUTPUT</code>.
                  </>
                )}
              </Text>
              <ProblemNotice error={fileError} title="The file could not be taken" />
            </Tabs.Panel>
          </Tabs>
        </Section>
        {script && (
          <details
            className="legend"
            open={draft.parameters.trim() !== '{}' && draft.parameters.trim() !== '' ? true : undefined}
          >
            <summary>Parameters and limits</summary>
            <Stack mt="sm" maw={680}>
              <Textarea
                label="Parameters, JSON"
                description="Handed to the script as it is"
                autosize
                minRows={2}
                maxRows={10}
                value={draft.parameters}
                onChange={(e) => put({ parameters: e.currentTarget.value })}
                styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
              />
              <Group>
                <NumberInput
                  label="Seconds at most"
                  placeholder="300"
                  min={1}
                  max={3600}
                  w={160}
                  value={draft.seconds ?? ''}
                  onChange={(v) => put({ seconds: typeof v === 'number' ? v : undefined })}
                />
                <NumberInput
                  label="Memory at most, MB"
                  placeholder="2048"
                  min={128}
                  max={16_384}
                  step={256}
                  w={180}
                  value={draft.memoryMb ?? ''}
                  onChange={(v) => put({ memoryMb: typeof v === 'number' ? v : undefined })}
                />
              </Group>
            </Stack>
          </details>
        )}
        <Section title="How the answer leaves">
          {script && (hasTwin || trial) && (
            <Switch
              mb="md"
              checked={trial}
              onChange={(e) => put({ twin: e.currentTarget.checked })}
              label="Try it on the synthetic twin"
              description="Runs once on synthetic rows, costs nothing, and shows you all that it printed. What comes back is no answer about the data."
            />
          )}
          {!trial && (
            <Radio.Group
              aria-label="How the answer leaves"
              value={draft.mode}
              onChange={(v) => put({ mode: v as ReleaseMode })}
            >
              <Stack gap="xs">
                {policy.modes.map((m) => (
                  <Radio.Card key={m} value={m} className="choice" aria-label={modeName[m]}>
                    <Group wrap="nowrap" align="flex-start">
                      <Radio.Indicator mt={3} />
                      <div>
                        <Text fw={500}>{modeName[m]}</Text>
                        <Text size="sm" c="dimmed">
                          {modeMeaning[m]}
                        </Text>
                      </div>
                    </Group>
                  </Radio.Card>
                ))}
              </Stack>
            </Radio.Group>
          )}
          {draft.mode === 'noise' && !trial && (
            <Stack mt="md" gap="sm">
              <NumberInput
                label="Epsilon"
                description={`More is more exact and costs more. ${short(dataset.budget.left)} is left${quote && !stale && quote.cost.nanoRho > 0 ? `; ${short(quote.cost.left)} afterwards` : ''}.`}
                min={0.01}
                max={100}
                step={0.25}
                decimalScale={4}
                w={240}
                maw="100%"
                styles={{ description: { width: 'min(520px, 80vw)' } }}
                value={draft.epsilon}
                onChange={(v) => {
                  if (typeof v === 'number' && v > 0) put({ epsilon: v })
                }}
              />
              {script && <Outputs draft={draft} put={put} />}
            </Stack>
          )}
        </Section>
        <Section title="For people">
          <Stack maw={680}>
            {!trial && (draft.mode === 'review' || policy.approval) && (
              <Textarea
                label="What is it for?"
                required
                description={
                  draft.mode === 'review'
                    ? 'Two output checkers read this beside the output'
                    : 'The custodian reads this before deciding'
                }
                autosize
                minRows={2}
                maxRows={8}
                maxLength={1000}
                value={draft.purpose}
                onChange={(e) => put({ purpose: e.currentTarget.value })}
              />
            )}
            <TextInput
              label="Title"
              description="How you will find it again; left empty, it is made from the question"
              placeholder={ask.title ?? ''}
              maxLength={120}
              value={draft.title}
              onChange={(e) => put({ title: e.currentTarget.value })}
            />
          </Stack>
        </Section>
        {kept && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={() => {
              setDraft(freshDraft(dataset, draft.language, 0))
              setRefused(undefined)
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
        jump={jump}
        submit={() => void submit()}
        busy={busy}
        refused={refused}
      />
    </div>
  )
}

/** For a script under noise: the numbers it will answer, each with a range chosen before looking. */
function Outputs({ draft, put }: { draft: AskDraft; put: (part: Partial<AskDraft>) => void }) {
  const set = (i: number, part: object) =>
    put({ declared: draft.declared.map((d, j) => (i === j ? { ...d, ...part } : d)) })
  return (
    <div>
      <Text size="sm" fw={500}>
        Numbers it will answer
      </Text>
      <Text size="sm" c="dimmed" mb="xs" maw={640}>
        Each as it is called in result.json, with the range it is clamped to. Choose ranges from what you know, not from
        the data; narrow ones give less noise.
      </Text>
      <Stack gap="xs">
        {draft.declared.map((d, i) => (
          <Group key={i} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput
              aria-label={`Output ${i + 1}: name`}
              placeholder="mean_age"
              className="grow"
              maw={260}
              value={d.name}
              onChange={(e) => set(i, { name: e.currentTarget.value })}
            />
            <TextInput
              aria-label={`Output ${i + 1}: from`}
              placeholder="from"
              inputMode="decimal"
              w={90}
              value={d.low}
              onChange={(e) => set(i, { low: e.currentTarget.value })}
            />
            <TextInput
              aria-label={`Output ${i + 1}: to`}
              placeholder="to"
              inputMode="decimal"
              w={90}
              value={d.high}
              onChange={(e) => set(i, { high: e.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={36}
              aria-label={`Take output ${i + 1} out`}
              onClick={() => put({ declared: draft.declared.filter((_, j) => j !== i) })}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
      </Stack>
      <Button
        mt="xs"
        size="compact-sm"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => put({ declared: [...draft.declared, { name: '', low: '', high: '' }] })}
      >
        Add a number
      </Button>
    </div>
  )
}
