import { Group, Loader, Text } from '@mantine/core'
import { bytes, count } from '../parts/figures.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { type Experiment, schemaOf } from './data.ts'
import type { Proposal } from './useInput.ts'

/** What is in an input. */
export function InputContents({ own }: { own: Experiment['inputs'][number] }) {
  return (
    <>
      {own.dataset && (
        <Text size="sm" mt={6}>
          Dataset <b>{own.dataset.name}</b>: its release rules apply, and the log is its custodian’s.
        </Text>
      )}
      {own.files.length > 0 && (
        <Text size="sm" mt={6}>
          {own.files.length === 1 ? <b>{own.files[0]!.path}</b> : <b>{count(own.files.length, 'file')}</b>},{' '}
          {bytes(own.bytes)}
        </Text>
      )}
    </>
  )
}

/** What was read from images, and what it proposes for the pipeline's parameters. */
export function ImageFindings({
  experiment,
  look,
}: {
  experiment: Experiment
  look: { isPending: boolean; data: Proposal | undefined; error: unknown }
}) {
  const { properties } = schemaOf(experiment.definition)
  const proposed = Object.entries(look.data?.parameters ?? {}).map(
    ([name, value]) => `${(properties[name]?.title ?? name).toLowerCase()} ${value}`,
  )
  return (
    <>
      {look.isPending && (
        <Group gap="xs" mt={6} role="status">
          <Loader size="xs" />
          <Text size="sm">Looking at the images …</Text>
        </Group>
      )}
      {look.data && (
        <Text size="sm" mt={4} role="status">
          {count(look.data.frames, 'frame')} of {look.data.width} × {look.data.height} pixels, {look.data.bits} bits.
          {proposed.length > 0 ? ` Proposed: ${proposed.join(', ')}.` : ''}
          {look.data.warnings.map((warning) => (
            <Text key={warning} size="sm" c="dimmed">
              {warning}
            </Text>
          ))}
        </Text>
      )}
      <ProblemNotice error={look.error} title="The images could not be looked at" />
    </>
  )
}
