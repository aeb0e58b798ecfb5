import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Role } from '../../../../domain/access/permissions.ts'
import { useAct, useApi } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RolePicker } from './RolePicker.tsx'

/** Makes an invitation; `done` gets its link, which is shown once. */
export function Invite({
  opened,
  organisationId,
  onClose,
  done,
}: {
  opened: boolean
  organisationId: string
  onClose: () => void
  done: (link: string) => void
}) {
  const api = useApi()
  const [email, setEmail] = useState('')
  const [chosen, setChosen] = useState<Role[]>(['researcher'])
  const { busy, error, act } = useAct()
  const invite = () =>
    act('invite', async () => {
      const { link } = await api.access.invite({
        params: { organisationId },
        body: { email: email.trim(), roles: chosen },
      })
      setEmail('')
      done(link)
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
            description="So that you know whose invitation it is; no mail is sent."
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
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
