import { Anchor, Button, Code, Group, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useAct } from '../hooks.ts'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { session } from '../session/session.ts'
import type { CognitoAccount, SavedPasskey } from './cognito.ts'
import { backFromSignIn, leaveToSignIn, type OwnSignIn } from './own-sign-in.ts'
import { Square } from './Square.tsx'

const title = 'Sign-in and security'

/** How I sign in, where Cognito keeps it: password, authenticator app, passkeys, sessions. */
export function SignInPage() {
  const [own, setOwn] = useState<OwnSignIn>()
  const { busy, error, act } = useAct()
  const once = useRef(false)
  useEffect(() => {
    if (once.current) return
    once.current = true
    void act('back', async () => setOwn(await backFromSignIn(session.settings()!)))
  }, [act])
  if (own) return <Own {...own} />
  return (
    <Page
      title={title}
      hint="Your password, a second factor, passkeys, and where you are signed in. Changing them needs a sign-in of its own."
    >
      <ProblemNotice error={error} title="That sign-in did not work" />
      <Group>
        <Button
          loading={busy !== ''}
          onClick={() => void act('leave', () => leaveToSignIn(session.settings()!))}
          data-autofocus
        >
          Sign in to change them
        </Button>
      </Group>
    </Page>
  )
}

function Own({ account, email, addPasskey }: OwnSignIn) {
  const factors = useQuery({ queryKey: ['own-factors', email], queryFn: () => account.factors() })
  const again = () => void factors.refetch()
  return (
    <Page title={title} hint={email}>
      <ProblemNotice error={factors.error} retry={again} />
      {factors.data?.federated === true && (
        <Text>You come by your campus: password and second factor are changed there.</Text>
      )}
      {factors.data?.federated === false && (
        <>
          <Password account={account} />
          <App account={account} email={email} isOn={factors.data.app} changed={again} />
          <Passkeys account={account} passkeys={factors.data.passkeys} add={addPasskey} changed={again} />
        </>
      )}
      <Everywhere account={account} />
    </Page>
  )
}

function Password({ account }: { account: CognitoAccount }) {
  const [present, setPresent] = useState('')
  const [next, setNext] = useState('')
  const [done, setDone] = useState(false)
  const { busy, error, act } = useAct()
  const change = () =>
    act('change', async () => {
      setDone(false)
      await account.changePassword(present, next)
      setPresent('')
      setNext('')
      setDone(true)
    })
  return (
    <Section title="Password">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void change()
        }}
      >
        <Stack maw={420}>
          <TextInput
            type="password"
            label="Present password"
            autoComplete="current-password"
            required
            value={present}
            onChange={(e) => setPresent(e.currentTarget.value)}
          />
          <TextInput
            type="password"
            label="New password"
            autoComplete="new-password"
            required
            value={next}
            onChange={(e) => setNext(e.currentTarget.value)}
          />
          <ProblemNotice error={error} />
          {done && <Text role="status">Your password is changed.</Text>}
          <Group>
            <Button type="submit" loading={busy !== ''}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}

function App({
  account,
  email,
  isOn,
  changed,
}: {
  account: CognitoAccount
  email: string
  isOn: boolean
  changed: () => void
}) {
  const [secret, setSecret] = useState<string>()
  const [code, setCode] = useState('')
  const { busy, error, act } = useAct()
  const begin = () => act('begin', async () => setSecret(await account.beginApp()))
  const confirm = () =>
    act('confirm', async () => {
      await account.confirmApp(code.trim())
      setSecret(undefined)
      setCode('')
      changed()
    })
  const remove = () =>
    act('remove', async () => {
      await account.removeApp()
      changed()
    })
  const label = encodeURIComponent(email)
  return (
    <Section title="Authenticator app">
      <Stack maw={420}>
        <ProblemNotice error={error} />
        {isOn && (
          <Group justify="space-between">
            <Text>A code is asked for after your password.</Text>
            <Button variant="default" loading={busy === 'remove'} onClick={() => void remove()}>
              Remove the app
            </Button>
          </Group>
        )}
        {!isOn && !secret && (
          <>
            <Text c="dimmed">
              A second factor: whoever learns your password still lacks your phone. If the phone is gone, an
              administrator of this installation lets you in.
            </Text>
            <Group>
              <Button variant="default" loading={busy === 'begin'} onClick={() => void begin()}>
                Set up an app
              </Button>
            </Group>
          </>
        )}
        {secret && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              void confirm()
            }}
          >
            <Stack>
              <Square address={`otpauth://totp/Cloister:${label}?secret=${secret}&issuer=Cloister`} />
              <Text size="sm">
                Read the square with the app, or type these letters into it: <Code>{secret}</Code>
              </Text>
              <TextInput
                label="Code that the app shows now"
                inputMode="numeric"
                autoComplete="one-time-code"
                required
                value={code}
                onChange={(e) => setCode(e.currentTarget.value)}
                data-autofocus
              />
              <Group>
                <Button type="submit" loading={busy === 'confirm'}>
                  Set it up
                </Button>
                <Button variant="default" onClick={() => setSecret(undefined)}>
                  Not now
                </Button>
              </Group>
            </Stack>
          </form>
        )}
      </Stack>
    </Section>
  )
}

function Passkeys({
  account,
  passkeys,
  add,
  changed,
}: {
  account: CognitoAccount
  passkeys: readonly SavedPasskey[]
  add: string
  changed: () => void
}) {
  const { busy, error, act } = useAct()
  const remove = (id: string) =>
    act(id, async () => {
      await account.removePasskey(id)
      changed()
    })
  return (
    <Section title="Passkeys">
      <Stack>
        <Text c="dimmed">A finger, a face or a PIN on a device of yours, in place of password and code.</Text>
        <ProblemNotice error={error} />
        {passkeys.length > 0 && (
          <Table>
            <Table.Tbody>
              {passkeys.map(({ id, name, created }) => (
                <Table.Tr key={id}>
                  <Table.Td>
                    {name}{' '}
                    <Text span size="xs" c="dimmed">
                      made <RelativeTime at={created} />
                    </Text>
                  </Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="red"
                      loading={busy === id}
                      onClick={() => void remove(id)}
                      aria-label={`Remove ${name}`}
                    >
                      Remove
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <Anchor href={add}>Add a passkey</Anchor>
      </Stack>
    </Section>
  )
}

function Everywhere({ account }: { account: CognitoAccount }) {
  const { busy, error, act } = useAct()
  return (
    <Section title="Where you are signed in">
      <Stack>
        <Text c="dimmed">
          Ends every session, this one too. What they were given out before works for fifteen minutes at most.
        </Text>
        <ProblemNotice error={error} />
        <Group>
          <Button
            variant="default"
            loading={busy !== ''}
            onClick={() =>
              void act('everywhere', async () => {
                await account.signOutEverywhere()
                await session.signOut()
              })
            }
          >
            Sign out everywhere
          </Button>
        </Group>
      </Stack>
    </Section>
  )
}
