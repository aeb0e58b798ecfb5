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
  const p = job.problem
  if (!p) return null
  const where = p.line === undefined ? undefined : `${p.cell === undefined ? '' : `cell ${p.cell}, `}line ${p.line}`
  return (
    <Alert
      color={p.code === 'cancelled' ? 'gray' : 'red'}
      variant="outline"
      mt="xs"
      role="alert"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      className={problemNoticeStyles.problem}
    >
      <Text size="sm">
        {p.message}
        {p.errorClass ? ` ${p.errorClass}` : ''}
        {where && !line ? ` (${where})` : ''}
        {p.names && p.names.length > 0 && (
          <>
            {' '}
            <code>{p.names.join(', ')}</code>
          </>
        )}
      </Text>
      {nextStep[p.code] && <Text size="sm">{nextStep[p.code]}</Text>}
      {where && line && (
        <Button size="compact-xs" variant="default" mt={6} onClick={() => line(p.line!, p.cell)}>
          Go to {where}
        </Button>
      )}
      <Text size="xs" c="dimmed" mt={4}>
        {p.code}
      </Text>
    </Alert>
  )
}
