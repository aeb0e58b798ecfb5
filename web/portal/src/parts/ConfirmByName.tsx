import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { ProblemNotice } from './ProblemNotice.tsx'

/**
 * A dangerous act: says what will be lost and asks for the name before it does it. Stays open, with the error in it,
 * when the act fails.
 */
export function ConfirmByName({
  opened,
  onClose,
  title,
  name,
  children,
  act,
  label,
}: {
  opened: boolean
  onClose: () => void
  title: string
  name: string
  children: ReactNode
  label: string
  act: () => Promise<unknown>
}) {
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const close = () => {
    setTyped('')
    setError(undefined)
    onClose()
  }
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await act()
      close()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (typed.trim() === name) void go()
        }}
      >
        <Stack>
          <Text component="div" size="sm">
            {children}
          </Text>
          <TextInput
            label={
              <>
                Type <b>{name}</b> to be sure
              </>
            }
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
            data-autofocus
            autoComplete="off"
          />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" color="red.8" disabled={typed.trim() !== name} loading={busy}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
