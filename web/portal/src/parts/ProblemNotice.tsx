import { Alert, Anchor, Button, List, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { ProblemError } from '../../../../clients/api.ts'
import { problems, type Kind } from '../../../../contracts/problems.ts'
import { session } from '../session/session.ts'
import styles from './ProblemNotice.module.css'

/** To the page where one's own sign-in gets a second factor. */
function ToSignIn() {
  const account = session.settings()?.account
  if (!account) return null
  return (
    <Text size="sm" mt={4}>
      <Anchor href={account} underline="always">
        Sign-in and security
      </Anchor>
    </Text>
  )
}

/**
 * What went wrong, beside its cause: a sentence and the next step first, the kind and the request id in small print.
 */
export function ProblemNotice({
  error,
  title,
  retry,
  retryLabel = 'Try again',
}: {
  error: unknown
  title?: string | undefined
  retry?: (() => void) | undefined
  retryLabel?: string
}) {
  if (!error) return null
  const problem = error instanceof ProblemError ? error : undefined
  const known = problem && problem.kind in problems ? problems[problem.kind as Kind].title : undefined
  const heading =
    title ??
    (problem?.kind === 'unreachable' ? 'No connection to the server' : known) ??
    'Something went wrong on this page'
  return (
    <Alert
      color="red"
      variant="outline"
      role="alert"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={heading}
      className={styles.problem}
    >
      <Text size="sm">{error instanceof Error ? error.message : 'Reload the page and try again.'}</Text>
      {problem && problem.errors.length > 0 && (
        <List size="sm" mt={4}>
          {problem.errors.slice(0, 12).map((error) => (
            <List.Item key={error.path + error.message}>
              <code>{error.path.replace(/^\/body/, '') || '/'}</code> {error.message}
              {error.expected ? ` Expected: ${error.expected}.` : ''}
            </List.Item>
          ))}
        </List>
      )}
      {problem?.kind === 'second-factor-needed' && <ToSignIn />}
      {retry && (
        <Button mt="xs" size="compact-sm" variant="default" onClick={retry}>
          {retryLabel}
        </Button>
      )}
      {problem && (
        <Text size="xs" c="dimmed" mt={6}>
          {problem.kind}
          {problem.problem.instance ? ` · ${problem.problem.instance}` : ''}
        </Text>
      )}
    </Alert>
  )
}
