import { Button, Group, Radio, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { PublishProgress } from '../../../../clients/publish.ts'
import type { StudyBundle } from '../../../../clients/study-file.ts'
import { useDraft, useOrganisation } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { count } from '../parts/figures.ts'
import { api } from '../session/session.ts'
import { asText, writeDraft } from './draft.ts'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { pathOf, sendWithProgress } from '../parts/upload.ts'
import choiceStyles from '../parts/choice.module.css'
import dropStyles from '../parts/drop.module.css'

interface Example {
  name: string
  title: string
  description: string
}
type Bundle = StudyBundle<Blob | Uint8Array>
const empty: Bundle = {
  configuration: {
    kind: 'timeline',
    timeline: [{ type: '@jspsych/plugin-html-keyboard-response', stimulus: '<p>Press any key to begin.</p>' }],
  },
  files: [],
}

async function readExample(name: string): Promise<Bundle> {
  const answer = await fetch(`/examples/${name}.cloister.zip`)
  if (!answer.ok) throw new Error('This example could not be loaded. Reload the page and try again.')
  const { unpackStudy } = await import('../../../../clients/study-file.ts')
  return unpackStudy(new Uint8Array(await answer.arrayBuffer()))
}

async function readChosen(files: File[]): Promise<Bundle> {
  const { studyOfFiles, unpackStudy } = await import('../../../../clients/study-file.ts')
  const [only] = files
  if (files.length === 1 && only && /\.zip$/i.test(only.name))
    return unpackStudy(new Uint8Array(await only.arrayBuffer()))
  return studyOfFiles<Blob>(
    files.map((f) => ({ path: pathOf(f), data: f })),
    (f) => f.text(),
  )
}

/** A new study: what it starts from, and what it is called. Nothing can be launched from here. */
export function NewStudyPage() {
  const here = useOrganisation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const search: { from?: string } = useSearch({ strict: false })
  const { data: examples, error: noExamples } = useQuery({
    queryKey: ['examples'],
    staleTime: Infinity,
    queryFn: async () => (await (await fetch('/examples/index.json')).json()) as Example[],
  })
  const [from, setFrom] = useState(search.from === 'file' ? 'file' : '')
  const [form, setForm] = useDraft<{ title: string; description: string }>('new-study')
  const [chosen, setChosen] = useState<{ bundle: Bundle; name: string }>()
  const [error, setError] = useState<unknown>()
  const [fileError, setFileError] = useState<unknown>()
  const [progress, setProgress] = useState<PublishProgress>()
  const [busy, setBusy] = useState(false)
  const stop = useRef<AbortController>(undefined)
  const made = useRef<{ key: string; requestId: string }>(undefined)
  const title = form?.title ?? ''
  const description = form?.description ?? ''
  const pick = from || examples?.[0]?.name || 'empty'

  const take = async (files: File[]) => {
    setFileError(undefined)
    try {
      const bundle = await readChosen(files)
      setChosen({ bundle, name: files.length === 1 ? files[0]!.name : count(files.length, 'file') })
      setForm({ title: title || (bundle.title ?? ''), description: description || (bundle.description ?? '') })
    } catch (e) {
      setChosen(undefined)
      setFileError(e)
    }
  }
  const bundleOf = async (picked: string) => {
    if (picked === 'file') return chosen!.bundle
    return picked === 'empty' ? empty : readExample(picked)
  }
  const create = async () => {
    if (!here) return
    setBusy(true)
    setError(undefined)
    stop.current = new AbortController()
    try {
      const bundle = await bundleOf(pick)
      const key = JSON.stringify([here.organisationId, title, description])
      // Pressing the button again after a failure goes on with the study that was made.
      if (made.current?.key !== key) made.current = { key, requestId: crypto.randomUUID() }
      const study = await api.studies.create({
        params: { organisationId: here.organisationId },
        body: {
          title: title.trim() || bundle.title || 'Untitled study',
          description: description || (bundle.description ?? ''),
          requestId: made.current.requestId,
        },
      })
      if (bundle.redirectHosts?.length && study.redirectHosts.length === 0)
        await api.studies.change({
          params: { studyId: study.studyId },
          body: { redirectHosts: bundle.redirectHosts, rev: study.rev },
        })
      const { uploadFiles } = await import('../../../../clients/publish.ts')
      const assets = await uploadFiles(api, {
        studyId: study.studyId,
        files: bundle.files,
        progress: setProgress,
        send: sendWithProgress,
        signal: stop.current.signal,
      })
      writeDraft(study.studyId, {
        text: asText(bundle.configuration),
        assets,
        base: 0,
        changed: new Date().toISOString(),
      })
      setForm(undefined)
      void client.invalidateQueries({ queryKey: ['studies'] })
      void navigate({ to: `/studies/${study.studyId}/content` })
    } catch (e) {
      if (!stop.current.signal.aborted) setError(e)
    } finally {
      setBusy(false)
      setProgress(undefined)
    }
  }
  const exampleTitle = examples?.find((e) => e.name === pick)?.title
  return (
    <Page
      title="New study"
      hint="It begins as a draft: only you and the people you share it with see it."
      back={{ to: '/studies', label: 'Studies' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void create()
        }}
      >
        <Stack maw={680} gap="lg">
          <Radio.Group
            label="Start from"
            value={pick}
            onChange={(value) => {
              setFrom(value)
              setFileError(undefined)
            }}
          >
            <Stack gap="xs" mt={6}>
              {!examples && !noExamples && <LoadingRows rows={3} height={58} />}
              {examples?.map((example) => (
                <Choice key={example.name} value={example.name} title={example.title} text={example.description} />
              ))}
              <Choice
                value="file"
                title="Import"
                text="A folder with study.json or index.html, or one .cloister.zip exported from here"
              />
              <Choice value="empty" title="Empty" text="One screen, to write the rest yourself" />
            </Stack>
          </Radio.Group>
          {pick === 'file' && <FileChooser take={(f) => void take(f)} chosen={chosen?.name} />}
          <ProblemNotice error={fileError} title="This cannot be imported" />
          <TextInput
            label="Title"
            description="Participants see it"
            placeholder={exampleTitle}
            value={title}
            maxLength={120}
            required={pick === 'empty' || pick === 'file'}
            onChange={(e) => setForm({ title: e.currentTarget.value, description })}
          />
          <Textarea
            label="Description"
            description="For you and your colleagues; participants never see it"
            autosize
            minRows={2}
            maxRows={8}
            maxLength={4000}
            value={description}
            onChange={(e) => setForm({ title, description: e.currentTarget.value })}
          />
          {progress && <UploadProgress progress={progress} cancel={() => stop.current?.abort()} />}
          <ProblemNotice error={error} title="The study could not be created" />
          <Group>
            <Button type="submit" loading={busy} disabled={!here || (pick === 'file' && !chosen)}>
              Create study
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  )
}

const Choice = ({ value, title, text }: { value: string; title: string; text: string }) => (
  <Radio.Card value={value} className={choiceStyles.choice} aria-label={title}>
    <Group wrap="nowrap" align="flex-start">
      <Radio.Indicator mt={3} />
      <div>
        <Text fw={500}>{title}</Text>
        <Text size="sm" c="dimmed">
          {text}
        </Text>
      </div>
    </Group>
  </Radio.Card>
)

function FileChooser({ take, chosen }: { take: (files: File[]) => void; chosen: string | undefined }) {
  const folder = useRef<HTMLInputElement>(null)
  return (
    <div>
      <Dropzone onDrop={take} multiple className={dropStyles.drop} aria-label="Choose files to import">
        <Text ta="center">
          {chosen ? (
            <>
              <b>{chosen}</b> is ready. Drop something else to replace it.
            </>
          ) : (
            'Drop a folder or a .cloister.zip here, or click to choose files'
          )}
        </Text>
      </Dropzone>
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        aria-label="Choose a folder"
        {...{ webkitdirectory: '' }}
        onChange={(event) => {
          if (event.currentTarget.files?.length) take([...event.currentTarget.files])
        }}
      />
      <Button mt="xs" size="compact-sm" variant="default" onClick={() => folder.current?.click()}>
        Choose a folder
      </Button>
    </div>
  )
}
