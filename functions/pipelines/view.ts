/** Pipelines, experiments and runs as people see them. */
import type { z } from 'zod'
import type { Experiment, Pipeline, PipelineRun, PipelineVersion } from '../../contracts/pipelines.shapes.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import { failureOf, isOver, runStateOf } from '../../domain/pipelines/life.ts'
import type { Item } from '../../ports/table.ts'
import {
  type ExperimentItem,
  type PipelineItem,
  type PipelineRunFacts,
  type PipelineVersionItem,
} from '../kernel/items.ts'
import type { QueueStanding } from './queue.ts'
import { Names } from '../kernel/names.ts'
import type { RunJob } from './run-job.ts'

/** A pipeline as this person may see it. */
export const toPipeline = (pipeline: Item<PipelineItem>, subject: Subject): z.input<typeof Pipeline> => ({
  pipelineId: pipeline.pipelineId,
  organisationId: pipeline.organisationId,
  name: pipeline.name,
  title: pipeline.title,
  description: pipeline.description,
  runtime: pipeline.runtime,
  version: pipeline.version,
  parameters: pipeline.parameters,
  archived: pipeline.archived,
  created: pipeline.created,
  changed: pipeline.changed,
  rev: pipeline.rev!,
  may: [
    ...(may(subject, 'pipeline.publish') ? ['publish' as const, 'archive' as const] : []),
    ...(!pipeline.archived && may(subject, 'experiments.create') ? ['run' as const] : []),
  ],
})

/** A version of a pipeline, without its definition. */
export const toVersion = async (
  names: Names,
  version: PipelineVersionItem,
): Promise<z.input<typeof PipelineVersion>> => ({
  version: version.version,
  codeHash: version.codeHash,
  note: version.note,
  published: version.published,
  publishedBy: { userId: version.publishedBy, name: await names.person(version.publishedBy) },
  files: version.files.length,
  bytes: version.files.reduce((n, f) => n + f.size, 0),
})

/** An experiment as this viewer may see it, with its newest run. */
export async function toExperiment(
  names: Names,
  experiment: Item<ExperimentItem>,
  viewer: { userId: string; subject: Subject },
): Promise<z.input<typeof Experiment>> {
  const who: Subject = { ...viewer.subject, owner: experiment.userId === viewer.userId, shared: experiment.shared }
  const [owner, pipeline, last] = await Promise.all([
    names.person(experiment.userId),
    names.pipeline(experiment.pipelineId),
    experiment.last === undefined ? undefined : names.job(experiment.last),
  ])
  return {
    experimentId: experiment.experimentId,
    organisationId: experiment.organisationId,
    pipelineId: experiment.pipelineId,
    pipeline,
    version: experiment.version,
    title: experiment.title,
    description: experiment.description,
    owner: { userId: experiment.userId, name: owner },
    shared: experiment.shared,
    archived: experiment.archived,
    created: experiment.created,
    changed: experiment.changed,
    rev: experiment.rev!,
    runs: experiment.runs,
    last: last && { jobId: last.jobId, state: runStateOf(last), created: last.created },
    may: [
      ...(may(who, 'experiment.edit') ? ['edit' as const] : []),
      ...(may(who, 'experiment.run') ? ['run' as const] : []),
    ],
  }
}

const megabyte = 1024 * 1024
const rounded = (v: number, digits: number): number => Number(v.toFixed(digits))

const failureIn = ({ problem, run }: RunJob) =>
  problem && failureOf(problem.code, { ...run, seconds: run.resources.seconds, memoryMb: run.resources.memoryMb })

const mayDoWith = (who: Subject, over: boolean): z.input<typeof PipelineRun>['may'] => [
  ...(!over && may(who, 'experiment.stop') ? ['cancel' as const] : []),
  ...(may(who, 'experiment.run') ? ['again' as const] : []),
  ...(may(who, 'experiment.log') ? ['log' as const] : []),
]

const usedBy = ({ cpuSeconds, peakMemoryBytes = 0 }: PipelineRunFacts) =>
  cpuSeconds === undefined
    ? undefined
    : { cpuSeconds: rounded(cpuSeconds, 2), peakMemoryMb: rounded(peakMemoryBytes / megabyte, 1) }

/** A run. `standing` says where it waits; without it the queue is left out. */
export async function toRun(
  names: Names,
  job: RunJob,
  viewer: { userId: string; subject: Subject },
  standing?: QueueStanding,
): Promise<z.input<typeof PipelineRun>> {
  const { run } = job
  const experiment = await names.experiment(run.experimentId)
  const confidential = job.datasetId !== ''
  const who: Subject = {
    ...viewer.subject,
    owner: job.userId === viewer.userId,
    shared: experiment?.shared === true,
    confidential,
  }
  const state = runStateOf(job)
  const over = isOver(state)
  const failure = over ? failureIn(job) : undefined
  const queue = state === 'queued' ? standing?.of(job.jobId) : undefined
  return {
    jobId: job.jobId,
    number: run.number,
    title: job.title,
    experimentId: run.experimentId,
    experiment: experiment?.title ?? '',
    organisationId: job.organisationId,
    pipelineId: run.pipelineId,
    pipeline: run.pipeline,
    version: run.version,
    owner: { userId: job.userId, name: await names.person(job.userId) },
    state,
    waiting: over ? undefined : job.waiting,
    created: job.created,
    started: run.began ?? (state === 'running' ? job.steps.compute?.started : undefined),
    ended: confidential && job.ended ? `${job.ended.slice(0, 19)}Z` : job.ended,
    seconds: run.seconds,
    parameters: run.parameters,
    resources: run.resources,
    codeHash: run.codeHash,
    inputs: run.inputs,
    hash: job.pin,
    exitCode: run.exitCode,
    signal: run.signal,
    problem: failure,
    metrics: run.metrics ?? [],
    steps: run.steps ?? [],
    used: usedBy(run),
    artifacts: run.artifacts ?? 0,
    bytes: run.bytes ?? 0,
    confinement: job.confinement,
    image: run.image,
    queue,
    againOf: run.againOf,
    sweep: run.sweep,
    confidential,
    may: mayDoWith(who, over),
  }
}
