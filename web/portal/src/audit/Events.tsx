import { Anchor, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Client } from '../../../../clients/api.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { actWords, detailText } from './words.ts'

export type AuditEvent = Awaited<ReturnType<Client['audit']['events']>>['items'][number]

const kindWords = { person: '', token: 'by access token', participant: 'Participant', platform: 'Platform' } as const

/** Who did it: a name where the server knows one, else the kind and the id. */
function Who({ who }: { who: AuditEvent['who'] }) {
  const name = who.name ?? (who.kind === 'participant' || who.kind === 'platform' ? kindWords[who.kind] : who.id.split('/')[0]!)
  return <>{name}{who.kind === 'token' && <Text span size="xs" c="dimmed"> by access token</Text>}</>
}

function Target({ object }: { object: string }) {
  const [kind = '', id = ''] = object.split(' ')
  const short = id.length > 20 ? `${id.slice(0, 12)}…` : id
  const to = kind === 'study' ? `/studies/${id}` : kind === 'run' ? `/runs/${id}` : undefined
  return <span className="nowrap" title={object}>{kind} {to ? <Anchor component={Link} to={to} ff="monospace" size="sm">{short}</Anchor> : <Text span ff="monospace" size="sm">{short}</Text>}</span>
}

/** Events as rows, newest first; what was noted with an act stands under it. */
export function Events({ events, broken }: { events: readonly AuditEvent[]; broken?: number | undefined }) {
  return (
    <Table.ScrollContainer minWidth={320}>
      <Table className="figures">
        <Table.Thead><Table.Tr><Table.Th w={64}>No.</Table.Th><Table.Th>When</Table.Th><Table.Th>Who</Table.Th><Table.Th>Did what</Table.Th><Table.Th visibleFrom="sm">To what</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{events.map((e) => (
          <Table.Tr key={e.seq} data-broken={e.seq === broken || undefined}>
            <Table.Td valign="top">{e.seq}</Table.Td>
            <Table.Td valign="top"><RelativeTime at={e.at} /></Table.Td>
            <Table.Td valign="top"><Who who={e.who} /></Table.Td>
            <Table.Td valign="top">
              {actWords[e.act]}{e.seq === broken && <Text span c="var(--mantine-color-error)" fw={600}> · first break</Text>}
              {Object.keys(e.detail).length > 0 && <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>{Object.entries(e.detail).map(([k, v]) => `${k}: ${detailText(v)}`).join(' · ')}</Text>}
            </Table.Td>
            <Table.Td valign="top" visibleFrom="sm"><Target object={e.object} /></Table.Td>
          </Table.Tr>))}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
