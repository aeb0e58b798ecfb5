/**
 * A pipeline run in the one workflow: what its container is told, what its report comes to, and whose turn is next.
 */
import * as z from 'zod'
import { commandOf } from '../../domain/pipelines/command.ts'
import { filePath, longestPath } from '../../domain/pipelines/definition.ts'
import { codeOf, failureOf } from '../../domain/pipelines/life.ts'
import {
  artifactSlots,
  type PipelineManifest,
  type PipelineReport,
  runLimits,
} from '../../domain/pipelines/manifest.ts'
import { containerOf } from '../../domain/jobs/container.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { LinkTo } from '../../domain/jobs/manifest.ts'
import { confinements } from '../../domain/release/run-report.ts'
import { containersPerAttempt, logObjectOf } from '../../ports/logs.ts'
import { decided, move, objectOf as jobObjectOf, startCheck, stepEnded } from '../workflow/job-item.ts'
import type { Deps } from '../kernel/deps.ts'
import {
  type DatasetItem,
  type JobItem,
  keyOf,
  type PipelineRunFacts,
  type PipelineVersionItem,
} from '../kernel/items.ts'
import { checkConfidential, datasetFiles, heldBytesOf } from './confidential.ts'
import { heldLimits } from './datasets.ts'
import { inputFiles } from './inputs.ts'
import { type ArtifactIndex, pipelineObject, placeOf } from './objects.ts'
import { versionOf } from './publishing.ts'
import { dispatch } from './queue.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import { each } from '../kernel/each.ts'
import type { RunJob } from './run-job.ts'
import { linkTo } from '../kernel/links.ts'
import { type PreparedJob, Refused } from '../workflow/job-kind.ts'
import { countCohort, stillAllowed } from '../release/admit.ts'
import { readReport } from '../workflow/report.ts'

/**
 * Fetching, queueing for a machine, and sending what was made, beside the command's own time; S3 signs for a week at
 * most.
 */
const linkSecondsFor = (seconds: number): number => Math.min(7 * 24 * 3600 - 60, seconds + 6 * 3600)

async function manifestOf(
  deps: Deps,
  job: RunJob,
  version: PipelineVersionItem,
  dataset: DatasetItem | undefined,
): Promise<PipelineManifest> {
  const { run } = job
  const { definition } = version
  const seconds = linkSecondsFor(run.resources.seconds)
  const confidential = dataset !== undefined
  const slot = async (n: number): Promise<LinkTo> =>
    linkTo(
      await (confidential
        ? deps.objects.signedWrite(
            'quarantine',
            pipelineObject.heldArtifact(job.jobId, n),
            'application/octet-stream',
            seconds,
          )
        : deps.objects.signedWrite(
            'released',
            pipelineObject.artifact(job.jobId, n),
            'application/octet-stream',
            seconds,
          )),
    )
  const get = async (bucket: 'protected' | 'released', key: string): Promise<LinkTo> =>
    linkTo(await deps.objects.signedGet(bucket, key, seconds))
  const file = async (
    { path, size, sha256 }: { path: string; size: number; sha256: string },
    bucket: 'protected' | 'released',
    key: string,
  ) => ({ path, size, sha256, link: await get(bucket, key) })
  const inputs = await Promise.all(
    definition.inputs.map(async ({ name, kind }) => {
      const has = run.inputs.find((i) => i.name === name)
      if (confidential && name === run.dataset)
        return { name, kind, files: await datasetFiles(deps, job, (key) => get('protected', key)) }
      const files = has ? await inputFiles(deps, run.experimentId, has) : []
      return {
        name,
        kind,
        files: await each(files, async (f) => {
          const { bucket, key } = placeOf(run.experimentId, f)
          return file(f, bucket, key)
        }),
      }
    }),
  )
  return {
    kind: 'pipeline',
    job: job.jobId,
    attempt: job.attempt,
    runtime: definition.runtime,
    ...(definition.image ? { image: definition.image } : {}),
    command: commandOf(definition.command, run.parameters),
    env: {},
    parameters: run.parameters,
    code: await each(version.files, async (f) =>
      file(f, 'protected', pipelineObject.code(version.pipelineId, f.sha256)),
    ),
    inputs,
    limits: { ...runLimits, ...run.resources, ...(dataset ? { outputBytes: heldBytesOf(dataset) } : {}) },
    ...(confidential ? { confidential } : {}),
    artifacts: await each(Array.from({ length: confidential ? heldLimits.files : artifactSlots }), (_, n) => slot(n)),
    streams: await each(Array.from({ length: containersPerAttempt }), async (_, n) =>
      linkTo(
        await deps.objects.signedWrite(
          'released',
          logObjectOf.stream(job.jobId, (job.attempt - 1) * containersPerAttempt + n),
          'application/json',
          seconds,
        ),
      ),
    ),
    report: linkTo(
      await deps.objects.signedWrite('quarantine', jobObjectOf.report(job.jobId), 'application/gzip', seconds),
    ),
  }
}

/**
 * The first step: the same again when it is repeated, also after a host was restarted; a runner that is still at work
 * is then waited for, not started twice. On a protected dataset the run is a question to it first: `Refused` when it
 * may not be asked.
 */
export async function preparePipeline(deps: Deps, job: RunJob, at: string): Promise<PreparedJob> {
  if (job.datasetId === '') return writeManifest(deps, job, at)
  const admitted = await stillAllowed(deps, job, { byItself: false })
  const set = await countCohort(deps, job, admitted)
  return { ...(await writeManifest(deps, { ...job, ...set }, at, admitted.dataset)), set }
}

async function writeManifest(deps: Deps, job: RunJob, at: string, dataset?: DatasetItem): Promise<PreparedJob> {
  const version = await versionOf(deps, job.run.pipelineId, job.run.version)
  if (!version) throw new Refused('infrastructure')
  const { resources } = job.run
  const manifest = jobObjectOf.manifest(job.jobId)
  await deps.objects.put(
    'protected',
    manifest,
    jsonBytes(await manifestOf(deps, job, version, dataset)),
    'application/json',
  )
  const { url } = await deps.objects.signedGet('protected', manifest, linkSecondsFor(resources.seconds))
  return {
    compute: 'pipeline',
    container: { manifest: url, ...containerOf(resources, job.userId) },
    computeStarted: job.steps.compute?.started ?? at,
  }
}

const path = z.string().max(longestPath).regex(filePath)
const instant = z.iso.datetime().optional()
const amount = z.number().min(0)
/** A report is bytes that nobody vouches for: whatever ran may have tried to write one. */
const Report = z.object({
  kind: z.literal('pipeline'),
  job: z.string(),
  attempt: z.int(),
  end: z.enum([
    'finished',
    'exit-code',
    'signal',
    'time-limit',
    'memory-limit',
    'process-limit',
    'output-limit',
    'cancelled',
    'not-started',
  ]),
  startError: z
    .enum([
      'command-not-found',
      'not-executable',
      'input-missing',
      'confinement-missing',
      'image-unavailable',
      'infrastructure',
    ])
    .optional(),
  missing: z.string().max(300).optional(),
  exitCode: z.int().optional(),
  signal: z.string().max(20).optional(),
  oom: z.literal(true).optional(),
  confinement: z.enum(confinements).optional(),
  image: z.string().max(300),
  artifacts: z
    .array(
      z.object({
        path,
        slot: z
          .int()
          .min(0)
          .max(artifactSlots - 1),
        zipped: z.literal(true).optional(),
        size: amount,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(100_000),
  leftOut: amount,
  timings: z.object({ fetched: instant, started: instant, ended: instant, stored: instant }),
  seconds: amount,
  cpuSeconds: amount,
  peakMemoryBytes: amount,
  logBytes: amount,
  logRecords: amount,
  metrics: z
    .array(z.object({ name: z.string().max(100), value: z.number(), step: z.number().optional(), count: amount }))
    .max(10_000),
  steps: z.array(z.object({ name: z.string().max(200), at: z.iso.datetime() })).max(10_000),
})

/** The run's report; undefined when there is none, or nothing that is one. */
const reportOf = (deps: Pick<Deps, 'objects'>, job: JobItem): Promise<PipelineReport | undefined> =>
  readReport(deps, job.jobId, (json) => {
    const read = Report.safeParse(json)
    return read.success && read.data.job === job.jobId ? (read.data as PipelineReport) : undefined
  })

/** What lists and pages show of a run is kept in its item, so many of each; everything is in `run.json`. */
const metricsKept = 100
const stepsKept = 100

function factsOf(run: PipelineRunFacts, r: PipelineReport): PipelineRunFacts {
  return {
    ...run,
    ...(r.timings.started ? { began: r.timings.started } : {}),
    ...(r.timings.ended ? { finished: r.timings.ended } : {}),
    seconds: r.seconds,
    ...(r.exitCode === undefined ? {} : { exitCode: r.exitCode }),
    ...(r.signal ? { signal: r.signal } : {}),
    ...(r.missing ? { missing: r.missing } : {}),
    cpuSeconds: r.cpuSeconds,
    peakMemoryBytes: r.peakMemoryBytes,
    image: r.image,
    metrics: r.metrics.slice(0, metricsKept).map(({ count: _, ...m }) => m),
    steps: r.steps.slice(0, stepsKept),
    artifacts: r.artifacts.length,
    bytes: r.artifacts.reduce((n, a) => n + a.size, 0),
    leftOut: r.leftOut,
  }
}

/**
 * The third step: what the report says becomes the run's end. Its artifacts lie in their slots already; the index opens
 * them.
 */
export async function checkPipeline(deps: Deps, found: RunJob): Promise<void> {
  const job = (await startCheck(deps, found)) as RunJob
  const report = await reportOf(deps, job)
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

/**
 * After a run's end: its log is kept where it stays, and the next one has its turn. Safe to run twice; the watch does
 * the same.
 */
export async function settledPipeline(deps: Deps, jobId: string): Promise<void> {
  const job = await deps.table.get<RunJob>(keyOf.job(jobId))
  if (job && !jobLife[job.state].live) {
    // A runner that got to its end has said so; in place of one that did not, or never began, the platform does.
    const said = job.problem
      ? failureOf(job.problem.code, {
          missing: job.run.missing,
          seconds: job.run.resources.seconds,
          memoryMb: job.run.resources.memoryMb,
        })
      : undefined
    await deps.logs.conclude(jobId, {
      t: deps.now().getTime(),
      s: 'sys',
      x: said ? `${said.message} ${said.todo}` : 'Finished.',
      end: said?.code ?? 'finished',
    })
    await deps.logs.archive(jobId)
  }
  await dispatch(deps, { over: jobId })
}
