import { Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'

/** The part of a run's id that people read to each other. */
export const shortRun = (runId: string): string => runId.slice(4, 12)

/** Withdraws a run on a participant's request: its key is destroyed, so nobody can read it again. */
export function WithdrawRun({ runId, onClose }: { runId: string | undefined; onClose: () => void }) {
  const api = useApi()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const act = async () => {
    await api.runs.withdrawRun({
      params: { runId: runId! },
      body: { reason: reason.trim() || 'Asked for by the participant' },
    })
    setReason('')
    await Promise.all(
      ['runs', 'run', 'overview', 'history'].map((key) => client.invalidateQueries({ queryKey: [key] })),
    )
  }
  return (
    <ConfirmByName
      opened={runId !== undefined}
      onClose={onClose}
      title="Withdraw this run"
      name={shortRun(runId ?? '')}
      label="Withdraw"
      act={act}
    >
      <Stack gap="sm">
        <Text size="sm">
          The run’s key and records are destroyed at once, and nobody can bring them back. The list keeps a line that
          says it was withdrawn, and so does the audit chain. Files that were downloaded earlier are not reached: delete
          the run there yourself.
        </Text>
        <TextInput
          label="Why"
          placeholder="Asked for by the participant"
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          maxLength={120}
        />
      </Stack>
    </ConfirmByName>
  )
}
