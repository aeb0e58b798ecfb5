import { Alert, List } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'

/** What is wrong, above what it is about; nothing when nothing is. */
export const ToMend = ({
  messages,
  title = 'To mend',
  mb,
}: {
  messages: readonly string[]
  title?: string
  mb: 'sm' | 'md'
}) =>
  messages.length > 0 && (
    <Alert color="yellow" variant="outline" mb={mb} icon={<IconAlertTriangle size={18} aria-hidden />} title={title}>
      <List size="sm">
        {messages.map((message) => (
          <List.Item key={message}>{message}</List.Item>
        ))}
      </List>
    </Alert>
  )
