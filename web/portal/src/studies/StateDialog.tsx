import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import type { Target } from './study-acts.ts'

const moves: Record<Target, { verb: string; title: string; text: string }> = {
  live: {
    verb: 'Launch',
    title: 'Launch this study?',
    text: 'From now on participants can start with the links you give them. You can pause at any time.',
  },
  paused: {
    verb: 'Pause',
    title: 'Pause this study?',
    text: 'No new participants can start. Whoever has started can finish, and nothing that was sent is lost.',
  },
  closed: {
    verb: 'Close',
    title: 'Close this study?',
    text: 'No new participants can start, and links say that the study is over. Results stay. You can reopen it.',
  },
}

interface StateDialogProps {
  /** The state the study would come to; the dialog is closed without. */
  target: Target | undefined
  /** Whether participants could not enter a live study, for want of a link. */
  linkMissing: boolean
  busy: boolean
  error: unknown
  confirm: (target: Target) => void
  onClose: () => void
}

/** Says what a change of a study's state means for participants, and asks whether to make it. */
export function StateDialog({ target, linkMissing, busy, error, confirm, onClose }: StateDialogProps) {
  return (
    <Modal opened={target !== undefined} onClose={onClose} title={target && moves[target].title}>
      {target && (
        <Stack>
          <Text size="sm">{moves[target].text}</Text>
          {target === 'live' && linkMissing && (
            <Text size="sm">There is no open link yet. Make one on the Links page afterwards.</Text>
          )}
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button data-autofocus loading={busy} onClick={() => confirm(target)}>
              {moves[target].verb}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
