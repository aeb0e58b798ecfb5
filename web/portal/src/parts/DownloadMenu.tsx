import { Button, Menu, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'

/** What can be taken away, each form with what it holds. */
export function DownloadMenu<Format extends string>({
  formats,
  take,
  busy,
}: {
  formats: readonly { format: Format; label: string; holds: string }[]
  take: (format: Format) => void
  busy: boolean
}) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button loading={busy} leftSection={<IconDownload size={16} aria-hidden />}>
          Download
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map(({ format, label, holds }) => (
          <Menu.Item key={format} onClick={() => take(format)}>
            {label}
            <Text size="xs" c="dimmed">
              {holds}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
