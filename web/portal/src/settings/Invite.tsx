import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Role } from '../../../../domain/access/permissions.ts'
import { useAct, useApi } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RolePicker } from './RolePicker.tsx'

/** An invitation that was made: its link, which is shown once, and to whom a letter took it. */
export interface Made {
  link: string
  mailedTo: string | undefined
}

/** Makes an invitation. */
export function Invite({
  opened,
  organisationId,
  onClose,
  done,
}: {
  opened: boolean
  organisationId: string
  onClose: () => void
  done: (made: Made) => void
}) {
  const api = useApi()
  const [email, setEmail] = useState('')
  const [chosen, setChosen] = useState<Role[]>(['researcher'])
  const { busy, error, act } = useAct()
  const invite = () =>
    act('invite', async () => {
      const {
        link,
        mailed,
        email: to,
      } = await api.access.invite({
        params: { organisationId },
        body: { email: email.trim(), roles: chosen },
      })
      setEmail('')
      done({ link, mailedTo: mailed ? to : undefined })
    })
  return (
    <Modal opened={opened} onClose={onClose} title="Invite a person">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void invite()
        }}
      >
        <Stack>
          <TextInput
            type="email"
            required
            label="Their e-mail address"
            description="So that you know whose invitation it is. Where this installation sends mail, the link goes there."
            value={email}
            onChange={(e) => setEmail(e.currentTarget.value)}
            data-autofocus
            autoComplete="off"
          />
          <RolePicker value={chosen} onChange={setChosen} />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy !== ''} disabled={!email.includes('@') || chosen.length === 0}>
              Invite
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
