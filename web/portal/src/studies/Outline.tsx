import { Text, UnstyledButton } from '@mantine/core'
import { outline } from '../../../../domain/studies/outline.ts'
import type { Configuration, TimelineNode } from '../../../../domain/studies/configuration.ts'
import { count } from '../parts/figures.ts'
import styles from './Outline.module.css'

const called = (n: TimelineNode, i: number): string =>
  n.name ?? n.type?.replace('@jspsych/plugin-', '') ?? `part ${i + 1}`
const note = (node: TimelineNode): string =>
  [
    node.timeline_variables && `${node.timeline_variables.length} variants`,
    node.repetitions && `× ${node.repetitions}`,
    node.randomize_order && 'shuffled',
    node.loop && 'loop',
    node.conditional && 'conditional',
    node.per_condition && 'by condition',
  ]
    .filter(Boolean)
    .join(', ')

/** The timeline at a glance; choosing a part goes to it in the editor. */
export function Outline({ configuration, go }: { configuration: Configuration; go: (pointer: string) => void }) {
  if (configuration.kind === 'web')
    return (
      <Text size="sm" c="dimmed">
        A web study: it opens {configuration.entry}.
      </Text>
    )
  const { trials } = outline(configuration)
  const conditions = configuration.conditions?.length ?? 0
  return (
    <>
      <Text size="sm" c="dimmed" mb={4}>
        About {count(trials, 'trial')}
        {conditions > 0 ? `, ${count(conditions, 'condition')}` : ''}
      </Text>
      <Level nodes={configuration.timeline} at="/timeline" go={go} depth={0} />
    </>
  )
}

function Level({
  nodes,
  at,
  go,
  depth,
}: {
  nodes: TimelineNode[]
  at: string
  go: (pointer: string) => void
  depth: number
}) {
  return (
    <ol className={styles.outline}>
      {nodes.slice(0, 200).map((node, index) => (
        <li key={index}>
          <UnstyledButton onClick={() => go(`${at}/${index}`)}>
            <Text span size="sm">
              {called(node, index)}
            </Text>
            {note(node) && (
              <Text span size="xs" c="dimmed">
                {' '}
                {note(node)}
              </Text>
            )}
          </UnstyledButton>
          {node.timeline && depth < 5 && (
            <Level nodes={node.timeline} at={`${at}/${index}/timeline`} go={go} depth={depth + 1} />
          )}
        </li>
      ))}
    </ol>
  )
}
