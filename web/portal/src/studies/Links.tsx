import { Button, Group, Stack, Table, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Client } from '../../../../clients/api.ts'
import { linkKindMeaning } from '../../../../domain/studies/links.ts'
import { makesLinks } from '../../../../domain/studies/life.ts'
import type { Study } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useListState } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { linksQuery } from '../queries/studies.ts'
import { MakeLink } from './MakeLink.tsx'

type LinkRow = Awaited<ReturnType<Client['studies']['links']>>['items'][number]
const states = ['open', 'expired', 'used', 'full', 'revoked'].map((state) => ({
  value: state,
  label: state[0]!.toUpperCase() + state.slice(1),
}))

/** Links of a study: what participants are sent. */
export function Links({ study }: { study: Study }) {
  const client = useQueryClient()
  const { data, error, refetch } = useQuery({ ...linksQuery(study.studyId), refetchInterval: 10_000 })
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<LinkRow>()
  const [list, set] = useListState('')
  // The study's next action leads here with `#make`: the form is what was asked for.
  const asked = useLocation({ select: (l) => l.hash === 'make' })
  const navigate = useNavigate()
  useEffect(() => {
    if (!asked) return
    setMaking(true)
    void navigate({ to: '.', search: true, replace: true })
  }, [asked, navigate])
  const done = (link: LinkRow) => {
    setMade(link)
    setMaking(false)
    void client.invalidateQueries({ queryKey: ['links', study.studyId] })
  }
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />
  if (!makesLinks(study.runtime))
    return (
      <Empty title="Links of this study are made on its JATOS server">
        Its runtime is “jatos”. Change that under Settings to run it here.
      </Empty>
    )
  const shown = data.filter(
    (link) =>
      (!list.state || link.state === list.state) &&
      `${link.label} ${link.kind} ${link.code}`.toLowerCase().includes(list.q.toLowerCase()),
  )
  const button = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setMaking(true)}
      disabled={study.version === 0}
    >
      Make a link
    </Button>
  )
  return (
    <Stack gap="sm">
      {made && (
        <div className="panel" role="status">
          <Text fw={600} mb={4}>
            The link is ready
          </Text>
          <CopyId value={made.url} label="link" />
          <Text size="sm" c="dimmed" mt={4}>
            {whatToDoWith(made, study)} It expires <RelativeTime at={made.expires} />.
          </Text>
        </div>
      )}
      {data.length === 0 ? (
        <Empty title="No links yet" action={button}>
          {study.version === 0
            ? 'Publish the content first: a link leads to a version.'
            : 'A link is the address that participants open. They need no account; whoever has the link can take part until it expires, is full or is revoked.'}
        </Empty>
      ) : (
        <>
          <Group justify="flex-end">{button}</Group>
          {data.length > 5 && <ListControls list={list} set={set} states={states} placeholder="Search links" />}
          <Table.ScrollContainer minWidth={620}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Link</Table.Th>
                  <Table.Th>Kind</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th>Started</Table.Th>
                  <Table.Th>Expires</Table.Th>
                  <Table.Th>
                    <span className="sr">Acts</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((link) => (
                  <Row key={link.code} link={link} study={study} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {shown.length === 0 && (
            <Text c="dimmed" size="sm">
              No link matches.
            </Text>
          )}
        </>
      )}
      {making && <MakeLink study={study} close={() => setMaking(false)} done={done} />}
    </Stack>
  )
}

function Row({ link, study }: { link: LinkRow; study: Study }) {
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const revoke = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await api.studies.revokeLink({ params: { studyId: study.studyId, code: link.code } })
      await client.invalidateQueries({ queryKey: ['links', study.studyId] })
      setAsking(false)
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <Text size="sm" fw={500}>
            {link.label || 'No label'}
          </Text>
          <CopyId value={link.url} show={`…/p/${link.code.slice(0, 6)}…`} label={`link ${link.label}`} />
        </Table.Td>
        <Table.Td>
          <Text size="sm" title={linkKindMeaning[link.kind]}>
            {link.kind}
          </Text>
          {link.outsideIdParameter && (
            <Text size="xs" c="dimmed">
              {link.outsideIdParameter}
            </Text>
          )}
        </Table.Td>
        <Table.Td>
          <StateBadge of="link" state={link.state} />
        </Table.Td>
        <Table.Td className="figures nowrap">
          {link.started}
          {link.quota !== undefined ? ` of ${link.quota}` : ''}
        </Table.Td>
        <Table.Td>
          <RelativeTime at={link.expires} />
        </Table.Td>
        <Table.Td ta="right" className="nowrap">
          {link.state === 'open' && !asking && (
            <Group gap={6} justify="flex-end" wrap="nowrap">
              {(link.kind === 'preview' || study.state === 'live') && (
                <Button
                  component="a"
                  href={link.url}
                  target="_blank"
                  rel="noreferrer"
                  size="compact-sm"
                  variant="default"
                >
                  Open
                </Button>
              )}
              <Button
                size="compact-sm"
                variant="default"
                onClick={() => setAsking(true)}
                aria-label={`Revoke link ${link.label || link.code}`}
              >
                Revoke
              </Button>
            </Group>
          )}
        </Table.Td>
      </Table.Tr>
      {asking && (
        <Table.Tr>
          <Table.Td colSpan={6}>
            <Group gap="sm">
              <Text size="sm">
                Nobody will be able to start with this link any more; runs already started go on. This cannot be undone.
              </Text>
              <Button size="compact-sm" color="red.8" loading={busy} onClick={() => void revoke()}>
                Revoke it
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => setAsking(false)}>
                Keep it
              </Button>
            </Group>
            <ProblemNotice error={error} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  )
}

function whatToDoWith(made: LinkRow, study: Study): string {
  if (made.kind === 'preview') return 'Open it yourself: it works before launch and never counts.'
  return study.state === 'live' ? 'Send it to participants.' : 'It works once the study is launched.'
}
