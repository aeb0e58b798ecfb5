import { Anchor, List, Text, ThemeIcon } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { makesLinks } from '../../../../domain/studies/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { linksQuery } from '../queries/studies.ts'

/** The way from nothing to the first participant, with what is done ticked off. Gone once runs arrive. */
export function FirstSteps({ study, runs, previews }: { study: Study; runs: number; previews: number }) {
  const may = useMay()
  const edit = may('study.edit', study)
  const { data: links } = useQuery({ ...linksQuery(study.studyId), enabled: edit })
  if (runs > 0) return null
  if (!edit) return <Text c="dimmed">No participant has started yet. Figures appear here as soon as one does.</Text>
  const to = (tab: string, label: string) => (
    <Anchor component={Link} to={`/studies/${study.studyId}/${tab}`} underline="always">
      {label}
    </Anchor>
  )
  const linked = links?.some((l) => l.kind !== 'preview' && l.state === 'open') ?? false
  const steps: [done: boolean, what: ReactNode][] = [
    [
      study.version > 0,
      <>{to('content', 'Publish the content')}: what participants will see, checked and kept as version 1</>,
    ],
    [
      previews > 0,
      <>
        Try it yourself with <b>Try it</b> above: previews never count
      </>,
    ],
    ...(makesLinks(study.runtime)
      ? [[linked, <>{to('links', 'Make a link')} for participants</>] as [boolean, ReactNode]]
      : []),
    [study.state === 'live', <>Launch: from then on the link works</>],
  ]
  return (
    <Section
      title={study.state === 'live' ? 'Waiting for the first participant' : 'On the way to the first participant'}
    >
      <List spacing="sm" center>
        {steps.map(([done, what], index) => (
          <List.Item
            key={index}
            icon={
              <ThemeIcon size={24} radius="xl" variant={done ? 'filled' : 'default'}>
                {done ? <IconCheck size={15} aria-label="done" /> : <span aria-label="to do">{index + 1}</span>}
              </ThemeIcon>
            }
          >
            <Text span c={done ? 'dimmed' : undefined}>
              {what}
            </Text>
          </List.Item>
        ))}
      </List>
    </Section>
  )
}
