import { Button, Group, List, Select, Stack, Text, TextInput } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { PublishProgress, Signed } from '../../../../clients/publish.ts'
import { useDatasets } from '../queries/datasets.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { sendWithProgress } from '../parts/upload.ts'
import dropStyles from '../parts/drop.module.css'

/** Where the real table comes from: a registered dataset, or a file from this computer. */
export function NewSynthesisPage() {
  const here = useOrganisation()
  const may = useMay()
  const navigate = useNavigate()
  const { data: datasets } = useDatasets(here?.organisationId)
  const [source, setSource] = useState<string | null>(null)
  const [title, setTitle] = useState('')
  const [progress, setProgress] = useState<PublishProgress>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const stop = useRef<AbortController>(undefined)
  const tables = (datasets ?? [])
    .filter((d) => d.state === 'published' && may('dataset.manage', d))
    .map((dataset) => ({
      group: dataset.title,
      items: (dataset.schema?.tables ?? []).map((table) => ({
        value: `${dataset.datasetId} ${table.name}`,
        label: `${dataset.name}: ${table.name}`,
      })),
    }))
  const go = (synthesisId: string) => void navigate({ to: `/synthetic/${synthesisId}` })
  const ofDataset = async () => {
    const [datasetId, ...table] = source!.split(' ')
    setBusy(true)
    setError(undefined)
    try {
      go(
        (
          await api.synthesis.begin({
            body: { datasetId: datasetId!, table: table.join(' '), ...(title.trim() ? { title: title.trim() } : {}) },
          })
        ).synthesisId,
      )
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  const ofFile = async (file: File | undefined) => {
    if (!file) return
    setError(undefined)
    const controller = new AbortController()
    stop.current = controller
    try {
      if (!/\.(csv|parquet)$/i.test(file.name)) throw new Error(`“${file.name}” is neither a CSV nor a Parquet file.`)
      if (file.size === 0) throw new Error(`The file “${file.name}” is empty.`)
      // Letters with marks and the like are not part of a stored name; the title keeps what the person calls it.
      const path =
        file.name
          .normalize('NFKD')
          .replaceAll(/[^A-Za-z0-9._ -]/g, '')
          .replace(/^[^A-Za-z0-9]+/, '')
          .slice(-100) || `table.${file.name.split('.').pop()!.toLowerCase()}`
      let synthesisId: string | undefined
      const { sendFiles } = await import('../../../../clients/publish.ts')
      await sendFiles({
        files: [{ path, data: file }],
        progress: setProgress,
        send: sendWithProgress,
        signal: controller.signal,
        ask: async ([one]) => {
          const begun = await api.synthesis.begin({
            body: {
              organisationId: here!.organisationId,
              title: title.trim() || file.name.replace(/\.\w+$/, ''),
              file: one!,
            },
            signal: controller.signal,
          })
          synthesisId = begun.synthesisId
          return [{ path, upload: begun.upload as Signed | undefined }]
        },
      })
      await api.synthesis.infer({ params: { synthesisId: synthesisId! } })
      go(synthesisId!)
    } catch (e) {
      if (!controller.signal.aborted) setError(e)
    } finally {
      setProgress(undefined)
    }
  }
  return (
    <Page
      title="Make synthetic data"
      back={{ to: '/synthetic', label: 'Synthetic data' }}
      hint="First the real table. Nothing is charged, and nothing about it is shown to anybody else, before you confirm a plan."
    >
      <Stack maw={760} gap="lg">
        <TextInput
          label="Title"
          description="As people will find it. Left empty, it is named after the table."
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          maxLength={120}
          maw={480}
        />
        <ProblemNotice error={error} title={progress ? undefined : 'It could not be begun'} />
        {progress ? (
          <UploadProgress progress={progress} cancel={() => stop.current?.abort()} />
        ) : (
          <>
            <Section
              title="A table of a registered dataset"
              hint="Types, bounds and categories come from its declared schema; the cost is taken from its budget."
            >
              {tables.length === 0 ? (
                <Text size="sm" c="dimmed">
                  You keep no published dataset yet.
                </Text>
              ) : (
                <Group align="flex-end">
                  <Select
                    label="Table"
                    placeholder="Choose a table"
                    data={tables}
                    value={source}
                    onChange={setSource}
                    searchable
                    className="grow"
                    maw={480}
                  />
                  <Button onClick={() => void ofDataset()} disabled={!source} loading={busy}>
                    Propose a plan
                  </Button>
                </Group>
              )}
            </Section>
            <Section
              title="A file from this computer"
              hint="It goes straight into the protected store, where only confined jobs read it."
            >
              <Dropzone
                onDrop={(f) => void ofFile(f[0])}
                multiple={false}
                className={`${dropStyles.drop} ${dropStyles.large}`}
                aria-label="Add the real table"
              >
                <Text ta="center" fw={500}>
                  Drop one CSV or Parquet file here, or click to choose it
                </Text>
                <Text ta="center" size="sm" c="dimmed">
                  Up to 5 million rows; the first line of a CSV names the columns
                </Text>
              </Dropzone>
            </Section>
          </>
        )}
        <details className="legend">
          <summary>What happens next</summary>
          <List size="sm" spacing={4} mt="xs">
            <List.Item>The columns are read and a plan is proposed, for your eyes only.</List.Item>
            <List.Item>
              You confirm what each column may hold, the privacy budget and the method, and see what quality to expect.
            </List.Item>
            <List.Item>The table is made round by round; you can watch, leave, or cancel.</List.Item>
            <List.Item>You look at the card and how well it agrees, then download or share it.</List.Item>
          </List>
        </details>
      </Stack>
    </Page>
  )
}
