/**
 * The first step of a synthetic table: the plan is still the one that was confirmed, the budget covers it, and the
 * runner is told where the real table lies.
 */
import { containerFor, type Container } from '../../domain/jobs/container.ts'
import { defaultLimits, type LinkTo } from '../../domain/jobs/manifest.ts'
import { feasibility } from '../../domain/synthesis/feasibility.ts'
import type { Made, SynthesisManifest, TableFormat } from '../../domain/synthesis/manifest.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { domainOf } from '../../domain/synthesis/request.ts'
import type { Item } from '../../ports/table.ts'
import { hashNow } from '../kernel/hash.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { type SynthesisAsk } from './synthesis-job.ts'
import { entry, reserve } from '../workflow/budget-charge.ts'
import { move, objectOf } from '../workflow/job-item.ts'
import { blobKey } from '../stores/dataset-files.ts'
import { synthesisObject as placeOf } from '../stores/synthesis-files.ts'
import { linkSeconds, linkTo } from '../kernel/links.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import { type PreparedJob, Refused } from '../workflow/job-kind.ts'

/** The ask, if it is what was asked and the synthesis still names this job. Throws `Refused`. */
async function stillWanted(deps: Deps, job: JobItem): Promise<{ ask: SynthesisAsk; synthesis: Item<SynthesisItem> }> {
  const text = new TextDecoder().decode(await deps.objects.get('protected', objectOf.ask(job.jobId)))
  if (hashNow(text) !== job.askHash) throw new Refused('infrastructure')
  const ask = JSON.parse(text) as SynthesisAsk
  const [synthesis, dataset] = await Promise.all([
    deps.table.get<SynthesisItem>(keyOf.synthesis(ask.synthesisId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
  ])
  if (!synthesis || !dataset) throw new Refused('infrastructure')
  const named = ask.act === 'make' ? synthesis.jobId === job.jobId : synthesis.evaluations.includes(job.jobId)
  if (!named || dataset.state === 'retired') throw new Refused('policy-changed')
  return { ask, synthesis }
}

/** Where the real table lies. */
async function tableOf(
  deps: Deps,
  synthesis: SynthesisItem,
): Promise<{ key: string; format: TableFormat } | undefined> {
  if (synthesis.upload)
    return {
      key: blobKey(synthesis.datasetId, synthesis.upload.sha256),
      format: /\.parquet$/i.test(synthesis.upload.path) ? 'parquet' : 'csv',
    }
  const version = await deps.table.get<DatasetVersionItem>(
    keyOf.datasetVersion(synthesis.datasetId, synthesis.datasetVersion),
  )
  const stored = version?.data.tables.find((t) => t.name === synthesis.table)
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
    linkTo(await deps.objects.signedGet(bucket, key, linkSeconds.container))
  const write = async (bucket: 'protected' | 'quarantine' | 'released', key: string, type: string): Promise<LinkTo> =>
    linkTo(await deps.objects.signedWrite(bucket, key, type, linkSeconds.container))
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
  const quote = feasibility({
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
      memoryMb: Math.max(4096, Math.ceil(quote.memoryBytes / 1e6) * 2),
      seconds: Math.min(4 * 3600, 600 + Math.ceil(quote.minutes * 60 * 6)),
    },
    { kind: 'whole' },
    userId,
  )
}

/**
 * Reserves the charge, then writes the manifest. A plan that an earlier job was charged for comes without a charge of
 * its own, and with what that job drew. Repeated, it does the same again. Throws `Refused` when there is nothing to
 * compute.
 */
export async function prepareSynthesis(deps: Deps, found: Item<JobItem>, at: string): Promise<PreparedJob> {
  const { ask, synthesis } = await stillWanted(deps, found)
  const table = await tableOf(deps, synthesis)
  if (!table) throw new Refused('infrastructure')
  const job = found.charge === undefined ? found : await reserveCharge(deps, found, at)
  const manifest = objectOf.manifest(job.jobId)
  await deps.objects.put('protected', manifest, jsonBytes(await manifestOf(deps, job, ask, table)), 'application/json')
  const { url } = await deps.objects.signedGet('protected', manifest, linkSeconds.container)
  return { compute: 'container', container: { manifest: url, ...sizeFor(ask.plan, job.userId) } }
}

/** The job says so first, so that a crash in between leaves nothing that nobody would give back. */
async function reserveCharge(deps: Deps, found: Item<JobItem>, at: string): Promise<Item<JobItem>> {
  const job = found.charged ? found : await move(deps, found, { set: { charged: 'reserved' } })
  if (!(await reserve(deps, job))) throw new Refused('budget-exhausted')
  await entry(deps, job, 'reserved', job.steps.prepare?.started ?? at)
  return job
}
