import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { PublishProgress } from '../../../../clients/publish.ts'
import { useOrganisation } from '../hooks.ts'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { api } from '../session/session.ts'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { pathOf, sendWithProgress } from '../parts/upload.ts'
import dropStyles from '../parts/drop.module.css'

const litter = /(^|\/)(\.[^/]*|__pycache__|Thumbs\.db|desktop\.ini|__MACOSX)(\/|$)/
const sample = `{
  "name": "smooth", "title": "Smooth a signal", "runtime": "python",
  "command": ["python3", "smooth.py", "{{inputs.signal}}", "{{width}}", "{{output}}"],
  "inputs": [{ "name": "signal", "kind": "table" }],
  "outputs": [{ "match": "smooth.csv", "kind": "table" }],
  "parameters": { "type": "object", "properties": {
    "width": { "type": "integer", "title": "Width", "unit": "samples", "minimum": 1, "maximum": 101, "default": 5 } } }
}`

/** A folder with `pipeline.json` becomes a pipeline, or a new version of one. */
export function PublishPage() {
  const here = useOrganisation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const [note, setNote] = useState('')
  const [progress, setProgress] = useState<PublishProgress>()
  const [error, setError] = useState<unknown>()
  const folder = useRef<HTMLInputElement>(null)
  const take = async (files: File[]) => {
    setError(undefined)
    try {
      const kept = files.filter((f) => !litter.test(pathOf(f)))
      const top = pathOf(kept[0] ?? new File([], '')).split('/')[0]!
      const nested = kept.length > 0 && kept.every((f) => pathOf(f).startsWith(`${top}/`))
      const named = kept.map((f) => ({ path: nested ? pathOf(f).slice(top.length + 1) : pathOf(f), data: f }))
      const own = named.find((f) => f.path === 'pipeline.json')
      if (!own) throw new Error('There is no pipeline.json at the top of this folder.')
      let definition: { name: string }
      try {
        definition = JSON.parse(await own.data.text()) as { name: string }
      } catch (e) {
        throw new Error(`pipeline.json is not JSON: ${(e as Error).message}`, { cause: e })
      }
      if (typeof definition?.name !== 'string') throw new Error('pipeline.json has no “name”.')
      const params = { organisationId: here!.organisationId }
      const { sendFiles } = await import('../../../../clients/publish.ts')
      const sent = await sendFiles({
        files: named.filter((f) => f !== own),
        progress: setProgress,
        send: sendWithProgress,
        ask: async (some) =>
          (await api.pipelines.uploads({ params, body: { name: definition.name, files: some } })).uploads,
      })
      const made = await api.pipelines.publish({
        params,
        body: { definition: definition as never, files: sent, note: note.trim() },
      })
      void client.invalidateQueries({ queryKey: ['pipelines'] })
      void navigate({ to: `/pipelines/${made.pipelineId}` })
    } catch (e) {
      setError(e)
    } finally {
      setProgress(undefined)
    }
  }
  return (
    <Page
      title="Publish a pipeline"
      back={{ to: '/pipelines?view=pipelines', label: 'Pipelines' }}
      hint="A new name makes a pipeline, a known one its next version. What was published never changes."
    >
      <Stack maw={760} gap="md">
        <TextInput
          label="What is new"
          description="For the list of versions"
          value={note}
          onChange={(e) => setNote(e.currentTarget.value)}
          maxLength={500}
          maw={480}
        />
        {progress ? (
          <UploadProgress progress={progress} />
        ) : (
          <>
            <Dropzone
              onDrop={(f) => void take(f)}
              multiple
              className={`${dropStyles.drop} ${dropStyles.large}`}
              aria-label="Add the pipeline’s files"
            >
              <Text ta="center" fw={500}>
                Drop the folder here, or click to choose its files
              </Text>
              <Text ta="center" size="sm" c="dimmed">
                Code and a pipeline.json at its top
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
                if (event.currentTarget.files?.length) void take([...event.currentTarget.files])
              }}
            />
            <Group>
              <Button size="compact-sm" variant="default" onClick={() => folder.current?.click()}>
                Choose a folder
              </Button>
            </Group>
          </>
        )}
        <ProblemNotice error={error} title="It was not published" />
        <details className="legend">
          <summary>What pipeline.json looks like</summary>
          <ScrollCode text={sample} label="An example of pipeline.json" />
          <Text size="sm">
            Or from a terminal: <code>cloister pipeline publish ./my-pipeline</code>
          </Text>
        </details>
      </Stack>
    </Page>
  )
}
