import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Study } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'

/** Makes a copy of a study, once however often it is asked for, and goes there. */
export function Duplicate({ study, opened, onClose }: { study: Study; opened: boolean; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [title, setTitle] = useState(`Copy of ${study.title}`.slice(0, 120))
  const [requestId] = useState(() => crypto.randomUUID())
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const copy = await api.studies.duplicate({ params: { studyId: study.studyId }, body: { title, requestId } })
      void client.invalidateQueries({ queryKey: ['studies'] })
      onClose()
      void navigate({ to: `/studies/${copy.studyId}/overview` })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Duplicate this study">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void go()
        }}
      >
        <Stack>
          <Text size="sm">The copy has the newest version and the settings, but no links, people or runs.</Text>
          <TextInput
            label="Title of the copy"
            value={title}
            onChange={(e) => setTitle(e.currentTarget.value)}
            maxLength={120}
            required
            data-autofocus
          />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy}>
              Duplicate
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
