/** A run of a pipeline in words, and lines of its log. */
import type { Client } from '../../api.ts'
import { minute, table, tame } from '../text.ts'

export type Run = Awaited<ReturnType<Client['pipelines']['run']>>
type Listed = Awaited<ReturnType<Client['pipelines']['runs']>>['items'][number]
type Artifact = Awaited<ReturnType<Client['pipelines']['artifacts']>>['items'][number]

/** A line of a log for a terminal: colours and tabs stay, whatever else would steer it does not. */
export const logLine = (text: string): string =>
  text
    .split(/(\u001b\[[\d;]{0,40}m|\t)/)
    .map((part, i) => (i % 2 ? part : tame(part)))
    .join('')

/** Its state, and what of place in the queue, exit code and seconds is known. */
export const standingOf = ({ jobId, state, queue, exitCode, seconds }: Run): string =>
  [
    `${jobId}: ${state}`,
    queue ? `, ${queue.position} of ${queue.waiting} waiting` : '',
    exitCode === undefined ? '' : `, exit code ${exitCode}`,
    seconds === undefined ? '' : `, ${seconds.toFixed(1)} s`,
  ].join('')

/** A run as `run show` prints it: how it stands, its problem, its metrics, what it used and left. */
export function runText(run: Run): string {
  const { problem, metrics, used, artifacts } = run
  const metricRows = metrics.map(({ name, value }) => [name, value])
  return [
    standingOf(run),
    ...(problem ? [`${tame(problem.message)} ${tame(problem.todo)}`] : []),
    ...(metrics.length ? [table(['metric', 'value'], metricRows)] : []),
    ...(used ? [`CPU ${used.cpuSeconds} s, memory up to ${used.peakMemoryMb} MB`] : []),
    ...(artifacts ? [`${artifacts} artifacts: cloister run artifacts ${run.jobId} -o FOLDER`] : []),
  ].join('\n')
}

/** Runs as `run list` prints them. */
export const runTable = (items: readonly Listed[]): string =>
  table(
    ['run', 'state', 'pipeline', 'experiment', 'made', 'title'],
    items.map(({ jobId, state, pipeline, experiment, created, title }) => [
      jobId,
      state,
      pipeline,
      experiment,
      minute(created),
      title,
    ]),
  )

/** Artifacts as `run artifacts` prints them; sizes in bytes. */
export const artifactTable = (items: readonly Artifact[]): string =>
  table(
    ['path', 'kind', 'bytes', 'title'],
    items.map(({ path, kind, size, title }) => [path, kind, size, title ?? '']),
  )
