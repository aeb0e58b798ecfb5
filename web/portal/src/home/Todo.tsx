import { Anchor, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Section } from '../parts/Page.tsx'

/** One thing to do: where it is done, what it is called, how it stands, and a line about it. */
interface TodoLine {
  to: string
  title: string
  state?: ReactNode
  text: ReactNode
}

/** A section of things to do; nothing at all when there are none. Each of them leads to a page of its own. */
export function Todo({ title, lines }: { title: string; lines: TodoLine[] }) {
  if (lines.length === 0) return null
  return (
    <Section title={title}>
      <ul className="todo">
        {lines.map((line) => (
          <li key={line.to}>
            <Group gap="sm">
              <Anchor component={Link} to={line.to} fw={500}>
                {line.title}
              </Anchor>
              {line.state}
            </Group>
            <Text size="sm" c="dimmed" component="div">
              {line.text}
            </Text>
          </li>
        ))}
      </ul>
    </Section>
  )
}
