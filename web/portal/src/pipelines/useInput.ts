import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { PublishProgress } from '../../../../clients/publish.ts'
import { pathOf, sendWithProgress } from '../parts/upload.ts'
import { api } from '../session/session.ts'
import type { Experiment } from './data.ts'

export type Declared = Experiment['definition']['inputs'][number]
/** Where the files of an input come from. */
export type Source =
  | { from: 'upload'; path: string; size: number; sha256: string }
  | { from: 'run'; jobId: string; path: string }
  | { from: 'release'; jobId: string }
  | { from: 'dataset'; datasetId: string }
export type Proposal = Awaited<ReturnType<typeof api.pipelines.propose>>

/** A stored name: what systems leave behind and marks on letters are left out. */
const cleanPath = (path: string): string =>
  path
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._ +()@=,/-]/g, '')
    .split('/')
    .map((p) => p.replace(/^\.+/, ''))
    .filter(Boolean)
    .join('/')
type Given = Experiment['inputs'][number]
const known = ({ dataset, files }: Given): Source[] =>
  dataset ? [{ from: 'dataset', datasetId: dataset.datasetId }] : files.map(sourceOf)
function sourceOf({ from, jobId, path, size, sha256 }: Given['files'][number]): Source {
  if (from === 'upload' || !jobId) return { from: 'upload', path, size, sha256 }
  return from === 'run' ? { from: 'run', jobId, path } : { from: 'release', jobId }
}

/**
 * What can be done with one input of an experiment: `replace` changes what is in it, `take` sends files and puts them
 * in, `look` asks what can be known from images. `choosing`: what it is being filled from, other than files. `took`
 * gets the changed experiment, `propose` the parameters that were read from images.
 */
export function useInput(
  experiment: Experiment,
  input: Declared,
  took: (experiment: Experiment) => void,
  propose: (parameters: Record<string, number>) => void,
) {
  const [progress, setProgress] = useState<PublishProgress>()
  const [error, setError] = useState<unknown>()
  const [choosing, setChoosing] = useState<'run' | 'dataset'>()
  const look = useMutation({
    mutationFn: (): Promise<Proposal> =>
      api.pipelines.propose({ params: { experimentId: experiment.experimentId }, body: { input: input.name } }),
    onSuccess: (pinned) => {
      if (Object.keys(pinned.parameters).length > 0) propose(pinned.parameters)
    },
  })
  const put = async (sources: Source[]) => {
    const inputs = {
      ...Object.fromEntries(experiment.inputs.filter((i) => i.name !== input.name).map((i) => [i.name, known(i)])),
      ...(sources.length > 0 ? { [input.name]: sources } : {}),
    }
    took(
      await api.pipelines.changeExperiment({
        params: { experimentId: experiment.experimentId },
        body: { rev: experiment.rev, inputs },
      }),
    )
    setChoosing(undefined)
    if (input.kind === 'images' && sources.length > 0) look.mutate()
    else look.reset()
  }
  const act = async (run: () => Promise<unknown>) => {
    setError(undefined)
    try {
      await run()
    } catch (error) {
      setError(error)
    } finally {
      setProgress(undefined)
    }
  }
  const take = (files: File[]) =>
    act(async () => {
      const named = files.map((f) => ({ path: cleanPath(pathOf(f)), data: f })).filter((f) => f.path !== '')
      const empty = named.find((f) => f.data.size === 0)
      if (empty) throw new Error(`The file “${empty.path}” is empty.`)
      const { sendFiles } = await import('../../../../clients/publish.ts')
      const sent = await sendFiles({
        files: named,
        progress: setProgress,
        send: sendWithProgress,
        ask: async (some) =>
          (
            await api.pipelines.inputUploads({
              params: { experimentId: experiment.experimentId },
              body: { files: some },
            })
          ).uploads,
      })
      await put(sent.map((f) => ({ from: 'upload', ...f })))
    })
  const replace = (sources: Source[]) => void act(() => put(sources))
  return { look, progress, error, choosing, setChoosing, replace, take }
}
