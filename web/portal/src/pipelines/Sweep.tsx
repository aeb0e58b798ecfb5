import { ActionIcon, Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { Parameter } from '../../../../domain/pipelines/parameters.ts'
import { mostAxes, mostRuns } from '../../../../domain/pipelines/sweep.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { type Experiment, schemaOf } from './data.ts'
import type { Values } from './ParameterForm.tsx'

const parse = (parameter: Parameter | undefined, text: string): unknown[] =>
  text
    .split(',')
    .map((t) => t.trim())
    .filter(Boolean)
    .map((t) => valueOf(parameter?.type, t))
function valueOf(type: Parameter['type'] | undefined, text: string): unknown {
  if (type === 'boolean') return text === 'true' || text === 'yes'
  if (type === 'string') return text
  return type === 'array' ? text.split(/\s+/).map(Number) : Number(text)
}
function exampleOf(parameter: Parameter | undefined): string {
  if (parameter?.type === 'array') return '8 8, 16 16'
  if (parameter?.type === 'boolean') return 'yes, no'
  return parameter?.enum?.join(', ') ?? '0.2, 0.3, 0.4'
}

/** A run for every combination of the values of a few parameters. */
export function Sweep({
  experiment,
  parameters,
  opened,
  close,
  done,
}: {
  experiment: Experiment
  parameters: Values
  opened: boolean
  close: () => void
  done: () => void
}) {
  const schema = schemaOf(experiment.definition)
  const [axes, setAxes] = useState<{ parameter: string; text: string }[]>([
    { parameter: Object.keys(schema.properties)[0] ?? '', text: '' },
  ])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const over = axes.map((a) => ({ parameter: a.parameter, values: parse(schema.properties[a.parameter], a.text) }))
  const runs = over.reduce((n, a) => n * a.values.length, 1)
  const start = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await api.pipelines.sweep({
        params: { experimentId: experiment.experimentId },
        body: { over: over as never, parameters: parameters as never },
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
      done()
    } catch (error) {
      setError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={close} title="Run a sweep" size="lg">
      <Stack gap="sm">
        <Text size="sm">
          Every combination becomes a run. At most {mostAxes} parameters and {mostRuns} runs.
        </Text>
        {axes.map((axis, index) => {
          const parameter = schema.properties[axis.parameter]
          return (
            <Group key={index} align="flex-end" wrap="nowrap">
              <Select
                label="Parameter"
                data={Object.entries(schema.properties).map(([value, q]) => ({ value, label: q.title ?? value }))}
                value={axis.parameter}
                onChange={(v) => setAxes(axes.map((x, j) => (j === index ? { parameter: v ?? '', text: '' } : x)))}
                allowDeselect={false}
                searchable
                w={220}
              />
              <TextInput
                label="Values"
                placeholder={exampleOf(parameter)}
                value={axis.text}
                onChange={(x) => setAxes(axes.map((y, j) => (j === index ? { ...y, text: x.currentTarget.value } : y)))}
                className="grow"
              />
              {axes.length > 1 && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={36}
                  aria-label={`Remove ${axis.parameter}`}
                  onClick={() => setAxes(axes.filter((_, j) => j !== index))}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              )}
            </Group>
          )
        })}
        {axes.length < mostAxes && (
          <div>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() =>
                setAxes([
                  ...axes,
                  {
                    parameter: Object.keys(schema.properties).find((n) => !axes.some((a) => a.parameter === n)) ?? '',
                    text: '',
                  },
                ])
              }
            >
              Another parameter
            </Button>
          </div>
        )}
        <ProblemNotice error={error} title="It was not started" />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Close
          </Button>
          <Button loading={busy} disabled={runs < 1 || runs > mostRuns} onClick={() => void start()}>
            {runs < 1 ? 'Type values' : `Start ${runs} ${runs === 1 ? 'run' : 'runs'}`}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
