import { ActionIcon, Button, Checkbox, CloseButton, Group, Menu, Text, TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconDownload, IconSearch } from '@tabler/icons-react'
import { count } from '../../parts/figures.ts'
import { saveBlob } from '../../parts/save.ts'
import { session } from '../../session/session.ts'
import type { LogSearch } from './useLogSearch.ts'

interface Switch {
  label: string
  on: boolean
  set: (on: boolean) => void
}

/** Above the log: search, how it is shown, and the whole of it as a file. */
export function LogBar({
  jobId,
  search,
  goTo,
  partly,
  switches,
  failed,
}: {
  jobId: string
  search: LogSearch
  goTo: (by: 1 | -1) => void
  /** Not all of the log is here, so that only a part is searched. */
  partly: boolean
  switches: readonly Switch[]
  failed: (error: unknown) => void
}) {
  return (
    <Group gap="sm" mb="xs">
      <TextInput
        size="xs"
        value={search.text}
        onChange={(e) => search.type(e.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') goTo(event.shiftKey ? -1 : 1)
        }}
        placeholder="Search the log"
        aria-label="Search the log"
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={
          search.text ? (
            <CloseButton size="xs" aria-label="Clear the search" onClick={() => search.type('')} />
          ) : undefined
        }
        className="grow"
      />
      {search.wanted && <Hits search={search} partly={partly} goTo={goTo} />}
      {switches.map(({ label, on, set }) => (
        <Checkbox key={label} size="xs" label={label} checked={on} onChange={(e) => set(e.currentTarget.checked)} />
      ))}
      <Download jobId={jobId} failed={failed} />
    </Group>
  )
}

const Hits = ({
  search: { at, hits },
  partly,
  goTo,
}: {
  search: LogSearch
  partly: boolean
  goTo: (by: 1 | -1) => void
}) => (
  <>
    <Text size="xs" c="dimmed" className="nowrap figures" role="status">
      {at >= 0 ? `${at + 1} of ` : ''}
      {count(hits.length, 'line')}
      {partly ? ', in the part shown here' : ''}
    </Text>
    <ActionIcon variant="default" aria-label="Line found before" onClick={() => goTo(-1)}>
      <IconArrowUp size={14} />
    </ActionIcon>
    <ActionIcon variant="default" aria-label="Next line found" onClick={() => goTo(1)}>
      <IconArrowDown size={14} />
    </ActionIcon>
  </>
)

const formats = [
  { format: 'text', ending: 'log', label: 'Text', holds: 'Time, stream and line' },
  { format: 'jsonl', ending: 'jsonl', label: 'JSON lines', holds: 'Every record, with samples' },
] as const

async function downloadLog(jobId: string, { format, ending }: (typeof formats)[number]): Promise<void> {
  const response = await fetch(`/api/pipeline-runs/${jobId}/log/download?format=${format}`, {
    headers: { authorization: `Bearer ${session.token() ?? ''}` },
  })
  if (!response.ok) throw new Error(`The log could not be fetched (${response.status}).`)
  saveBlob(`${jobId}.${ending}`, await response.blob())
}

const Download = ({ jobId, failed }: { jobId: string; failed: (error: unknown) => void }) => (
  <Menu position="bottom-end">
    <Menu.Target>
      <Button size="compact-xs" variant="default" leftSection={<IconDownload size={13} aria-hidden />}>
        Download
      </Button>
    </Menu.Target>
    <Menu.Dropdown>
      {formats.map((each) => (
        <Menu.Item
          key={each.format}
          onClick={() => {
            failed(undefined)
            downloadLog(jobId, each).catch(failed)
          }}
        >
          {each.label}
          <Text size="xs" c="dimmed">
            {each.holds}
          </Text>
        </Menu.Item>
      ))}
    </Menu.Dropdown>
  </Menu>
)
