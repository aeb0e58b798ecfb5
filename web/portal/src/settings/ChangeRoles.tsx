import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { Role } from '../../../../domain/access/permissions.ts'
import { useAct, useApi } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { type Member, nameOf } from '../queries/members.ts'
import { RolePicker } from './RolePicker.tsx'

/** The roles of one member, to be changed. */
export function ChangeRoles({
  member,
  organisationId,
  onClose,
  done,
}: {
  member: Member
  organisationId: string
  onClose: () => void
  done: () => void
}) {
  const api = useApi()
  const [chosen, setChosen] = useState<Role[]>(member.roles)
  const { busy, error, act } = useAct()
  const save = () =>
    act('save', async () => {
      await api.access.setRoles({
        params: { organisationId, userId: member.userId },
        body: { roles: chosen, rev: member.rev },
      })
      done()
    })
  return (
    <Modal opened onClose={onClose} title={`Roles of ${nameOf(member)}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Stack>
          <RolePicker value={chosen} onChange={setChosen} />
          <Text size="xs" c="dimmed">
            A role that is taken away is gone with the person’s next request.
          </Text>
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy !== ''} disabled={chosen.length === 0}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
