import { Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { rolesByRule, type RuleRole } from '../../../../domain/access/group-rules.ts'
import { useAct, useApi, useRecentLogin } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { everything } from '../queries/everything.ts'

/** Rules by which groups of the campus' sign-in become roles. */
export function GroupRules({ organisationId }: { organisationId: string }) {
  const api = useApi()
  const client = useQueryClient()
  const { busy, error, act } = useAct()
  const recently = useRecentLogin()
  const [group, setGroup] = useState('')
  const [role, setRole] = useState<RuleRole>('analyst')
  const queryKey = ['group-rules', organisationId]
  const rules = useQuery({
    queryKey,
    queryFn: () =>
      everything((after) => api.access.groupRules({ params: { organisationId }, query: { limit: 200, after } })),
  })
  const make = () =>
    act('make', async () => {
      await recently(() =>
        api.access.makeGroupRule({ params: { organisationId }, body: { group: group.trim(), role } }),
      )
      setGroup('')
      await client.invalidateQueries({ queryKey })
    })
  const remove = (ruleId: string) =>
    act(ruleId, async () => {
      await api.access.removeGroupRule({ params: { organisationId, ruleId } })
      await client.invalidateQueries({ queryKey })
    })
  return (
    <Section title="Roles by groups of the campus">
      <Text size="sm" c="dimmed" mb="sm">
        Whoever signs in by the campus and is in the group there has the role here: given and taken at each sign-in. A
        rule counts for as long as you are an admin. Admins and rights on studies are given by people alone.
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <Group align="flex-end" mb="sm">
          <TextInput
            label="Group, as the campus names it"
            value={group}
            onChange={(event) => setGroup(event.currentTarget.value)}
            maxLength={200}
            autoComplete="off"
          />
          <NativeSelect
            label="Role"
            data={[...rolesByRule]}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as RuleRole)}
          />
          <Button type="submit" variant="default" loading={busy === 'make'} disabled={group.trim() === ''}>
            Make the rule
          </Button>
        </Group>
      </form>
      <ProblemNotice error={error ?? rules.error} />
      {rules.isPending && <LoadingRows rows={2} />}
      {rules.data && rules.data.length > 0 && (
        <Table.ScrollContainer minWidth={320}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Group</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th ta="right">Change</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rules.data.map((rule) => (
                <Table.Tr key={rule.ruleId}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{rule.group}</Table.Td>
                  <Table.Td>{rule.role}</Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      color="red"
                      loading={busy === rule.ruleId}
                      onClick={() => void remove(rule.ruleId)}
                      aria-label={`Remove the rule for ${rule.group}`}
                    >
                      Remove
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
