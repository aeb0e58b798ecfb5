import { Button, Group, List, Stack, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useRef, useState } from 'react'
import type { PublishProgress } from '../../../../clients/publish.ts'
import { datasetFileName } from '../../../../clients/dataset-file.ts'
import { FilePath } from '../../../../contracts/datasets.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { pathOf, sendWithProgress } from '../parts/upload.ts'
import type { Dataset, Policy, Schema } from '../queries/datasets.ts'
import { readDeclared } from './schema/schema-draft.ts'
import dropStyles from '../parts/drop.module.css'

const litter = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|__MACOSX)(\/|$)/

/** Paths below the one folder that holds everything, without what systems leave behind. */
export function datasetPaths(paths: readonly string[]): Map<string, string> {
  const clean = paths
    .map((p) => [p, p.replaceAll('\\', '/').replace(/^\.?\/+/, '')] as const)
    .filter(([, p]) => p !== '' && !litter.test(p))
  const top = clean[0]?.[1].split('/')[0]
  const nested = top !== undefined && clean.every(([, p]) => p.startsWith(`${top}/`))
  return new Map(clean.map(([raw, p]) => [raw, nested ? p.slice(top.length + 1) : p]))
}

/** Tables and images, sent straight into the protected store; then a job reads them. */
export function FilesStep({
  dataset,
  before,
  found,
  next,
}: {
  dataset: Dataset
  before: boolean
  found: (declared: { schema?: Schema; policy?: Policy }) => void
  next: () => void
}) {
  const [progress, setProgress] = useState<PublishProgress>()
  const [error, setError] = useState<unknown>()
  const [again, setAgain] = useState<File[]>()
  const stop = useRef<AbortController>(undefined)
  const folder = useRef<HTMLInputElement>(null)
  const take = async (files: File[]) => {
    setError(undefined)
    setAgain(files)
    const controller = new AbortController()
    stop.current = controller
    try {
      const paths = datasetPaths(files.map(pathOf))
      const chosen = files.flatMap((file) => {
        const path = paths.get(pathOf(file))
        return path === undefined ? [] : [{ path, data: file }]
      })
      const data = chosen.filter((f) => f.path !== datasetFileName)
      for (const file of data)
        if (!FilePath.safeParse(file.path).success)
          throw new Error(
            `The file name “${file.path}” cannot be used: letters, digits, spaces, dots, dashes and underscores, at most 300 characters.`,
          )
      if (data.some((f) => f.data.size === 0))
        throw new Error(`The file “${data.find((f) => f.data.size === 0)!.path}” is empty.`)
      if (!data.some((f) => /\.(csv|tsv|parquet)$/i.test(f.path)))
        throw new Error(
          'There is no table among these files. A dataset has at least one CSV or Parquet file with a column that says whose row it is.',
        )
      const declared = chosen.find((f) => f.path === datasetFileName)
      if (declared) found(readDeclared(await declared.data.text()))
      const { sendFiles } = await import('../../../../clients/publish.ts')
      const sent = await sendFiles({
        files: data,
        progress: setProgress,
        send: sendWithProgress,
        signal: controller.signal,
        ask: async (some) =>
          (
            await api.datasets.uploads({
              params: { datasetId: dataset.datasetId },
              body: { files: some },
              signal: controller.signal,
            })
          ).uploads,
      })
      await api.datasets.read({ params: { datasetId: dataset.datasetId }, body: { files: sent } })
      setAgain(undefined)
      next()
    } catch (e) {
      if (!controller.signal.aborted) setError(e)
    } finally {
      setProgress(undefined)
    }
  }
  return (
    <Section
      title={before ? 'Other files' : 'Files'}
      hint="Bytes go straight from this computer into the protected store. Nothing can be downloaded from there again, by anybody."
    >
      <Stack maw={760} gap="md">
        {progress ? (
          <UploadProgress progress={progress} cancel={() => stop.current?.abort()} />
        ) : (
          <>
            <Dropzone
              onDrop={(f) => void take(f)}
              multiple
              className={`${dropStyles.drop} ${dropStyles.large}`}
              aria-label="Add the dataset’s files"
            >
              <Text ta="center" fw={500}>
                Drop a folder or files here, or click to choose files
              </Text>
              <Text ta="center" size="sm" c="dimmed">
                CSV and Parquet tables; NIfTI volumes and masks with a CSV file that lists them
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
        <ProblemNotice
          error={error}
          title="The files could not be taken"
          retry={again && !progress ? () => void take(again) : undefined}
          retryLabel="Go on with the rest"
        />
        {before && (
          <Text size="sm" c="dimmed">
            A new reading replaces the one before. What you declared about columns that are still there is kept.
          </Text>
        )}
        <details className="legend">
          <summary>What the files should look like</summary>
          <List size="sm" spacing={4} mt="xs">
            <List.Item>
              Each table has a header line and one column with the subject’s id, called the same in every table.
            </List.Item>
            <List.Item>Several tables are linked by that id, and by a visit where there is one.</List.Item>
            <List.Item>
              Volumes are listed by a table whose column <code>path</code> names each file; masks lie beside them.
            </List.Item>
            <List.Item>
              A <code>dataset.json</code> with a schema at the top of the folder is used instead of guessing.
            </List.Item>
          </List>
        </details>
      </Stack>
    </Section>
  )
}
