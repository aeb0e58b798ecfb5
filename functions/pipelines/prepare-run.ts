/** The first step of a run of a pipeline: what its container is told. */
import { commandOf } from '../../domain/pipelines/command.ts'
import { artifactSlots, type PipelineManifest, runLimits } from '../../domain/pipelines/manifest.ts'
import { containerOf } from '../../domain/jobs/container.ts'
import { type LinkTo } from '../../domain/jobs/manifest.ts'
import { containersPerAttempt, logObjectOf } from '../../ports/logs.ts'
import { objectOf as jobObjectOf } from '../workflow/job-item.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type PipelineVersionItem } from '../kernel/items.ts'
import { datasetFiles, heldBytesOf } from './confidential.ts'
import { heldLimits } from './datasets.ts'
import { inputFiles } from './inputs.ts'
import { pipelineObject, placeOf } from './objects.ts'
import { versionOf } from './publishing.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import { each } from '../kernel/each.ts'
import type { RunJob } from './run-job.ts'
import { linkTo } from '../kernel/links.ts'
import { type PreparedJob, Refused } from '../workflow/job-kind.ts'
import { countCohort, stillAllowed } from '../release/admit.ts'

/**
 * Fetching, queueing for a machine, and sending what was made, beside the command's own time; S3 signs for a week at
 * most.
 */
const runLinkSeconds = (seconds: number): number => Math.min(7 * 24 * 3600 - 60, seconds + 6 * 3600)

async function manifestOf(
  deps: Deps,
  job: RunJob,
  version: PipelineVersionItem,
  dataset: DatasetItem | undefined,
): Promise<PipelineManifest> {
  const { run } = job
  const { definition } = version
  const seconds = runLinkSeconds(run.resources.seconds)
  const confidential = dataset !== undefined
  const slot = async (index: number): Promise<LinkTo> =>
    linkTo(
      await (confidential
        ? deps.objects.signedWrite(
            'quarantine',
            pipelineObject.heldArtifact(job.jobId, index),
            'application/octet-stream',
            seconds,
          )
        : deps.objects.signedWrite(
            'released',
            pipelineObject.artifact(job.jobId, index),
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
        files: await each(files, async (input) => {
          const { bucket, key } = placeOf(run.experimentId, input)
          return file(input, bucket, key)
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
    streams: await each(Array.from({ length: containersPerAttempt }), async (_, index) =>
      linkTo(
        await deps.objects.signedWrite(
          'released',
          logObjectOf.stream(job.jobId, (job.attempt - 1) * containersPerAttempt + index),
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
  const { url } = await deps.objects.signedGet('protected', manifest, runLinkSeconds(resources.seconds))
  return {
    compute: 'pipeline',
    container: { manifest: url, ...containerOf(resources, job.userId) },
    computeStarted: job.steps.compute?.started ?? at,
  }
}
