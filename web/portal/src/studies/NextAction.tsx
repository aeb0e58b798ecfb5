import { Button } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import type { StudyActs } from './useStudyActs.tsx'

/** The one next step with a study, as a button, and beside it a way to try the study out. */
export const NextAction = ({ acts }: { acts: StudyActs }) => (
  <>
    {acts.tryIt && (
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
        onClick={acts.tryIt.run}
        loading={acts.busy}
      >
        {acts.tryIt.label}
      </Button>
    )}
    {acts.next && <Button onClick={acts.next.run}>{acts.next.label}</Button>}
  </>
)
