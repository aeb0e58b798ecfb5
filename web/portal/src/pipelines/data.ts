/** Questions about pipelines, experiments and runs that several pages ask. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { isOver } from '../../../../domain/pipelines/life.ts'
import type { ParameterSchema } from '../../../../domain/pipelines/parameters.ts'
import { api } from '../session/session.ts'
import { everything } from '../queries/everything.ts'

export type Pipeline = Awaited<ReturnType<Client['pipelines']['list']>>['items'][number]
export type Definition = Awaited<ReturnType<Client['pipelines']['get']>>['definition']
export type Experiment = Awaited<ReturnType<Client['pipelines']['experiment']>>
export type ExperimentRow = Awaited<ReturnType<Client['pipelines']['experiments']>>['items'][number]
export type Run = Awaited<ReturnType<Client['pipelines']['run']>>
export type Artifact = Awaited<ReturnType<Client['pipelines']['artifacts']>>['items'][number]
export type Comparison = Awaited<ReturnType<Client['pipelines']['compare']>>

export const schemaOf = (d: Definition): ParameterSchema => d.parameters as ParameterSchema
export const usePipelines = (organisationId: string | undefined) =>
  useQuery({
    queryKey: ['pipelines', organisationId],
    enabled: organisationId !== undefined,
    queryFn: (): Promise<Pipeline[]> =>
      everything((after) =>
        api.pipelines.list({ params: { organisationId: organisationId! }, query: { limit: 200, after } }),
      ),
  })
export const useExperiments = (organisationId: string | undefined) =>
  useQuery({
    queryKey: ['experiments', organisationId],
    enabled: organisationId !== undefined,
    refetchInterval: 10_000,
    queryFn: (): Promise<ExperimentRow[]> =>
      everything((after) =>
        api.pipelines.experiments({ params: { organisationId: organisationId! }, query: { limit: 200, after } }),
      ),
  })
export const pipelineQuery = (pipelineId: string) =>
  queryOptions({ queryKey: ['pipeline', pipelineId], queryFn: () => api.pipelines.get({ params: { pipelineId } }) })
export const experimentQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ['experiment', experimentId],
    queryFn: () => api.pipelines.experiment({ params: { experimentId } }),
  })
const often = (runs: readonly Run[] | undefined): number => (runs?.some((r) => !isOver(r.state)) ? 1_500 : 10_000)
export const runsOfQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ['pipeline-runs', experimentId],
    refetchInterval: (q) => often(q.state.data),
    queryFn: (): Promise<Run[]> =>
      everything((after) => api.pipelines.runsOf({ params: { experimentId }, query: { limit: 100, after } })),
  })
/** The newest of one's own runs: enough for a list that is filtered by its page. */
export const myRunsQuery = () =>
  queryOptions({
    queryKey: ['pipeline-runs'],
    refetchInterval: (q) => often(q.state.data),
    queryFn: async (): Promise<Run[]> => (await api.pipelines.runs({ query: { limit: 200 } })).items,
  })
export const runQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['pipeline-run', jobId],
    queryFn: () => api.pipelines.run({ params: { jobId } }),
    refetchInterval: (q) => (q.state.data && isOver(q.state.data.state) ? false : 1_000),
  })
export const artifactsQuery = (jobId: string, ended: boolean) =>
  queryOptions({
    queryKey: ['artifacts', jobId, ended],
    enabled: ended,
    staleTime: Infinity,
    queryFn: () => api.pipelines.artifacts({ params: { jobId } }),
  })
/** A signed link to an artifact; asked again before it ends. */
export const artifactQuery = (jobId: string, path: string) =>
  queryOptions({
    queryKey: ['artifact', jobId, path],
    staleTime: 5 * 60_000,
    queryFn: () => api.pipelines.artifact({ params: { jobId }, query: { path } }),
  })
