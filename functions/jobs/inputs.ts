/** What a container gets: the cohort's rows, the code, and a manifest of links that says what to run on whom. */
import { hex } from '../../domain/hash.ts'
import { containerFor, type Container } from '../../domain/jobs/container.ts'
import {
  defaultLimits,
  type Limits,
  type LinkTo,
  type Manifest,
  type ManifestFile,
  type Plan,
  type ScriptRuntime,
} from '../../domain/jobs/manifest.ts'
import { planOf } from '../../domain/jobs/quote.ts'
import { blocksFor } from '../../domain/privacy/sample-and-aggregate.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetItem, DatasetVersionItem, JobItem } from '../kernel/items.ts'
import { objectOf } from '../workflow/job-item.ts'
import { blobKey } from '../stores/dataset-files.ts'
import { linkSeconds, linkTo } from '../kernel/links.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import { type Question, usualEpsilon } from '../release/question.ts'
import { cohortFiles } from '../stores/cohort-files.ts'

/** Fewer leave-out runs than this cannot tell one block from the others (domain/disclosure/script-runs.ts). */
const leastBlocks = 6

/**
 * People in a dataset as its custodian puts it ("about 1,200"): the first number in it, or no limit. What was counted
 * plays no part under `noise`.
 */
const peopleIn = (words: string | undefined): number => {
  const number = Number(/\d[\d,.’']*/.exec(words ?? '')?.[0].replaceAll(/\D/g, '') ?? Number.NaN)
  return Number.isFinite(number) ? number : Infinity
}

/** How often the code runs and on whom, in a cohort of this size; or why it cannot. */
export function planFor(
  question: Question,
  subjects: number,
  declared?: string,
): Plan | 'cohort-too-small' | 'too-small-for-noise' {
  const plan = planOf(
    {
      mode: question.mode,
      declared: question.declared,
      epsilon: question.epsilon,
    },
    limitsOf(question).seconds,
  )
  if (
    plan === undefined ||
    (plan.kind === 'blocks' &&
      blocksFor({
        epsilon: question.epsilon ?? usualEpsilon,
        subjects: peopleIn(declared),
        outputs: question.declared.length,
      }) === undefined)
  )
    return 'too-small-for-noise'
  if (plan.kind !== 'leave-out') return plan
  // At least two subjects a block where there are enough.
  const blocks = Math.min(plan.blocks, Math.max(leastBlocks, Math.floor(subjects / 2)))
  return subjects < blocks ? 'cohort-too-small' : { ...plan, blocks }
}

/** Seconds, megabytes and processors that a question may take: its own wishes over the defaults. */
export const limitsOf = (question: Pick<Question, 'limits'>): Limits => ({ ...defaultLimits, ...question.limits })

/** Writes inputs and manifest; the same again when a step is repeated. */
export async function writeInputs(
  deps: Deps,
  job: JobItem,
  question: Question,
  plan: Plan,
  dataset: DatasetItem,
  version: DatasetVersionItem,
): Promise<{ manifest: string } & Container> {
  const read = async (key: string): Promise<LinkTo> =>
    linkTo(await deps.objects.signedGet('protected', key, linkSeconds.container))
  const inputs = objectOf.inputs(job.jobId)
  const [{ tables, volumes, shared }, partition] = await Promise.all([
    cohortFiles(deps, job, version),
    deps.keys.mac('partition', `${job.datasetId} ${job.datasetVersion}`),
    deps.objects.put('protected', `${inputs}code`, new TextEncoder().encode(question.code), 'application/octet-stream'),
  ])
  const file = async (file: { path: string; sha256: string }): Promise<ManifestFile> => ({
    file: file.path,
    link: await read(blobKey(job.datasetId, file.sha256)),
  })
  const limits = limitsOf(question)
  const manifest: Manifest = {
    job: job.jobId,
    runtime: question.language as ScriptRuntime,
    dataset: dataset.name,
    code: await read(`${inputs}code`),
    parameters: question.parameters,
    tables: await Promise.all(tables.map(async ({ key, ...t }) => ({ ...t, link: await read(key) }))),
    volumes: await Promise.all(volumes.map(file)),
    shared: await Promise.all(shared.map(file)),
    plan,
    partitionKey: hex(partition),
    limits,
    report: linkTo(
      await deps.objects.signedWrite(
        'quarantine',
        objectOf.report(job.jobId),
        'application/gzip',
        linkSeconds.container,
      ),
    ),
  }
  await deps.objects.put('protected', objectOf.manifest(job.jobId), jsonBytes(manifest), 'application/json')
  return { manifest: (await read(objectOf.manifest(job.jobId))).url, ...containerFor(limits, plan, job.userId) }
}
