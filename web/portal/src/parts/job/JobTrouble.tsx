import { Alert, Button, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Job } from '../../queries/jobs.ts'
import { nextStep } from './words.ts'
import problemNoticeStyles from '../ProblemNotice.module.css'

/**
 * Why an analysis ended without a release: a sentence and the next step, the code in small print, the line in one's own
 * code. Never data.
 */
export function JobTrouble({
  job,
  line,
}: {
  job: Pick<Job, 'problem'>
  line?: ((line: number, cell: number | undefined) => void) | undefined
}) {
  const problem = job.problem
  if (!problem) return null
  const where =
    problem.line === undefined
      ? undefined
      : `${problem.cell === undefined ? '' : `cell ${problem.cell}, `}line ${problem.line}`
  return (
    <Alert
      color={problem.code === 'cancelled' ? 'gray' : 'red'}
      variant="outline"
      mt="xs"
      role="alert"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      className={problemNoticeStyles.problem}
    >
      <Text size="sm">
        {problem.message}
        {problem.errorClass ? ` ${problem.errorClass}` : ''}
        {where && !line ? ` (${where})` : ''}
        {problem.names && problem.names.length > 0 && (
          <>
            {' '}
            <code>{problem.names.join(', ')}</code>
          </>
        )}
      </Text>
      {nextStep[problem.code] && <Text size="sm">{nextStep[problem.code]}</Text>}
      {where && line && (
        <Button size="compact-xs" variant="default" mt={6} onClick={() => line(problem.line!, problem.cell)}>
          Go to {where}
        </Button>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {problem.code}
      </Text>
    </Alert>
  )
}
