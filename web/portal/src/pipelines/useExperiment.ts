import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useRef } from 'react'
import type { ParameterSchema } from '../../../../domain/pipelines/parameters.ts'
import { type Acting, useAct, useDraft } from '../hooks.ts'
import { api } from '../session/session.ts'
import { type Experiment, schemaOf } from './data.ts'
import { valueFaultsOf, type Values } from './ParameterForm.tsx'

type Change = Omit<Parameters<typeof api.pipelines.changeExperiment>[0]['body'], 'rev'>

export interface ExperimentActs extends Acting {
  schema: ParameterSchema
  /** The parameters as they are typed, or as they were saved last. */
  values: Values
  faults: Map<string, string>
  /** Something was typed and not saved. */
  unsaved: boolean
  setValues: (values: Values) => void
  undo: () => void
  save: () => void
  start: () => void
  change: (part: Change) => void
  /** Takes over what the server answered. */
  took: (next: Experiment) => void
  /** What it lacks before it can run, in a sentence without a full stop. */
  lacks: string | undefined
}

function lackOf(experiment: Experiment, faults: Map<string, string>): string | undefined {
  const given = new Set(experiment.inputs.map((input) => input.name))
  const missing = experiment.definition.inputs.find((input) => input.required && !given.has(input.name))
  if (missing) return `${missing.title ?? missing.name} is missing`
  return faults.size > 0 ? 'A parameter has something wrong' : undefined
}

/** What can be done with an experiment. `runs` is how many runs it has, once that is known. */
export function useExperiment(experiment: Experiment, runs: number | undefined): ExperimentActs {
  const client = useQueryClient()
  const navigate = useNavigate()
  const acting = useAct()
  const { act } = acting
  const { experimentId, rev, parameters, definition } = experiment
  const [draft, setDraft] = useDraft<Values>(`experiment.${experimentId}`)
  const values = draft ?? parameters
  const schema = schemaOf(definition)
  const faults = useMemo(() => valueFaultsOf(schema, values), [schema, values])
  const begun = useRef<{ of: string; key: string }>(undefined)
  const took = (next: Experiment) => {
    client.setQueryData(['experiment', experimentId], next)
    void client.invalidateQueries({ queryKey: ['experiments'] })
  }
  const send = async (part: Change) =>
    took(await api.pipelines.changeExperiment({ params: { experimentId }, body: { rev, ...part } }))
  const save = async () => {
    await send({ parameters: values as never })
    setDraft(undefined)
  }
  const start = async () => {
    if (draft) await save()
    // A lost answer is asked for again under the same key, and starts nothing twice.
    const of = JSON.stringify([values, runs])
    if (begun.current?.of !== of) begun.current = { of, key: crypto.randomUUID() }
    const run = await api.pipelines.start({
      params: { experimentId },
      body: {},
      headers: { 'idempotency-key': begun.current.key },
    })
    void client.invalidateQueries({ queryKey: ['pipeline-runs'] })
    void navigate({ to: `/pipeline-runs/${run.jobId}` })
  }
  return {
    ...acting,
    schema,
    values,
    faults,
    unsaved: draft !== undefined,
    setValues: setDraft,
    undo: () => setDraft(undefined),
    save: () => void act('save', save),
    start: () => void act('start', start),
    change: (part) => void act(`change ${JSON.stringify(part)}`, () => send(part)),
    took,
    lacks: lackOf(experiment, faults),
  }
}
