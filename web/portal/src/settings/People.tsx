import { Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { roleMeaning, roles, type Role } from '../../../../domain/access/permissions.ts'
import type { Client } from '../../../../clients/api.ts'
import { useApi, useMay, useMe, useOrganisation, type Here } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { everything } from '../queries/everything.ts'
import { RolePicker } from './RolePicker.tsx'
import { ShownOnce } from './Secret.tsx'

type Member = Awaited<ReturnType<Client['access']['members']>>['items'][number]

/** People of the organisation, their roles, and open invitations. */
export function PeoplePage() {
  const here = useOrganisation()
  if (!here)
    return (
      <Page title="People">
        <Empty title="You belong to no organisation yet">
          An admin invites you by a link. Open the link while you are signed in here.
        </Empty>
      </Page>
    )
  return <People key={here.organisationId} here={here} />
}

function People({ here }: { here: Here }) {
  const api = useApi()
  const me = useMe()
  const client = useQueryClient()
  const manages = useMay()('people.manage')
  const [inviting, setInviting] = useState(false)
  const [link, setLink] = useState<string>()
  const [changing, setChanging] = useState<Member>()
  const [removing, setRemoving] = useState<Member>()
  const { organisationId } = here
  const members = useQuery({
    queryKey: ['members', organisationId],
    queryFn: () =>
      everything((after) => api.access.members({ params: { organisationId }, query: { limit: 200, after } })),
  })
  const again = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['members', organisationId] }),
      client.invalidateQueries({ queryKey: ['invitations', organisationId] }),
      client.invalidateQueries({ queryKey: ['me'] }),
    ])
  return (
    <Page
      title="People"
      hint={`Who belongs to ${here.organisation}, and what they are there for. Rights on a single study are given on that study’s page.`}
      action={manages && <Button onClick={() => setInviting(true)}>Invite a person</Button>}
    >
      <Section title="Members">
        <ProblemNotice error={members.error} retry={() => void members.refetch()} />
        {members.isPending ? (
          <LoadingRows rows={6} />
        ) : (
          <Table.ScrollContainer minWidth={320}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Person</Table.Th>
                  <Table.Th>Roles</Table.Th>
                  <Table.Th visibleFrom="sm">Since</Table.Th>
                  {manages && <Table.Th ta="right">Change</Table.Th>}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {members.data
                  ?.toSorted((a, b) => (a.name || a.email).localeCompare(b.name || b.email))
                  .map((m) => (
                    <Table.Tr key={m.userId}>
                      <Table.Td>
                        <Text size="sm" fw={500}>
                          {m.name || m.email}
                          {m.userId === me.userId && (
                            <Text span size="xs" c="dimmed">
                              {' '}
                              (you)
                            </Text>
                          )}
                        </Text>
                        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                          {m.email}
                        </Text>
                      </Table.Td>
                      <Table.Td>{m.roles.join(', ')}</Table.Td>
                      <Table.Td visibleFrom="sm">
                        <RelativeTime at={m.since} />
                      </Table.Td>
                      {manages && (
                        <Table.Td>
                          <Group gap={6} justify="flex-end">
                            <Button
                              size="compact-sm"
                              variant="default"
                              onClick={() => setChanging(m)}
                              aria-label={`Change roles of ${m.name || m.email}`}
                            >
                              Roles
                            </Button>
                            <Button
                              size="compact-sm"
                              variant="subtle"
                              color="red"
                              onClick={() => setRemoving(m)}
                              aria-label={`Remove ${m.name || m.email}`}
                            >
                              Remove
                            </Button>
                          </Group>
                        </Table.Td>
                      )}
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Section>
      {manages && <Invitations organisationId={organisationId} />}
      <Section title="What the roles are for">
        <Table withRowBorders={false} verticalSpacing={4}>
          <Table.Tbody>
            {roles.map((r) => (
              <Table.Tr key={r}>
                <Table.Th scope="row" w={120}>
                  {r[0]!.toUpperCase() + r.slice(1)}
                </Table.Th>
                <Table.Td>{roleMeaning[r]}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Section>
      <Invite
        opened={inviting}
        organisationId={organisationId}
        onClose={() => setInviting(false)}
        done={(l) => {
          setInviting(false)
          setLink(l)
          void again()
        }}
      />
      <ShownOnce
        value={link}
        title="The invitation is ready"
        label="Invitation link"
        onClose={() => setLink(undefined)}
      >
        Send this link to the person yourself: Cloister sends no mail. It works once, for seven days, for whoever signs
        in with it first.
      </ShownOnce>
      {changing && (
        <ChangeRoles
          member={changing}
          organisationId={organisationId}
          onClose={() => setChanging(undefined)}
          done={() => {
            setChanging(undefined)
            void again()
          }}
        />
      )}
      <ConfirmByName
        opened={removing !== undefined}
        onClose={() => setRemoving(undefined)}
        title={`Remove ${removing?.name || removing?.email}`}
        name={removing?.name || removing?.email || ''}
        label="Remove"
        act={async () => {
          await api.access.removeMember({ params: { organisationId, userId: removing!.userId } })
          await again()
        }}
      >
        They lose their roles here at once, and every right on this organisation’s studies with them. Studies that they
        made stay. An invitation brings them back, but not their rights on studies.
      </ConfirmByName>
    </Page>
  )
}

function Invitations({ organisationId }: { organisationId: string }) {
  const api = useApi()
  const client = useQueryClient()
  const [busy, setBusy] = useState<string>()
  const [error, setError] = useState<unknown>()
  const open = useQuery({
    queryKey: ['invitations', organisationId],
    queryFn: () =>
      everything((after) => api.access.invitations({ params: { organisationId }, query: { limit: 200, after } })),
  })
  const revoke = async (invitationId: string) => {
    setBusy(invitationId)
    setError(undefined)
    try {
      await api.access.revokeInvitation({ params: { organisationId, invitationId } })
      await client.invalidateQueries({ queryKey: ['invitations', organisationId] })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(undefined)
    }
  }
  if (open.data?.length === 0 && !error) return null
  return (
    <Section title="Open invitations">
      <ProblemNotice error={error ?? open.error} />
      {open.isPending ? (
        <LoadingRows rows={2} />
      ) : (
        <Table.ScrollContainer minWidth={320}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>For</Table.Th>
                <Table.Th>Roles</Table.Th>
                <Table.Th visibleFrom="sm">Expires</Table.Th>
                <Table.Th ta="right">Change</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {open.data?.map((i) => (
                <Table.Tr key={i.invitationId}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{i.email}</Table.Td>
                  <Table.Td>{i.roles.join(', ')}</Table.Td>
                  <Table.Td visibleFrom="sm">
                    <RelativeTime at={i.expires} />
                  </Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="red"
                      loading={busy === i.invitationId}
                      onClick={() => void revoke(i.invitationId)}
                      aria-label={`Take back the invitation for ${i.email}`}
                    >
                      Take back
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Section>
  )
}

function Invite({
  opened,
  organisationId,
  onClose,
  done,
}: {
  opened: boolean
  organisationId: string
  onClose: () => void
  done: (link: string) => void
}) {
  const api = useApi()
  const [email, setEmail] = useState('')
  const [chosen, setChosen] = useState<Role[]>(['researcher'])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { link } = await api.access.invite({
        params: { organisationId },
        body: { email: email.trim(), roles: chosen },
      })
      setEmail('')
      done(link)
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Invite a person">
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void go()
        }}
      >
        <Stack>
          <TextInput
            type="email"
            required
            label="Their e-mail address"
            description="So that you know whose invitation it is; no mail is sent."
            value={email}
            onChange={(e) => setEmail(e.currentTarget.value)}
            data-autofocus
            autoComplete="off"
          />
          <RolePicker value={chosen} onChange={setChosen} />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!email.includes('@') || chosen.length === 0}>
              Make the link
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function ChangeRoles({
  member,
  organisationId,
  onClose,
  done,
}: {
  member: Member
  organisationId: string
  onClose: () => void
  done: () => void
}) {
  const api = useApi()
  const [chosen, setChosen] = useState<Role[]>(member.roles)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await api.access.setRoles({
        params: { organisationId, userId: member.userId },
        body: { roles: chosen, rev: member.rev },
      })
      done()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={`Roles of ${member.name || member.email}`}>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          void go()
        }}
      >
        <Stack>
          <RolePicker value={chosen} onChange={setChosen} />
          <Text size="xs" c="dimmed">
            A role that is taken away is gone with the person’s next request.
          </Text>
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={chosen.length === 0}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
