import { Button, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { ParameterSchema } from '../../../../domain/pipelines/parameters.ts'
import { useAct } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { pipelineQuery, type Run, schemaOf } from './data.ts'
import { ParameterForm, valueFaultsOf, type Values } from './ParameterForm.tsx'
import styles from './RunAgain.module.css'

/** The parameters of the run's own version; of the newest one until that has come. */
function useParametersOf(run: Run): { schema: ParameterSchema | undefined; error: unknown } {
  const { data: pipeline, error } = useQuery(pipelineQuery(run.pipelineId))
  const { data: version } = useQuery({
    queryKey: ['pipeline-version', run.pipelineId, run.version],
    queryFn: () => api.pipelines.version({ params: { pipelineId: run.pipelineId, version: run.version } }),
    staleTime: Infinity,
  })
  const definition = version?.definition ?? pipeline?.definition
  return { schema: definition && schemaOf(definition), error }
}

/** The same version, inputs and parameters, with something else. */
export function RunAgain({ run, close }: { run: Run; close: () => void }) {
  const { schema, error } = useParametersOf(run)
  return (
    <Modal opened onClose={close} title="Run again with edits" size="xl">
      <ProblemNotice error={error} />
      {schema ? <Edits run={run} schema={schema} close={close} /> : <LoadingRows />}
    </Modal>
  )
}

type Limits = Partial<Record<'memoryMb' | 'seconds', number>>

function Edits({ run, schema, close }: { run: Run; schema: ParameterSchema; close: () => void }) {
  const navigate = useNavigate()
  const { busy, error, act } = useAct()
  const [edits, setEdits] = useState<Values>({})
  const [title, setTitle] = useState('')
  const [limits, setLimits] = useState<Limits>({})
  const faults = useMemo(() => valueFaultsOf(schema, { ...run.parameters, ...edits }), [schema, run.parameters, edits])
  const start = () =>
    act('start', async () => {
      const begun = await api.pipelines.again({
        params: { jobId: run.jobId },
        body: {
          parameters: edits as never,
          ...(title.trim() ? { title: title.trim() } : {}),
          ...(Object.keys(limits).length > 0 ? { resources: limits } : {}),
        },
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
      void navigate({ to: `/pipeline-runs/${begun.jobId}` })
      close()
    })
  const limit = (key: keyof Limits, label: string) => (
    <NumberInput
      label={label}
      placeholder={String(run.resources[key])}
      value={limits[key] ?? ''}
      onChange={(value) => {
        const { [key]: _, ...rest } = limits
        setLimits(value === '' ? rest : { ...rest, [key]: Number(value) })
      }}
      hideControls
    />
  )
  return (
    <Stack gap="sm">
      <ParameterForm schema={schema} values={edits} base={run.parameters} change={setEdits} faults={faults} />
      <div className="fields">
        <TextInput
          label="Title of the run"
          placeholder={run.title}
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          maxLength={120}
        />
        {limit('memoryMb', 'Memory (MB)')}
        {limit('seconds', 'Time (s)')}
      </div>
      <ProblemNotice error={error} title="It was not started" />
      <Group justify="flex-end" className={styles.foot}>
        <Button variant="default" onClick={close}>
          Close
        </Button>
        <Button loading={busy !== ''} disabled={faults.size > 0} onClick={() => void start()}>
          Start the run
        </Button>
      </Group>
    </Stack>
  )
}
