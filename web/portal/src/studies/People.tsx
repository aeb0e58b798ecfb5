import { Button, Checkbox, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Client } from '../../../../clients/api.ts'
import {
  defaultStudyRights,
  rightMeaning,
  studyRights,
  type StudyRight,
} from '../../../../domain/access/permissions.ts'
import { type Study, useMay, useMe } from '../hooks.ts'
import { ConfirmByName } from '../parts/ConfirmByName.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { everything } from '../queries/everything.ts'
import { membersQuery } from '../queries/members.ts'
import styles from './People.module.css'

type Person = Awaited<ReturnType<Client['studies']['people']>>['items'][number]
const heading: Record<StudyRight, string> = {
  analyse: 'Analyse',
  aggregates: 'Figures',
  edit: 'Edit',
  rows: 'Runs',
  pseudonyms: 'Pseudonyms',
  open: 'Open results',
  share: 'Share',
  remove: 'Remove people',
}

/** Who may do what with this study: one row a person, one column a right. */
export function People({ study }: { study: Study }) {
  const may = useMay()
  const me = useMe()
  const client = useQueryClient()
  const key = ['study-people', study.studyId]
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () =>
      everything((after) => api.studies.people({ params: { studyId: study.studyId }, query: { limit: 200, after } })),
  })
  const [failed, setFailed] = useState<{ userId: string; error: unknown }>()
  const [leaving, setLeaving] = useState<Person>()
  const share = may('study.share', study)
  const unshare = may('study.unshare', study)
  const admin = me.memberships.find((m) => m.organisationId === study.organisationId)?.roles.includes('admin') ?? false
  const canGive = (r: StudyRight) => admin || study.rights.includes(r)
  const fresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: key }),
      client.invalidateQueries({ queryKey: ['study', study.studyId] }),
    ])
  const last = useRef(Promise.resolve())
  const waiting = useRef(0)
  // The tick is shown at once; changes are sent one after the other, each with the rights as they are shown then.
  const give = (person: Person, right: StudyRight, on: boolean) => {
    setFailed(undefined)
    const rights = studyRights.filter((r) => (r === right ? on : person.rights.includes(r)))
    // What is being fetched was true before the tick: it must not take the tick away again.
    void client.cancelQueries({ queryKey: key }, { revert: false, silent: true })
    waiting.current++
    client.setQueryData<Person[]>(key, (all) => all?.map((q) => (q.userId === person.userId ? { ...q, rights } : q)))
    last.current = last.current.then(async () => {
      try {
        await api.studies.share({ params: { studyId: study.studyId, userId: person.userId }, body: { rights } })
      } catch (e) {
        setFailed({ userId: person.userId, error: e })
      } finally {
        if (--waiting.current === 0) await fresh()
      }
    })
  }
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />
  return (
    <>
      <Section
        title="Rights on this study"
        hint="Admins, custodians and auditors of the organisation can see that the study exists; opening results is never theirs by role, only by a right given here."
      >
        <Table.ScrollContainer minWidth={820}>
          <Table className={styles.matrix} stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th miw={170}>Person</Table.Th>
                {studyRights.map((right) => (
                  <Table.Th key={right} ta="center" title={rightMeaning[right]}>
                    {heading[right]}
                  </Table.Th>
                ))}
                <Table.Th>
                  <span className="sr">Acts</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map((person) => (
                <Table.Tr key={person.userId}>
                  <Table.Td>
                    <Text size="sm" fw={500}>
                      {person.name}
                      {person.userId === me.userId ? ' (you)' : ''}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {person.email}
                    </Text>
                    {failed?.userId === person.userId && <ProblemNotice error={failed.error} />}
                  </Table.Td>
                  {studyRights.map((right) => (
                    <Table.Td key={right} ta="center">
                      <Checkbox
                        className={styles.cell}
                        aria-label={`${person.name}: ${rightMeaning[right]}`}
                        checked={person.rights.includes(right)}
                        disabled={!share || !canGive(right)}
                        onChange={(e) => give(person, right, e.currentTarget.checked)}
                      />
                    </Table.Td>
                  ))}
                  <Table.Td ta="right">
                    {unshare && (
                      <Button
                        size="compact-sm"
                        variant="default"
                        onClick={() => setLeaving(person)}
                        aria-label={`Remove ${person.name}`}
                      >
                        Remove
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        <details className="legend">
          <summary>What the rights mean</summary>
          <ul>
            {studyRights.map((right) => (
              <li key={right}>
                <b>{heading[right]}</b>: {rightMeaning[right]}
                {defaultStudyRights.includes(right) ? ' (given by default)' : ''}
              </li>
            ))}
          </ul>
        </details>
      </Section>
      {share && <Add study={study} there={data.map((p) => p.userId)} done={() => void fresh()} />}
      <ConfirmByName
        opened={leaving !== undefined}
        onClose={() => setLeaving(undefined)}
        title="Remove from the study"
        name={leaving?.name ?? ''}
        label="Remove"
        act={async () => {
          await api.studies.unshare({ params: { studyId: study.studyId, userId: leaving!.userId } })
          await fresh()
        }}
      >
        {leaving?.name} loses every right on “{study.title}” at once. What they did stays in the history; you can add
        them again.
      </ConfirmByName>
    </>
  )
}

function Add({ study, there, done }: { study: Study; there: string[]; done: () => void }) {
  const { data: members } = useQuery(membersQuery(study.organisationId))
  const [who, setWho] = useState<string | null>(null)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const others = members?.filter((m) => !there.includes(m.userId)) ?? []
  const add = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await api.studies.share({ params: { studyId: study.studyId, userId: who! }, body: {} })
      setWho(null)
      done()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Section
      title="Add somebody"
      hint={`They begin with: ${defaultStudyRights.map((r) => rightMeaning[r].toLowerCase()).join('; ')}. Tick more above.`}
    >
      <Stack gap="sm">
        <Group align="flex-end">
          <Select
            label="Member of the organisation"
            placeholder={others.length === 0 ? 'Everybody has been added' : 'Choose a person'}
            searchable
            disabled={others.length === 0}
            data={others.map((m) => ({ value: m.userId, label: `${m.name} (${m.email})` }))}
            value={who}
            onChange={setWho}
            w={340}
            maw="100%"
            nothingFoundMessage="No member is called that"
          />
          <Button disabled={!who} loading={busy} onClick={() => void add()}>
            Add
          </Button>
        </Group>
        <ProblemNotice error={error} />
      </Stack>
    </Section>
  )
}
