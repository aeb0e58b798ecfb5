import { Button, Group, Modal, Text } from '@mantine/core'
import { useState } from 'react'
import { useSession } from '../hooks.ts'
import { session } from './session.ts'
import styles from './Again.module.css'

const words = {
  expired: { title: 'Your session has ended', text: 'Sign in again to go on. What you typed is still here.' },
  recent: {
    title: 'Please sign in again',
    text: 'This needs a sign-in that is at most 15 minutes old, so that a computer left alone opens nothing.',
  },
}

/**
 * Signs in again in a window of its own, so that this page stays as it is; where pop-ups are blocked, on this page with
 * drafts kept.
 */
export function Again() {
  const { needs, dismissed } = useSession()
  const [blocked, setBlocked] = useState(false)
  const popUp = () => setBlocked(window.open('/sign-in-again', 'cloister-sign-in', 'width=480,height=680') === null)
  if (dismissed)
    return (
      <Group className={styles.ended} role="status" gap="sm" justify="center">
        <Text size="sm">Your session has ended; figures on this page stand still.</Text>
        <Button size="compact-sm" onClick={popUp}>
          Sign in again
        </Button>
      </Group>
    )
  const say = words[needs ?? 'expired']
  return (
    <Modal opened={needs !== undefined} onClose={session.dismiss} title={say.title}>
      <Text>{say.text}</Text>
      {blocked && (
        <Text mt="sm" role="alert">
          Your browser blocked the sign-in window. Allow pop-ups for this address, or sign in on this page: saved drafts
          come back afterwards.
        </Text>
      )}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={session.dismiss}>
          Not now
        </Button>
        {blocked && (
          <Button
            variant="default"
            onClick={() => void session.signIn(location.pathname + location.search, { again: true })}
          >
            Sign in on this page
          </Button>
        )}
        <Button onClick={popUp} data-autofocus>
          Sign in again
        </Button>
      </Group>
    </Modal>
  )
}
