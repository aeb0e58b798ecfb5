import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useAct } from '../hooks.ts'
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
  const acting = useAct()
  const close = () => {
    setTyped('')
    acting.forget()
    onClose()
  }
  const confirm = () =>
    acting.act('confirm', async () => {
      await act()
      close()
    })
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (typed.trim() === name) void confirm()
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
          <ProblemNotice error={acting.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" color="red.8" disabled={typed.trim() !== name} loading={acting.busy !== ''}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
