import { Anchor, Button, List, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useState } from 'react'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { session } from '../session/session.ts'
import { Mark } from './Mark.tsx'
import styles from './Landing.module.css'

/** For whoever is not signed in: what this is, and one button. The address asked for is where they arrive. */
export function Landing() {
  useDocumentTitle('Cloister')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = () => {
    setBusy(true)
    session.signIn(location.pathname + location.search + location.hash).catch((failure: unknown) => {
      setError(failure)
      setBusy(false)
    })
  }
  return (
    <main className={styles.landing}>
      <Stack gap="lg">
        <Mark size={44} />
        <Title order={1}>Run studies in the browser. Keep what people answer sealed.</Title>
        <Text size="lg">
          Cloister publishes your experiment, gives participants a link, and collects every record they produce, even
          when a connection drops.
        </Text>
        <List spacing="xs">
          <List.Item>Results are encrypted in the participant’s browser; this server cannot read them.</List.Item>
          <List.Item>
            Only people with the right to open results can, for a stated purpose, and each opening is written down.
          </List.Item>
          <List.Item>Participants can withdraw at any time with the codes on their receipt.</List.Item>
        </List>
        {location.pathname !== '/' && (
          <Text c="dimmed" size="sm">
            Sign in to see the page you asked for.
          </Text>
        )}
        <ProblemNotice error={error} />
        <div>
          <Button size="md" onClick={go} loading={busy}>
            Sign in
          </Button>
        </div>
        <Text c="dimmed" size="sm">
          Taking part in a study? Use the link you were sent: you need no account. To withdraw, go to{' '}
          <Anchor href="/withdraw" underline="always">
            withdrawal
          </Anchor>
          .
        </Text>
      </Stack>
    </main>
  )
}
