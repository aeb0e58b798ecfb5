import { Button, Group, Menu, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { fileStem, toJson, toPsychDs, trialsCsv, type ExportOf } from '../../../../../clients/results/exports.ts'
import { type Study } from '../../hooks.ts'
import { count } from '../../parts/figures.ts'
import type { Opened } from '../opened.ts'

function save(name: string, type: string, content: string | Uint8Array): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Opened results as files of every form, made in the browser, and the files that studies recorded. */
export function Downloads({ study, opened }: { study: Study; opened: Opened }) {
  const contents = (): ExportOf => ({ study, runs: opened.runs, purpose: opened.purpose, at: new Date() })
  const stem = fileStem(study.title)
  const files = opened.runs.flatMap((r) => r.files.map((file) => ({ run: r.row.runId, file })))
  return (
    <Group gap="xs">
      <Button
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => save(`${stem}.csv`, 'text/csv', trialsCsv(contents()))}
      >
        CSV
      </Button>
      <Button variant="default" onClick={() => save(`${stem}.json`, 'application/json', toJson(contents()))}>
        JSON
      </Button>
      <Button variant="default" onClick={() => save(`${stem}-psych-ds.zip`, 'application/zip', toPsychDs(contents()))}>
        Psych-DS
      </Button>
      {files.length > 0 && (
        <Menu>
          <Menu.Target>
            <Button variant="default">{count(files.length, 'file')}</Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
            {files.map(({ run, file }) => (
              <Menu.Item
                key={run + file.name}
                onClick={() => save(`${run}-${file.name}`, 'application/octet-stream', file.bytes)}
              >
                {file.name}{' '}
                <Text span size="xs" c="dimmed">
                  {run.slice(4, 12)}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  )
}
