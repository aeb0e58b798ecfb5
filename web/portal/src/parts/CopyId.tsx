import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import styles from './CopyId.module.css'

/** An id, address or code in monospace, with a button that copies all of it; `label` names what is copied. */
export function CopyId({
  value,
  label,
  show = value,
  hidden = false,
}: {
  value: string
  label: string
  show?: string
  hidden?: boolean
}) {
  return (
    <Group gap={4} wrap="nowrap" className={styles.copy}>
      {!hidden && (
        <Text component="code" ff="monospace" size="sm" truncate="end">
          {show}
        </Text>
      )}
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : `Copy ${label}`}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={copied ? `${label} copied` : `Copy ${label}`}
              onClick={copy}
            >
              {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  )
}
