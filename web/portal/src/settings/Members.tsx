import { Button, Group, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMe } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { type Member, membersQuery, nameOf } from '../queries/members.ts'

/** What may be done with a member; without it the list is only read. */
interface MemberActs {
  changeRoles: (member: Member) => void
  remove: (member: Member) => void
}

export function Members({ organisationId, acts }: { organisationId: string; acts: MemberActs | undefined }) {
  const { data: members, error, isPending, refetch } = useQuery(membersQuery(organisationId))
  return (
    <>
      <ProblemNotice error={error} retry={() => void refetch()} />
      {isPending ? (
        <LoadingRows rows={6} />
      ) : (
        <Table.ScrollContainer minWidth={320}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Person</Table.Th>
                <Table.Th>Roles</Table.Th>
                <Table.Th visibleFrom="sm">Since</Table.Th>
                {acts && <Table.Th ta="right">Change</Table.Th>}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {members
                ?.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
                .map((member) => (
                  <MemberRow key={member.userId} member={member} acts={acts} />
                ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </>
  )
}

function MemberRow({ member, acts }: { member: Member; acts: MemberActs | undefined }) {
  const me = useMe()
  const name = nameOf(member)
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={500}>
          {name}
          {member.userId === me.userId && (
            <Text span size="xs" c="dimmed">
              {' '}
              (you)
            </Text>
          )}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {member.email}
        </Text>
      </Table.Td>
      <Table.Td>{member.roles.join(', ')}</Table.Td>
      <Table.Td visibleFrom="sm">
        <RelativeTime at={member.since} />
      </Table.Td>
      {acts && (
        <Table.Td>
          <Group gap={6} justify="flex-end">
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => acts.changeRoles(member)}
              aria-label={`Change roles of ${name}`}
            >
              Roles
            </Button>
            <Button
              size="compact-sm"
              variant="subtle"
              color="red"
              onClick={() => acts.remove(member)}
              aria-label={`Remove ${name}`}
            >
              Remove
            </Button>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  )
}
