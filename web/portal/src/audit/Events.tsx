import { Anchor, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Client } from '../../../../clients/api.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { type Names, useNames } from './names.ts'
import { actWords, detailWords } from './words.ts'

export type AuditEvent = Awaited<ReturnType<Client['audit']['events']>>['items'][number]

/** Who did it, by name where one is known. */
function Who({ who, names }: { who: AuditEvent['who']; names: Names }) {
  if (who.kind === 'participant') return <>A participant</>
  if (who.kind === 'platform') return <>The platform</>
  return (
    <>
      {who.name ?? names.person(who.id.split('/')[0]!)}
      {who.kind === 'token' && (
        <Text span size="xs" c="dimmed">
          {' '}
          by access token
        </Text>
      )}
    </>
  )
}

/** Where the pages of each kind of thing are. */
const pagesOf: Record<string, string | undefined> = {
  study: '/studies',
  run: '/runs',
  dataset: '/datasets',
  job: '/analyses',
}
function titleOf(kind: string, id: string, names: Names): string | undefined {
  if (kind === 'study') return names.study(id)
  return kind === 'person' ? names.person(id) : undefined
}
function shortId(kind: string, id: string): string {
  if (kind === 'run') return id.slice(4, 12)
  return id.length > 20 ? `${id.slice(0, 12)}…` : id
}

function Target({ object, names }: { object: string; names: Names }) {
  const [kind = '', id = ''] = object.split(' ')
  const title = titleOf(kind, id, names)
  const folder = pagesOf[kind]
  const to = folder && `${folder}/${id}`
  const text = (
    <Text span size="sm" ff={title ? undefined : 'monospace'}>
      {title ?? shortId(kind, id)}
    </Text>
  )
  return (
    <span title={object}>
      {kind}{' '}
      {to ? (
        <Anchor component={Link} to={to} size="sm">
          {text}
        </Anchor>
      ) : (
        text
      )}
    </span>
  )
}

/** Events as rows, newest first; what was noted with an act stands under it. */
export function Events({ events, broken }: { events: readonly AuditEvent[]; broken?: number | undefined }) {
  const names = useNames()
  return (
    <Table.ScrollContainer minWidth={320}>
      <Table className="figures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={64}>No.</Table.Th>
            <Table.Th visibleFrom="sm">When</Table.Th>
            <Table.Th visibleFrom="sm">Who</Table.Th>
            <Table.Th>Did what</Table.Th>
            <Table.Th visibleFrom="sm">To what</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {events.map((event) => (
            <Table.Tr key={event.seq} data-broken={event.seq === broken || undefined}>
              <Table.Td valign="top">{event.seq}</Table.Td>
              <Table.Td valign="top" visibleFrom="sm">
                <RelativeTime at={event.at} />
              </Table.Td>
              <Table.Td valign="top" visibleFrom="sm">
                <Who who={event.who} names={names} />
              </Table.Td>
              <Table.Td valign="top">
                {actWords[event.act]}
                {event.seq === broken && (
                  <Text span c="var(--mantine-color-error)" fw={600}>
                    {' '}
                    · first break
                  </Text>
                )}
                <Text component="div" size="sm" hiddenFrom="sm">
                  <Who who={event.who} names={names} />, <RelativeTime at={event.at} />
                  <br />
                  <Target object={event.object} names={names} />
                </Text>
                {Object.keys(event.detail).length > 0 && (
                  <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                    {detailWords(event.detail, names)}
                  </Text>
                )}
              </Table.Td>
              <Table.Td valign="top" visibleFrom="sm">
                <Target object={event.object} names={names} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
