import { ActionIcon, Button, Group, Table, Text } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { IconTrash } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import type { Asset, PublishProgress } from '../../../../clients/publish.ts'
import { bytes, count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import { pathOf, sendWithProgress } from '../parts/upload.ts'
import dropStyles from '../parts/drop.module.css'

/** The study's files. What is dropped goes straight to the store; it is part of the study once published. */
export function Files({
  studyId,
  assets,
  onChange,
}: {
  studyId: string
  assets: readonly Asset[]
  onChange: (assets: Asset[]) => void
}) {
  const [progress, setProgress] = useState<PublishProgress>()
  const [error, setError] = useState<unknown>()
  const [again, setAgain] = useState<File[]>()
  const [all, setAll] = useState(false)
  const stop = useRef<AbortController>(undefined)
  const folder = useRef<HTMLInputElement>(null)
  const add = async (files: File[]) => {
    setError(undefined)
    setAgain(files)
    stop.current = new AbortController()
    try {
      const [{ uploadFiles }, { studyPaths, studyFileName }] = await Promise.all([
        import('../../../../clients/publish.ts'),
        import('../../../../clients/study-file.ts'),
      ])
      const paths = studyPaths(files.map(pathOf))
      const chosen = files.flatMap((file) => {
        const path = paths.get(pathOf(file))
        return path === undefined || path === studyFileName ? [] : [{ path, data: file }]
      })
      const fresh = await uploadFiles(api, {
        studyId,
        files: chosen,
        progress: setProgress,
        send: sendWithProgress,
        signal: stop.current.signal,
      })
      onChange(
        [...assets.filter((a) => !fresh.some((f) => f.path === a.path)), ...fresh].sort((a, b) =>
          a.path < b.path ? -1 : 1,
        ),
      )
      setAgain(undefined)
    } catch (e) {
      if (!stop.current.signal.aborted) setError(e)
    } finally {
      setProgress(undefined)
    }
  }
  const total = assets.reduce((n, a) => n + a.size, 0)
  const shown = all ? assets : assets.slice(0, 12)
  return (
    <Section
      title="Files"
      hint={
        assets.length === 0
          ? 'Images, sounds, videos, pages: the configuration names them by their path.'
          : `${count(assets.length, 'file')}, ${bytes(total)}`
      }
    >
      {assets.length > 0 && (
        <Table verticalSpacing={3} className="figures">
          <Table.Tbody>
            {shown.map((asset) => (
              <Table.Tr key={asset.path}>
                <Table.Td pl={0} className="path">
                  {asset.path}
                </Table.Td>
                <Table.Td className="nowrap" ta="right">
                  {bytes(asset.size)}
                </Table.Td>
                <Table.Td w={32} p={0}>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size="sm"
                    aria-label={`Remove ${asset.path}`}
                    onClick={() => onChange(assets.filter((b) => b !== asset))}
                  >
                    <IconTrash size={15} />
                  </ActionIcon>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {assets.length > 12 && (
        <Button variant="subtle" size="compact-xs" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${assets.length}`}
        </Button>
      )}
      {progress ? (
        <UploadProgress progress={progress} cancel={() => stop.current?.abort()} />
      ) : (
        <>
          <Dropzone onDrop={(f) => void add(f)} multiple className={dropStyles.drop} mt="xs" aria-label="Add files">
            <Text ta="center" size="sm">
              Drop files or a folder here, or click to choose
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
              if (event.currentTarget.files?.length) void add([...event.currentTarget.files])
            }}
          />
          <Group mt={6}>
            <Button size="compact-xs" variant="default" onClick={() => folder.current?.click()}>
              Choose a folder
            </Button>
          </Group>
        </>
      )}
      <ProblemNotice
        error={error}
        title="The upload stopped"
        retry={again ? () => void add(again) : undefined}
        retryLabel="Go on with the rest"
      />
    </Section>
  )
}
