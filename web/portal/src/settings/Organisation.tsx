import { Button, Group, Modal, Stack, Table, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { chooseOrganisation, useApi, useMay, useMe, useOrganisation, type Here } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { session } from '../session/session.ts'
import { SecondFactor } from './SecondFactor.tsx'

/** The organisation's name and id; founding another one, for those who may. */
export function OrganisationPage() {
  const here = useOrganisation()
  const { mayCreateOrganisation } = useMe()
  const [founding, setFounding] = useState(false)
  const found = mayCreateOrganisation && (
    <Button variant={here ? 'default' : 'filled'} onClick={() => setFounding(true)}>
      Found an organisation
    </Button>
  )
  return (
    <Page
      title="Organisation"
      hint="A lab or an institution. Its people, its studies and its key belong to it alone: no other organisation on this server sees them."
      action={here ? found : undefined}
    >
      {here ? (
        <One key={here.organisationId} here={here} />
      ) : (
        <Empty title="You belong to no organisation yet" action={found}>
          {mayCreateOrganisation
            ? 'Found one, then invite the people you work with.'
            : 'An admin invites you by a link. Open the link while you are signed in here.'}
        </Empty>
      )}
      <Found opened={founding} onClose={() => setFounding(false)} />
    </Page>
  )
}

function One({ here }: { here: Here }) {
  const api = useApi()
  const client = useQueryClient()
  const manages = useMay()('people.manage')
  const { organisationId } = here
  const organisation = useQuery({
    queryKey: ['organisation', organisationId],
    queryFn: () => api.access.organisation({ params: { organisationId } }),
  })
  const [typed, setTyped] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const now = organisation.data
  if (!now)
    return organisation.error ? (
      <ProblemNotice error={organisation.error} retry={() => void organisation.refetch()} />
    ) : (
      <LoadingRows rows={3} />
    )
  const name = typed ?? now.name
  const rename = async () => {
    setBusy(true)
    setError(undefined)
    try {
      client.setQueryData(
        ['organisation', organisationId],
        await api.access.renameOrganisation({ params: { organisationId }, body: { name: name.trim(), rev: now.rev } }),
      )
      setTyped(undefined)
      await client.invalidateQueries({ queryKey: ['me'] })
    } catch (e) {
      setError(e)
      void organisation.refetch()
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Section title="About it">
        <Table layout="fixed" withRowBorders={false} verticalSpacing={4}>
          <Table.Tbody>
            {!manages && (
              <Table.Tr>
                <Table.Th scope="row" w={140}>
                  Name
                </Table.Th>
                <Table.Td>{now.name}</Table.Td>
              </Table.Tr>
            )}
            <Table.Tr>
              <Table.Th scope="row" w={140}>
                Id
              </Table.Th>
              <Table.Td>
                <CopyId value={organisationId} label="organisation id" />
              </Table.Td>
            </Table.Tr>
            <Table.Tr>
              <Table.Th scope="row">Founded</Table.Th>
              <Table.Td>
                <RelativeTime at={now.created} />
              </Table.Td>
            </Table.Tr>
            <Table.Tr>
              <Table.Th scope="row">Your roles</Table.Th>
              <Table.Td>{here.roles.join(', ')}</Table.Td>
            </Table.Tr>
          </Table.Tbody>
        </Table>
      </Section>
      {manages && (
        <Section title="Name" hint="Participants see it on the first page of every study.">
          <form
            onSubmit={(event) => {
              event.preventDefault()
              void rename()
            }}
          >
            <Stack maw={480}>
              <TextInput
                label="Name of the organisation"
                value={name}
                onChange={(e) => setTyped(e.currentTarget.value)}
                maxLength={120}
                required
              />
              <ProblemNotice error={error} />
              <Group>
                <Button type="submit" loading={busy} disabled={!name.trim() || name.trim() === now.name}>
                  Rename
                </Button>
              </Group>
            </Stack>
          </form>
        </Section>
      )}
      {manages && session.settings()?.tellsFactors && <SecondFactor organisation={now} />}
    </>
  )
}

function Found({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const api = useApi()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [requestId] = useState(() => crypto.randomUUID())
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { organisationId } = await api.access.createOrganisation({ body: { name: name.trim(), requestId } })
      await client.invalidateQueries({ queryKey: ['me'] })
      chooseOrganisation(organisationId)
      onClose()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Found an organisation">
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
            description="You become its first admin. Its key pair is made now; results will be sealed to it."
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            maxLength={120}
            data-autofocus
          />
          <ProblemNotice error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!name.trim()}>
              Found it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
