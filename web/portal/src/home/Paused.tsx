import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Study } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'

/** Studies that somebody has paused, lest they be forgotten. */
export const Paused = ({ studies }: { studies: Study[] }) => (
  <Section title="Paused">
    <ul className="todo">
      {studies.map((study) => (
        <li key={study.studyId}>
          <Anchor component={Link} to={`/studies/${study.studyId}/overview`} fw={500}>
            {study.title}
          </Anchor>
          <Text size="sm" c="dimmed">
            No new participants can start
          </Text>
        </li>
      ))}
    </ul>
  </Section>
)
