/**
 * The first step of a synthetic table: the plan is still the one that was confirmed, the budget covers it, and the
 * runner is told where the real table lies.
 */
import { endOf, type JobCode } from '../../domain/release/job-codes.ts'
import { containerFor, type Container } from '../../domain/jobs/container.ts'
import { defaultLimits, type LinkTo } from '../../domain/jobs/manifest.ts'
import { feasibility } from '../../domain/synthesis/feasibility.ts'
import type { Made, SynthesisManifest, TableFormat } from '../../domain/synthesis/manifest.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { domainOf } from '../../domain/synthesis/request.ts'
import type { SignedLink } from '../../ports/objects.ts'
import type { Item } from '../../ports/table.ts'
import { blobKey } from '../datasets/registration/registration-job.ts'
import { hashNow } from '../kernel/hash.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { synthesisObject as placeOf, type SynthesisAsk } from './synthesis-job.ts'
import { entry, reserve } from '../workflow/budget-charge.ts'
import { linkSeconds } from '../workflow/end-job.ts'
import { decided, jsonBytes, move, objectOf, readJson, stepEnded, stepStarted } from '../workflow/job-item.ts'

type Handed = { manifest: string } & Container
const to = ({ url, headers }: SignedLink): LinkTo => ({ url, headers })

/** The ask, if it is what was asked and the synthesis still names this job; why not otherwise. */
async function stillWanted(
  deps: Deps,
  job: JobItem,
): Promise<{ ask: SynthesisAsk; synthesis: Item<SynthesisItem>; dataset: Item<DatasetItem> } | JobCode> {
  const text = new TextDecoder().decode(await deps.objects.get('protected', objectOf.ask(job.jobId)))
  if (hashNow(text) !== job.askHash) return 'infrastructure'
  const ask = JSON.parse(text) as SynthesisAsk
  const [synthesis, dataset] = await Promise.all([
    deps.table.get<SynthesisItem>(keyOf.synthesis(ask.synthesisId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
  ])
  if (!synthesis || !dataset) return 'infrastructure'
  const named = ask.act === 'make' ? synthesis.jobId === job.jobId : synthesis.evaluations.includes(job.jobId)
  return named && dataset.state !== 'retired' ? { ask, synthesis, dataset } : 'policy-changed'
}

/** Where the real table lies. */
async function tableOf(deps: Deps, s: SynthesisItem): Promise<{ key: string; format: TableFormat } | undefined> {
  if (s.upload)
    return { key: blobKey(s.datasetId, s.upload.sha256), format: /\.parquet$/i.test(s.upload.path) ? 'parquet' : 'csv' }
  const version = await deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(s.datasetId, s.datasetVersion))
  const stored = version?.data.tables.find((t) => t.name === s.table)
  return stored && { key: stored.parquet.key, format: 'stored' }
}

async function manifestOf(
  deps: Deps,
  job: JobItem,
  ask: SynthesisAsk,
  table: { key: string; format: TableFormat },
): Promise<SynthesisManifest> {
  const { jobId } = job
  const { synthesisId } = ask
  const read = async (bucket: 'protected' | 'released', key: string): Promise<LinkTo> =>
    to(await deps.objects.signedGet(bucket, key, linkSeconds))
  const write = async (bucket: 'protected' | 'quarantine' | 'released', key: string, type: string): Promise<LinkTo> =>
    to(await deps.objects.signedWrite(bucket, key, type, linkSeconds))
  const common = {
    job: jobId,
    runtime: 'synthesis' as const,
    plan: ask.plan,
    table: await read('protected', table.key),
    format: table.format,
    report: await write('quarantine', objectOf.report(jobId), 'application/gzip'),
  }
  if (ask.act === 'make')
    return {
      ...common,
      act: 'make',
      kept: await Promise.all([jobId, ...ask.before].map((j) => read('protected', objectOf.drawnResult(j)))),
      keep: await write('protected', objectOf.drawnResult(jobId), 'application/json'),
      progress: await write('protected', placeOf.progress(synthesisId, jobId), 'application/json'),
      csv: await write('released', placeOf.csv(synthesisId, jobId), 'text/csv'),
      parquet: await write('released', placeOf.parquet(synthesisId, jobId), 'application/vnd.apache.parquet'),
    }
  const made = await readJson<Made>(deps, 'released', placeOf.made(synthesisId, ask.madeBy))
  return {
    ...common,
    act: 'evaluate',
    domain: made.domain,
    rows: made.estimatedRows,
    synthetic: await read('released', placeOf.csv(synthesisId, ask.madeBy)),
    kind: ask.kind,
    target: ask.target,
    nanoRho: job.charge ?? 0,
  }
}

/** Time and memory as quoted, with room to spare: nobody's table is as declared. */
function sizeFor(plan: SynthesisPlan, userId: string): Container {
  const q = feasibility({
    domain: domainOf(plan),
    rowsDeclared: plan.rowsDeclared,
    method: plan.method,
    epsilon: plan.epsilon,
    delta: plan.delta,
    rowsPerPerson: plan.rowsPerPerson,
  })
  return containerFor(
    {
      ...defaultLimits,
      cpus: 2,
      memoryMb: Math.max(4096, Math.ceil(q.memoryBytes / 1e6) * 2),
      seconds: Math.min(4 * 3600, 600 + Math.ceil(q.minutes * 60 * 6)),
    },
    { kind: 'whole' },
    userId,
  )
}

/**
 * Reserves the charge, then writes the manifest; undefined when there is nothing to compute. A plan that an earlier job
 * was charged for comes without a charge of its own, and with what that job drew. Repeated, it does the same again.
 */
export async function prepareSynthesis(deps: Deps, found: Item<JobItem>, at: string): Promise<Handed | undefined> {
  let job = found
  const refuse = async (code: JobCode): Promise<undefined> => {
    await move(deps, job, {
      set: decided(job, endOf(code) as 'blocked' | 'failed', deps.now().toISOString(), { code, step: 'prepare' }),
      ...(code === 'budget-exhausted' ? { remove: ['charge', 'charged'] as const } : {}),
    })
  }
  const wanted = await stillWanted(deps, job)
  if (typeof wanted === 'string') return refuse(wanted)
  const table = await tableOf(deps, wanted.synthesis)
  if (!table) return refuse('infrastructure')
  if (job.charge !== undefined) {
    if (!job.charged) job = await move(deps, job, { set: { charged: 'reserved' } })
    if (!(await reserve(deps, job))) return refuse('budget-exhausted')
    await entry(deps, job, 'reserved', job.steps.prepare?.started ?? at)
  }
  const { ask } = wanted
  await deps.objects.put(
    'protected',
    objectOf.manifest(job.jobId),
    jsonBytes(await manifestOf(deps, job, ask, table)),
    'application/json',
  )
  const now = deps.now().toISOString()
  await move(deps, job, { set: { steps: stepStarted(stepEnded(job.steps, 'prepare', now), 'compute', now) } })
  return {
    manifest: to(await deps.objects.signedGet('protected', objectOf.manifest(job.jobId), linkSeconds)).url,
    ...sizeFor(ask.plan, job.userId),
  }
}
