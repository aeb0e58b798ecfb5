/** What a container gets: the cohort's rows, the code, and a manifest of links that says what to run on whom. */
import { subjectColumn } from '../../domain/datasets/schema.ts'
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
import type { SignedLink } from '../../ports/objects.ts'
import { filesOf } from '../datasets/files.ts'
import { blobKey, type UploadedFile } from '../datasets/registration-job.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetItem, DatasetVersionItem, JobItem } from '../kernel/items.ts'
import { linkSeconds } from './ending.ts'
import { jsonBytes, objectOf } from './standing.ts'
import { type Question, usualEpsilon } from './terms.ts'

/** Fewer leave-out runs than this cannot tell one block from the others (domain/disclosure/script-runs.ts). */
const leastBlocks = 6

/**
 * People in a dataset as its custodian puts it ("about 1,200"): the first number in it, or no limit. What was counted
 * plays no part under `noise`.
 */
const peopleIn = (words: string | undefined): number => {
  const n = Number(/\d[\d,.’']*/.exec(words ?? '')?.[0].replaceAll(/\D/g, '') ?? Number.NaN)
  return Number.isFinite(n) ? n : Infinity
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
      ...(question.epsilon === undefined ? {} : { epsilon: question.epsilon }),
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

export const limitsOf = (question: Pick<Question, 'limits'>): Limits => ({ ...defaultLimits, ...question.limits })

const to = ({ url, headers }: SignedLink): LinkTo => ({ url, headers })

export interface CohortFiles {
  tables: { file: string; key: string; subject: string; pathColumn?: string }[]
  volumes: UploadedFile[]
  shared: UploadedFile[]
}

/**
 * Everything of a dataset that code finds below `catalogs/<dataset>/`: the cohort's rows, written under the job's
 * inputs, volumes that rows may name, and what everybody gets.
 */
export async function cohortFiles(d: Deps, job: JobItem, version: DatasetVersionItem): Promise<CohortFiles> {
  const { schema } = version.data
  const written = await d.engine.materialise(version.data, job.cohort, `${objectOf.inputs(job.jobId)}tables/`)
  const listed = new Set(schema.tables.map((t) => t.file)),
    masks = new Set(schema.images.flatMap((i) => i.masks))
  const others = schema.images.length === 0 ? [] : (await filesOf(d, version)).filter((f) => !listed.has(f.path))
  return {
    tables: written.map(({ file, key }) => {
      const table = schema.tables.find((s) => s.file === file)!
      const images = schema.images.find((i) => i.table === table.name)
      return { file, key, subject: subjectColumn(table)!.name, ...(images ? { pathColumn: images.path } : {}) }
    }),
    volumes: others.filter((f) => !masks.has(f.path)),
    shared: others.filter((f) => masks.has(f.path)),
  }
}

/** Writes inputs and manifest; the same again when a step is repeated. */
export async function handOver(
  d: Deps,
  job: JobItem,
  question: Question,
  plan: Plan,
  dataset: DatasetItem,
  version: DatasetVersionItem,
): Promise<{ manifest: string } & Container> {
  const read = async (key: string): Promise<LinkTo> => to(await d.objects.signedGet('protected', key, linkSeconds))
  const inputs = objectOf.inputs(job.jobId)
  const [{ tables, volumes, shared }, partition] = await Promise.all([
    cohortFiles(d, job, version),
    d.keys.mac('partition', `${job.datasetId} ${job.datasetVersion}`),
    d.objects.put('protected', `${inputs}code`, new TextEncoder().encode(question.code), 'application/octet-stream'),
  ])
  const file = async (f: { path: string; sha256: string }): Promise<ManifestFile> => ({
    file: f.path,
    link: await read(blobKey(job.datasetId, f.sha256)),
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
    report: to(await d.objects.signedWrite('quarantine', objectOf.report(job.jobId), 'application/gzip', linkSeconds)),
  }
  await d.objects.put('protected', objectOf.manifest(job.jobId), jsonBytes(manifest), 'application/json')
  return { manifest: (await read(objectOf.manifest(job.jobId))).url, ...containerFor(limits, plan, job.userId) }
}
