import { Button, Group, Loader, Menu, Select, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { PublishProgress } from '../../../../clients/publish.ts'
import { useDatasets } from '../queries/datasets.ts'
import { useOrganisation } from '../hooks.ts'
import { bytes, count } from '../parts/figures.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { pathOf, sendWithProgress } from '../parts/upload.ts'
import { runName } from './words.ts'
import { type Experiment, myRunsQuery, schemaOf } from './data.ts'
import dropStyles from '../parts/drop.module.css'

type Declared = Experiment['definition']['inputs'][number]
type Source =
  | { from: 'upload'; path: string; size: number; sha256: string }
  | { from: 'run'; jobId: string; path: string }
  | { from: 'release'; jobId: string }
  | { from: 'dataset'; datasetId: string }
type Proposal = Awaited<ReturnType<typeof api.pipelines.propose>>

/** A stored name: what systems leave behind and marks on letters are left out. */
const cleanPath = (path: string): string =>
  path
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._ +()@=,/-]/g, '')
    .split('/')
    .map((p) => p.replace(/^\.+/, ''))
    .filter(Boolean)
    .join('/')
type Given = Experiment['inputs'][number]
const known = ({ dataset, files }: Given): Source[] =>
  dataset ? [{ from: 'dataset', datasetId: dataset.datasetId }] : files.map(sourceOf)
function sourceOf({ from, jobId, path, size, sha256 }: Given['files'][number]): Source {
  if (from === 'upload' || !jobId) return { from: 'upload', path, size, sha256 }
  return from === 'run' ? { from: 'run', jobId, path } : { from: 'release', jobId }
}
const dropWords: Partial<Record<string, string>> = {
  images: 'Drop a stack or a folder of images here, or click',
  table: 'Drop a table here, or click',
}

/**
 * One input: what is in it, and ways to put something in. Images are looked at, and what can be known from them is
 * proposed.
 */
export function Input({
  experiment,
  input,
  took,
  propose,
}: {
  experiment: Experiment
  input: Declared
  took: (e: Experiment) => void
  propose: (parameters: Record<string, number>) => void
}) {
  const here = useOrganisation()
  const { data: datasets } = useDatasets(here?.organisationId)
  const [progress, setProgress] = useState<PublishProgress>()
  const [error, setError] = useState<unknown>()
  const [choosing, setChoosing] = useState<'run' | 'dataset'>()
  const own = experiment.inputs.find((i) => i.name === input.name)
  const fault = experiment.faults.find((f) => f.path.startsWith(`/inputs/${input.name}`))
  const can = experiment.may.includes('edit')
  const look = useMutation({
    mutationFn: (): Promise<Proposal> =>
      api.pipelines.propose({ params: { experimentId: experiment.experimentId }, body: { input: input.name } }),
    onSuccess: (pinned) => {
      if (Object.keys(pinned.parameters).length > 0) propose(pinned.parameters)
    },
  })
  const put = async (sources: Source[]) => {
    const inputs = {
      ...Object.fromEntries(experiment.inputs.filter((i) => i.name !== input.name).map((i) => [i.name, known(i)])),
      ...(sources.length > 0 ? { [input.name]: sources } : {}),
    }
    took(
      await api.pipelines.changeExperiment({
        params: { experimentId: experiment.experimentId },
        body: { rev: experiment.rev, inputs },
      }),
    )
    setChoosing(undefined)
    if (input.kind === 'images' && sources.length > 0) look.mutate()
    else look.reset()
  }
  const act = async (run: () => Promise<unknown>) => {
    setError(undefined)
    try {
      await run()
    } catch (error) {
      setError(error)
    } finally {
      setProgress(undefined)
    }
  }
  const take = (files: File[]) =>
    act(async () => {
      const named = files.map((f) => ({ path: cleanPath(pathOf(f)), data: f })).filter((f) => f.path !== '')
      const empty = named.find((f) => f.data.size === 0)
      if (empty) throw new Error(`The file “${empty.path}” is empty.`)
      const { sendFiles } = await import('../../../../clients/publish.ts')
      const sent = await sendFiles({
        files: named,
        progress: setProgress,
        send: sendWithProgress,
        ask: async (some) =>
          (
            await api.pipelines.inputUploads({
              params: { experimentId: experiment.experimentId },
              body: { files: some },
            })
          ).uploads,
      })
      await put(sent.map((f) => ({ from: 'upload', ...f })))
    })
  return (
    <div className="panel">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div>
          <Text fw={600}>
            {input.title ?? input.name}
            {input.required ? (
              ''
            ) : (
              <Text span size="sm" c="dimmed">
                {' '}
                (optional)
              </Text>
            )}
          </Text>
          {input.help && (
            <Text size="sm" c="dimmed" maw={560}>
              {input.help}
            </Text>
          )}
        </div>
        {can && own && (
          <Button
            size="compact-xs"
            variant="subtle"
            className="nowrap"
            flex="none"
            onClick={() => void act(() => put([]))}
          >
            Take out
          </Button>
        )}
      </Group>
      {own?.dataset && (
        <Text size="sm" mt={6}>
          Dataset <b>{own.dataset.name}</b>: its release rules apply, and the log is its custodian’s.
        </Text>
      )}
      {own && own.files.length > 0 && (
        <Text size="sm" mt={6}>
          {own.files.length === 1 ? <b>{own.files[0]!.path}</b> : <b>{count(own.files.length, 'file')}</b>},{' '}
          {bytes(own.bytes)}
        </Text>
      )}
      {look.isPending && (
        <Group gap="xs" mt={6} role="status">
          <Loader size="xs" />
          <Text size="sm">Looking at the images …</Text>
        </Group>
      )}
      {look.data && (
        <Text size="sm" mt={4} role="status">
          {count(look.data.frames, 'frame')} of {look.data.width} × {look.data.height} pixels, {look.data.bits} bits.
          {Object.keys(look.data.parameters).length > 0
            ? ` Proposed: ${Object.entries(look.data.parameters)
                .map(([n, v]) => `${(schemaOf(experiment.definition).properties[n]?.title ?? n).toLowerCase()} ${v}`)
                .join(', ')}.`
            : ''}
          {look.data.warnings.map((warning) => (
            <Text key={warning} size="sm" c="dimmed">
              {warning}
            </Text>
          ))}
        </Text>
      )}
      <ProblemNotice error={look.error} title="The images could not be looked at" />
      {fault && own && !progress && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert" mt={4}>
          {fault.message}
        </Text>
      )}
      {progress ? (
        <UploadProgress progress={progress} />
      ) : (
        can && (
          <Group mt="sm" align="stretch">
            <Dropzone
              onDrop={(f) => void take(f)}
              multiple={input.kind !== 'table'}
              className={`${dropStyles.drop} grow`}
              aria-label={`Add files for ${input.title ?? input.name}`}
            >
              <Text ta="center" size="sm">
                {own ? 'Drop others here to replace it' : (dropWords[input.kind] ?? 'Drop files here, or click')}
              </Text>
            </Dropzone>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button size="compact-sm" variant="default">
                  From elsewhere
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setChoosing('run')}>A result of a run</Menu.Item>
                <Menu.Item onClick={() => setChoosing('dataset')}>A dataset</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        )
      )}
      {choosing === 'dataset' && (
        <Select
          mt="sm"
          label="Dataset"
          placeholder="Choose one"
          data={(datasets ?? []).filter((d) => d.mayAnalyse).map((d) => ({ value: d.datasetId, label: d.title }))}
          onChange={(value) => {
            if (value) void act(() => put([{ from: 'dataset', datasetId: value }]))
          }}
          maw={420}
        />
      )}
      {choosing === 'run' && <FromRun take={(jobId, path) => void act(() => put([{ from: 'run', jobId, path }]))} />}
      <ProblemNotice error={error} title="It could not be put in" />
    </div>
  )
}

function FromRun({ take }: { take: (jobId: string, path: string) => void }) {
  const { data: runs } = useQuery(myRunsQuery())
  const [jobId, choose] = useState<string | null>(null)
  const { data: artifacts } = useQuery({
    queryKey: ['artifacts', jobId, true],
    enabled: jobId !== null,
    queryFn: () => api.pipelines.artifacts({ params: { jobId: jobId! } }),
  })
  return (
    <Group mt="sm" align="flex-end">
      <Select
        label="Run"
        placeholder="Choose one"
        data={(runs ?? [])
          .filter((r) => r.state === 'succeeded' && r.artifacts > 0)
          .map((r) => ({ value: r.jobId, label: `${r.experiment}: ${runName(r)}` }))}
        value={jobId}
        onChange={choose}
        searchable
        w={300}
      />
      {jobId && (
        <Select
          label="Result"
          placeholder="Choose one"
          data={(artifacts?.items ?? []).map((a) => a.path)}
          onChange={(path) => {
            if (path) take(jobId, path)
          }}
          searchable
          w={240}
        />
      )}
    </Group>
  )
}
