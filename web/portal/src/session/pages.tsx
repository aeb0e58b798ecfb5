import { Center, Loader, Stack, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { session } from './session.ts'

const Wait = ({ text }: { text: string }) => (
  <Center mih="60vh">
    <Stack align="center">
      <Loader size="sm" />
      <Text c="dimmed" role="status">
        {text}
      </Text>
    </Stack>
  </Center>
)

/** Where the identity provider sends people back to. */
export function SignedInPage() {
  const navigate = useNavigate()
  const [error, setError] = useState<unknown>()
  const [done, setDone] = useState(false)
  const once = useRef(false)
  useEffect(() => {
    if (once.current) return
    once.current = true
    session.finish().then(({ address, popup }) => {
      if (popup) {
        setDone(true)
        window.close()
      } else void navigate({ to: address, replace: true })
    }, setError)
  }, [navigate])
  if (error)
    return (
      <Center mih="60vh">
        <Stack maw={520} p="md">
          <ProblemNotice
            error={error}
            title="Signing in did not work"
            retry={() => void session.signIn('/')}
            retryLabel="Try again"
          />
        </Stack>
      </Center>
    )
  return done ? (
    <Center mih="60vh">
      <Text>You are signed in. You can close this window.</Text>
    </Center>
  ) : (
    <Wait text="Signing you in…" />
  )
}

/** The pop-up window's first page: on to the identity provider, asking for the password. */
export function SignInAgainPage() {
  const [error, setError] = useState<unknown>()
  const once = useRef(false)
  useEffect(() => {
    if (once.current) return
    once.current = true
    session.signIn('/', { again: true, popup: true }).catch(setError)
  }, [])
  return error ? (
    <Stack p="md">
      <ProblemNotice error={error} />
    </Stack>
  ) : (
    <Wait text="Opening the sign-in page…" />
  )
}
