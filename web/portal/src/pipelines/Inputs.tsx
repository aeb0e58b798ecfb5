import { Button, Group, Text } from '@mantine/core'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { UploadProgress } from '../parts/UploadProgress.tsx'
import type { Experiment } from './data.ts'
import { ImageFindings, InputContents } from './InputContents.tsx'
import { InputChoice, InputDrop } from './InputSources.tsx'
import { type Declared, useInput } from './useInput.ts'

/**
 * One input: what is in it, and ways to put something in. Images are looked at, and what can be known from them is
 * proposed.
 */
export function Input({
  experiment,
  input,
  took,
  propose,
}: {
  experiment: Experiment
  input: Declared
  took: (e: Experiment) => void
  propose: (parameters: Record<string, number>) => void
}) {
  const { look, progress, error, choosing, setChoosing, replace, take } = useInput(experiment, input, took, propose)
  const own = experiment.inputs.find((i) => i.name === input.name)
  const fault = experiment.faults.find((f) => f.path.startsWith(`/inputs/${input.name}`))
  const can = experiment.may.includes('edit')
  return (
    <div className="panel">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div>
          <Text fw={600}>
            {input.title ?? input.name}
            {input.required ? (
              ''
            ) : (
              <Text span size="sm" c="dimmed">
                {' '}
                (optional)
              </Text>
            )}
          </Text>
          {input.help && (
            <Text size="sm" c="dimmed" maw={560}>
              {input.help}
            </Text>
          )}
        </div>
        {can && own && (
          <Button size="compact-xs" variant="subtle" className="nowrap" flex="none" onClick={() => replace([])}>
            Take out
          </Button>
        )}
      </Group>
      {own && <InputContents own={own} />}
      <ImageFindings experiment={experiment} look={look} />
      {fault && own && !progress && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert" mt={4}>
          {fault.message}
        </Text>
      )}
      {progress && <UploadProgress progress={progress} />}
      {!progress && can && (
        <InputDrop input={input} filled={own !== undefined} take={(files) => void take(files)} choose={setChoosing} />
      )}
      <InputChoice from={choosing} replace={replace} />
      <ProblemNotice error={error} title="It could not be put in" />
    </div>
  )
}
