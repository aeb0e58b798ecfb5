import { Button, Table } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { roleMeaning, roles } from '../../../../domain/access/permissions.ts'
import { useApi, useMay, useOrganisation, type Here } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { session } from '../session/session.ts'
import { type Member, nameOf } from '../queries/members.ts'
import { ChangeRoles } from './ChangeRoles.tsx'
import { GroupRules } from './GroupRules.tsx'
import { Invitations } from './Invitations.tsx'
import { Invite, type Made } from './Invite.tsx'
import { Members } from './Members.tsx'
import { ShownOnce } from './Secret.tsx'

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

/** Asks anew for everything that an act on people changes. */
function useRefresh(organisationId: string): () => Promise<unknown> {
  const client = useQueryClient()
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['members', organisationId] }),
      client.invalidateQueries({ queryKey: ['invitations', organisationId] }),
      client.invalidateQueries({ queryKey: ['me'] }),
    ])
}

function People({ here: { organisationId, organisation } }: { here: Here }) {
  const manages = useMay()('people.manage')
  const refresh = useRefresh(organisationId)
  const [inviting, setInviting] = useState(false)
  const [made, setMade] = useState<Made>()
  const [changing, setChanging] = useState<Member>()
  const [removing, setRemoving] = useState<Member>()
  return (
    <Page
      title="People"
      hint={`Who belongs to ${organisation}, and what they are there for. Rights on a single study are given on that study’s page.`}
      action={manages && <Button onClick={() => setInviting(true)}>Invite a person</Button>}
    >
      <Section title="Members">
        <Members
          organisationId={organisationId}
          acts={manages ? { changeRoles: setChanging, remove: setRemoving } : undefined}
        />
      </Section>
      {manages && <Invitations organisationId={organisationId} />}
      {manages && session.settings()?.campus && <GroupRules organisationId={organisationId} />}
      <Section title="What the roles are for">
        <RoleMeanings />
      </Section>
      <Invite
        opened={inviting}
        organisationId={organisationId}
        onClose={() => setInviting(false)}
        done={(invited) => {
          setInviting(false)
          setMade(invited)
          void refresh()
        }}
      />
      <ShownOnce
        value={made?.link}
        title="The invitation is ready"
        label="Invitation link"
        onClose={() => setMade(undefined)}
      >
        {made?.mailedTo === undefined
          ? 'Send this link to the person yourself: this installation sends no mail.'
          : `A letter takes this link to ${made.mailedTo}.`}{' '}
        It works once, for seven days, for whoever signs in with it first.
      </ShownOnce>
      {changing && (
        <ChangeRoles
          member={changing}
          organisationId={organisationId}
          onClose={() => setChanging(undefined)}
          done={() => {
            setChanging(undefined)
            void refresh()
          }}
        />
      )}
      <RemoveMember
        member={removing}
        organisationId={organisationId}
        onClose={() => setRemoving(undefined)}
        done={refresh}
      />
    </Page>
  )
}

const RoleMeanings = () => (
  <Table withRowBorders={false} verticalSpacing={4}>
    <Table.Tbody>
      {roles.map((role) => (
        <Table.Tr key={role}>
          <Table.Th scope="row" w={120}>
            {role[0]!.toUpperCase() + role.slice(1)}
          </Table.Th>
          <Table.Td>{roleMeaning[role]}</Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
)

function RemoveMember({
  member,
  organisationId,
  onClose,
  done,
}: {
  member: Member | undefined
  organisationId: string
  onClose: () => void
  done: () => Promise<unknown>
}) {
  const api = useApi()
  const name = member && nameOf(member)
  return (
    <ConfirmByName
      opened={member !== undefined}
      onClose={onClose}
      title={`Remove ${name}`}
      name={name ?? ''}
      label="Remove"
      act={async () => {
        await api.access.removeMember({ params: { organisationId, userId: member!.userId } })
        await done()
      }}
    >
      They lose their roles here at once, and every right on this organisation’s studies with them. Studies that they
      made stay. An invitation brings them back, but not their rights on studies.
    </ConfirmByName>
  )
}
