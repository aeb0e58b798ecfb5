import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import type { PublishProgress } from '../../../../clients/publish.ts'
import { bytes, count } from './figures.ts'

const stageWords: Partial<Record<PublishProgress['stage'], string>> = {
  hashing: 'Reading files',
  uploading: 'Uploading',
}

/** How far an upload is, in bytes, in total and for each file under way. */
export function UploadProgress({ progress, cancel }: { progress: PublishProgress; cancel?: (() => void) | undefined }) {
  const { stage, total, hashed, sent, files } = progress
  const hashing = stage === 'hashing'
  const done = hashing ? hashed : sent
  const share = total === 0 ? 100 : (100 * done) / total
  const under = files.filter((f) => f.state === 'hashing' || f.state === 'uploading').slice(0, 4)
  const finished = files.filter((f) => f.state === 'stored').length
  const words = stageWords[stage] ?? 'Finishing'
  return (
    <Stack gap={6} className="panel" role="status" aria-live="off">
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {words}: {bytes(done)} of {bytes(total)}
        </Text>
        <Text size="sm" c="dimmed">
          {finished} of {count(files.length, 'file')}
        </Text>
      </Group>
      <Progress value={share} aria-label={words} />
      {under.map((file) => (
        <Group key={file.path} gap="sm" wrap="nowrap">
          <Text size="xs" truncate className="grow">
            {file.path}
          </Text>
          <Text size="xs" c="dimmed" className="nowrap figures">
            {bytes(hashing ? file.hashed : file.sent)} of {bytes(file.size)}
          </Text>
        </Group>
      ))}
      {cancel && (
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            What has arrived stays: starting again sends only the rest.
          </Text>
          <Button size="compact-xs" variant="default" onClick={cancel}>
            Stop
          </Button>
        </Group>
      )}
    </Stack>
  )
}
