/** Signing a tool in: what it asks for, and approving it with what one chooses to give. */
import { Alert, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Client } from '../../../../clients/api.ts'
import type { Scope } from '../../../../domain/access/permissions.ts'
import { useApi, useMe } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { lifetimes, ScopePicker } from '../parts/ScopePicker.tsx'

type Asked = Awaited<ReturnType<Client['access']['device']>>

/** `/device?code=…`, the address that `cloister login` prints; without a code it asks for it. */
export function DevicePage() {
  const search: Record<string, unknown> = useSearch({ strict: false })
  const code =
    typeof search['code'] === 'string' || typeof search['code'] === 'number' ? String(search['code']).trim() : ''
  return (
    <Page
      title="Sign a tool in"
      hint="A program on a computer asks to act as you. Approve it only if you started it yourself just now."
    >
      {code ? <Request key={code} code={code} /> : <AskCode />}
    </Page>
  )
}

function AskCode() {
  const navigate = useNavigate()
  const [code, setCode] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ to: '/device', search: { code: code.trim() } as never })
      }}
    >
      <Stack maw={360}>
        <TextInput
          label="The code that the tool shows"
          value={code}
          onChange={(e) => setCode(e.currentTarget.value)}
          maxLength={20}
          autoComplete="off"
          data-autofocus
          required
        />
        <Group>
          <Button type="submit" disabled={!code.trim()}>
            Go on
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Request({ code }: { code: string }) {
  const api = useApi()
  const asked = useQuery({
    queryKey: ['device', code],
    queryFn: () => api.access.device({ params: { userCode: code } }),
    refetchInterval: (q) => (q.state.data?.state === 'approved' ? 2_000 : false),
    refetchOnWindowFocus: false,
  })
  if (asked.isPending) return <LoadingRows rows={4} />
  if (!asked.data)
    return (
      <Stack>
        <ProblemNotice error={asked.error} />
        <Text size="sm">Run the sign-in command again to get a new link.</Text>
        <AskCode />
      </Stack>
    )
  if (asked.data.state !== 'pending')
    return (
      <Alert
        color="teal"
        variant="outline"
        title={asked.data.state === 'approved' ? 'Approved' : `${asked.data.name} is signed in`}
        role="status"
      >
        {asked.data.state === 'approved'
          ? 'Go back to the tool; it goes on by itself in a few seconds.'
          : 'You can close this page. To end it, revoke the token under Settings, Access tokens.'}
      </Alert>
    )
  return <Approve asked={asked.data} again={() => void asked.refetch()} />
}

function Approve({ asked, again }: { asked: Asked; again: () => void }) {
  const api = useApi()
  const me = useMe()
  const [chosen, setChosen] = useState<Scope[]>(asked.scopes)
  const [days, setDays] = useState('90')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await api.access.approveDevice({
        params: { userCode: asked.userCode },
        body: { scopes: chosen, days: Number(days) },
      })
      again()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void go()
      }}
    >
      <Stack maw={560} className="panel">
        <div>
          <Text fw={600} size="lg">
            {asked.name}
          </Text>
          <Text size="sm" c="dimmed">
            asks to sign in as {me.name || me.email}; the request ends <RelativeTime at={asked.expires} />
          </Text>
        </div>
        <div>
          <Text size="sm">The tool must show this code:</Text>
          <Text ff="monospace" fz={26} fw={600} style={{ letterSpacing: '0.08em' }}>
            {asked.userCode}
          </Text>
        </div>
        <ScopePicker value={chosen} onChange={setChosen} offered={asked.scopes} />
        <Select
          label="Ends after"
          data={lifetimes}
          value={days}
          onChange={(v) => setDays(v ?? '90')}
          allowDeselect={false}
          w={180}
        />
        <ProblemNotice error={error} />
        <Group>
          <Button type="submit" loading={busy} disabled={chosen.length === 0}>
            Approve
          </Button>
          <Text size="sm" c="dimmed">
            Not yours? Close this page, and nothing happens.
          </Text>
        </Group>
      </Stack>
    </form>
  )
}
