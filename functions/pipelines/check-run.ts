/** The third step of a run of a pipeline: its report becomes its end. */
import { codeOf } from '../../domain/pipelines/life.ts'
import { type PipelineReport } from '../../domain/pipelines/manifest.ts'
import { decided, move, startCheck, stepEnded } from '../workflow/job-item.ts'
import type { Deps } from '../kernel/deps.ts'
import { type PipelineRunFacts } from '../kernel/items.ts'
import { checkConfidential } from './confidential.ts'
import { type ArtifactIndex, pipelineObject } from './objects.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import type { RunJob } from './run-job.ts'
import { pipelineReportOf } from './run-report.ts'

/** What lists and pages show of a run is kept in its item, so many of each; everything is in `run.json`. */
const metricsKept = 100
const stepsKept = 100

function factsOf(run: PipelineRunFacts, report: PipelineReport): PipelineRunFacts {
  return {
    ...run,
    ...(report.timings.started ? { began: report.timings.started } : {}),
    ...(report.timings.ended ? { finished: report.timings.ended } : {}),
    seconds: report.seconds,
    ...(report.exitCode === undefined ? {} : { exitCode: report.exitCode }),
    ...(report.signal ? { signal: report.signal } : {}),
    ...(report.missing ? { missing: report.missing } : {}),
    cpuSeconds: report.cpuSeconds,
    peakMemoryBytes: report.peakMemoryBytes,
    image: report.image,
    metrics: report.metrics.slice(0, metricsKept).map(({ count: _, ...m }) => m),
    steps: report.steps.slice(0, stepsKept),
    artifacts: report.artifacts.length,
    bytes: report.artifacts.reduce((n, a) => n + a.size, 0),
    leftOut: report.leftOut,
  }
}

/**
 * The third step: what the report says becomes the run's end. Its artifacts lie in their slots already; the index opens
 * them.
 */
export async function checkPipeline(deps: Deps, found: RunJob): Promise<void> {
  const job = (await startCheck(deps, found)) as RunJob
  const report = await pipelineReportOf(deps, job)
  if (job.datasetId !== '') return checkConfidential(deps, job, report)
  if (!report) {
    await move(deps, job, {
      set: decided(job, 'failed', deps.now().toISOString(), { code: 'interrupted', step: 'compute' }),
    })
    return
  }
  const run = factsOf(job.run, report)
  // A runner that was told to stop without anybody cancelling: its machine went away.
  const reason = codeOf(report)
  const code = reason === 'cancelled' ? 'interrupted' : reason
  const index: ArtifactIndex = { items: report.artifacts, leftOut: report.leftOut }
  await Promise.all([
    deps.objects.put('released', pipelineObject.index(job.jobId), jsonBytes(index), 'application/json'),
    deps.objects.put(
      'released',
      pipelineObject.run(job.jobId),
      jsonBytes({
        ...run,
        jobId: job.jobId,
        hash: job.pin,
        created: job.created,
        confinement: report.confinement,
        metrics: report.metrics,
        steps: report.steps,
        timings: report.timings,
        end: report.end,
        logBytes: report.logBytes,
        logRecords: report.logRecords,
      }),
      'application/json',
    ),
  ])
  const now = deps.now().toISOString()
  const { confinement } = report
  const outcome =
    code === undefined
      ? { outcome: 'succeeded' as const, steps: stepEnded(job.steps, 'check', now) }
      : decided(job, 'failed', now, { code, step: 'compute' })
  await move(deps, job, { set: { ...outcome, run, confinement } })
}
