import { Anchor, Group, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Study } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { linksQuery } from '../queries/studies.ts'

const soon = 24 * 3600 * 1000

/** Live studies that nobody can enter for want of an open link, and links that expire within a day. */
export function ExpiringLinks({ studies }: { studies: Study[] }) {
  const asked = studies.slice(0, 20)
  const links = useQueries({ queries: asked.map((s) => linksQuery(s.studyId)) })
  const rows = asked.flatMap((study, index) =>
    (links[index]?.data ?? [])
      .filter((l) => l.kind !== 'preview' && l.state === 'open' && new Date(l.expires).getTime() - Date.now() < soon)
      .map((link) => ({ study, link })),
  )
  const without = asked.filter(
    (s, i) =>
      s.runtime !== 'jatos' && links[i]?.data && !links[i].data.some((l) => l.kind !== 'preview' && l.state === 'open'),
  )
  if (rows.length + without.length === 0) return null
  return (
    <Section title="Links">
      <ul className="todo">
        {without.map((study) => (
          <li key={study.studyId}>
            <Group gap="xs">
              <Anchor component={Link} to={`/studies/${study.studyId}/links`} fw={500}>
                {study.title}
              </Anchor>
              <Text size="sm">is live, but has no open link</Text>
            </Group>
          </li>
        ))}
        {rows.map(({ study, link }) => (
          <li key={link.code}>
            <Group gap="xs">
              <Anchor component={Link} to={`/studies/${study.studyId}/links`} fw={500}>
                {link.label || study.title}
              </Anchor>
              <Text size="sm" component="div">
                expires <RelativeTime at={link.expires} />
              </Text>
            </Group>
          </li>
        ))}
      </ul>
    </Section>
  )
}
