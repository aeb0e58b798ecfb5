import { Button, Table } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useAct, useApi } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { everything } from '../queries/everything.ts'

/** Invitations that nobody has taken up yet. */
export function Invitations({ organisationId }: { organisationId: string }) {
  const api = useApi()
  const client = useQueryClient()
  const { busy, error, act } = useAct()
  const open = useQuery({
    queryKey: ['invitations', organisationId],
    queryFn: () =>
      everything((after) => api.access.invitations({ params: { organisationId }, query: { limit: 200, after } })),
  })
  const revoke = (invitationId: string) =>
    act(invitationId, async () => {
      await api.access.revokeInvitation({ params: { organisationId, invitationId } })
      await client.invalidateQueries({ queryKey: ['invitations', organisationId] })
    })
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
              {open.data?.map((invitation) => (
                <Table.Tr key={invitation.invitationId}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{invitation.email}</Table.Td>
                  <Table.Td>{invitation.roles.join(', ')}</Table.Td>
                  <Table.Td visibleFrom="sm">
                    <RelativeTime at={invitation.expires} />
                  </Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="red"
                      loading={busy === invitation.invitationId}
                      onClick={() => void revoke(invitation.invitationId)}
                      aria-label={`Take back the invitation for ${invitation.email}`}
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
