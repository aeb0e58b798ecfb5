import { Alert, Button, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { ReactNode } from 'react'

/** Shows something that is shown once: to copy now, and gone when the dialog is closed. */
export function ShownOnce({
  value,
  title,
  label,
  children,
  onClose,
}: {
  value: string | undefined
  title: string
  label: string
  children: ReactNode
  onClose: () => void
}) {
  return (
    <Modal
      opened={value !== undefined}
      onClose={onClose}
      title={title}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        <Text size="sm" component="div">
          {children}
        </Text>
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <TextInput
            label={label}
            value={value ?? ''}
            readOnly
            className="grow"
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            onFocus={(e) => e.currentTarget.select()}
          />
          <CopyButton value={value ?? ''}>
            {({ copied, copy }) => (
              <Button
                data-autofocus
                variant={copied ? 'default' : 'filled'}
                onClick={copy}
                leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Alert color="yellow" variant="outline">
          It is shown only now. Cloister keeps a fingerprint of it, from which it cannot be told.
        </Alert>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            I have it
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
