import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Study } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'

/** Studies that are not launched yet: without a version they lack content, with one somebody to launch them. */
export const Drafts = ({ studies }: { studies: Study[] }) => (
  <Section title="Drafts to finish">
    <ul className="todo">
      {studies.map((study) => (
        <li key={study.studyId}>
          <Anchor
            component={Link}
            to={`/studies/${study.studyId}/${study.version === 0 ? 'content' : 'overview'}`}
            fw={500}
          >
            {study.title}
          </Anchor>
          <Text size="sm" c="dimmed" component="div">
            {study.version === 0 ? 'Nothing published yet' : 'Published, not launched'}, changed{' '}
            <RelativeTime at={study.changed} />
          </Text>
        </li>
      ))}
    </ul>
  </Section>
)
