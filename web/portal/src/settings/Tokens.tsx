import { Button, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Client } from '../../../../clients/api.ts'
import type { Scope } from '../../../../domain/access/permissions.ts'
import { useApi } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { everything } from '../queries/everything.ts'
import { lifetimes, ScopePicker } from '../parts/ScopePicker.tsx'
import { ShownOnce } from './Secret.tsx'

type Token = Awaited<ReturnType<Client['access']['tokens']>>['items'][number]

/** My access tokens: make, see when they were last used, revoke. */
export function TokensPage() {
  const api = useApi()
  const client = useQueryClient()
  const [making, setMaking] = useState(false)
  const [secret, setSecret] = useState<string>()
  const [revoking, setRevoking] = useState<Token>()
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: () => everything((after) => api.access.tokens({ query: { limit: 200, after } })),
  })
  const again = () => client.invalidateQueries({ queryKey: ['tokens'] })
  const make = <Button onClick={() => setMaking(true)}>Make a token</Button>
  return (
    <Page
      title="Access tokens"
      hint={
        <>
          For scripts and tools that act as you: never more than you may yourself, and only what you tick. On your own
          computer <code>cloister login</code> makes one without copying.
        </>
      }
      action={tokens.data?.length ? make : undefined}
    >
      <Section title="Your tokens">
        <ProblemNotice error={tokens.error} retry={() => void tokens.refetch()} />
        {tokens.isPending && <LoadingRows rows={3} />}
        {tokens.data?.length === 0 && (
          <Empty title="No tokens yet" action={make}>
            A token lets a script publish studies or read figures without your password. It is shown once, ends by
            itself, and can be revoked at any time.
          </Empty>
        )}
        {tokens.data && tokens.data.length > 0 && (
          <Table.ScrollContainer minWidth={320}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th visibleFrom="sm">May</Table.Th>
                  <Table.Th visibleFrom="sm">Last used</Table.Th>
                  <Table.Th>Expires</Table.Th>
                  <Table.Th ta="right">Change</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tokens.data?.map((token) => (
                  <Table.Tr key={token.tokenId}>
                    <Table.Td>
                      <Text size="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
                        {token.name}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {token.madeBy === 'device' ? 'by signing a tool in' : 'here'},{' '}
                        <RelativeTime at={token.created} />
                      </Text>
                      <Text size="xs" c="dimmed" hiddenFrom="sm">
                        last used {token.lastUsed ? <RelativeTime at={token.lastUsed} /> : 'never'}
                      </Text>
                    </Table.Td>
                    <Table.Td visibleFrom="sm">
                      <Text size="xs" ff="monospace">
                        {token.scopes.join(' ')}
                      </Text>
                    </Table.Td>
                    <Table.Td visibleFrom="sm">
                      {token.lastUsed ? <RelativeTime at={token.lastUsed} /> : 'never'}
                    </Table.Td>
                    <Table.Td>
                      <RelativeTime at={token.expires} />
                    </Table.Td>
                    <Table.Td ta="right">
                      <Button
                        size="compact-sm"
                        variant="subtle"
                        color="red"
                        onClick={() => setRevoking(token)}
                        aria-label={`Revoke ${token.name}`}
                      >
                        Revoke
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Section>
      <MakeToken
        opened={making}
        onClose={() => setMaking(false)}
        done={(secret) => {
          setMaking(false)
          setSecret(secret)
          void again()
        }}
      />
      <ShownOnce value={secret} title="Your new token" label="Token" onClose={() => setSecret(undefined)}>
        Put it where your script reads it, for example into <code>CLOISTER_TOKEN</code>. Treat it like a password.
      </ShownOnce>
      <ConfirmByName
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title="Revoke this token"
        name={revoking?.name ?? ''}
        label="Revoke"
        act={async () => {
          await api.access.revokeToken({ params: { tokenId: revoking!.tokenId } })
          await again()
        }}
      >
        Whatever uses it is refused from its next request on. This cannot be undone.
      </ConfirmByName>
    </Page>
  )
}

function MakeToken({
  opened,
  onClose,
  done,
}: {
  opened: boolean
  onClose: () => void
  done: (secret: string) => void
}) {
  const api = useApi()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<Scope[]>(['studies:read'])
  const [days, setDays] = useState('90')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { secret } = await api.access.createToken({
        body: { name: name.trim(), scopes: chosen, days: Number(days) },
      })
      setName('')
      done(secret)
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Make an access token">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void go()
        }}
      >
        <Stack>
          <TextInput
            required
            label="Name"
            description="What it is for, for example “nightly figures on the lab server”"
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            maxLength={120}
            data-autofocus
            autoComplete="off"
          />
          <ScopePicker value={chosen} onChange={setChosen} />
          <Select
            label="Ends after"
            data={lifetimes}
            value={days}
            onChange={(v) => setDays(v ?? '90')}
            allowDeselect={false}
          />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!name.trim() || chosen.length === 0}>
              Make it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
