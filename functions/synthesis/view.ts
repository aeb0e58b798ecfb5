/** A synthesis as people see it: what was stored, and what its jobs and the reading of its file have come to. */
import type { z } from 'zod'
import type { Evaluation, Synthesis, SynthesisCard } from '../../contracts/synthesis.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import type { EvaluationResult, RoundShown } from '../../domain/synthesis/manifest.ts'
import { proposePlan } from '../../domain/synthesis/request.ts'
import type { PlannedColumn, SynthesisPlan } from '../../domain/synthesis/plan.ts'
import type { SynthesisState } from '../../domain/synthesis/life.ts'
import { jobCodes } from '../../domain/jobs/codes.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import type { Item } from '../../ports/table.ts'
import { type Reading, readingOf } from '../datasets/files.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type JobItem, keyOf, type PersonProfile, type SynthesisItem } from '../kernel/items.ts'
import { objectOf } from './making.ts'

export async function readObject<T>(d: Pick<Deps, 'objects'>, bucket: 'protected' | 'released', key: string): Promise<T | undefined> {
  try { return JSON.parse(new TextDecoder().decode(await d.objects.get(bucket, key))) as T } catch (e) {
    if (e instanceof ObjectMissing) return undefined
    throw e
  }
}

/** A plan for an uploaded file: kinds as they were read; bounds and categories are not taken from the data, they are typed in or bought. */
export function planOfReading(reading: Reading): { plan: SynthesisPlan; hints: Record<string, string> } {
  const read = reading.tables[0]!, table = reading.proposed.tables[0]!
  const plan = proposePlan(table, Math.max(1, Number(read.rows.toPrecision(1))))
  const unbought = (c: PlannedColumn): PlannedColumn => {
    if (c.kind === 'identifier') return c
    const { name, missing } = c
    if (c.kind === 'numeric') return { name, kind: 'numeric', bins: 10, integer: c.integer, missing, buy: true }
    return c.kind === 'date' ? { name, kind: 'date', bins: c.bins, missing, buy: true } : { name, kind: c.kind, open: true, missing, buy: true }
  }
  const hints = Object.fromEntries(read.columns.map((c) => [c.name, `${c.type}, ${c.distinct} distinct, ${c.missing} missing${c.minimum === undefined ? '' : `, ${c.minimum} to ${c.maximum}`}; e.g. ${c.examples.slice(0, 4).join(', ')}`]))
  return { plan: { ...plan, columns: plan.columns.map(unbought) }, hints }
}

/** What the job makes of the stored state. */
function stateOf(s: SynthesisItem, job: JobItem | undefined, today: string): SynthesisState {
  if (s.expires !== undefined && s.expires.slice(0, 10) < today) return 'expired'
  if (s.state !== 'running' || !job) return s.state
  return jobLife[job.state].live ? 'running' : job.state === 'succeeded' ? 'ready' : 'failed'
}

const problemOf = (job: JobItem | undefined): string | undefined => (job?.problem ? jobCodes[job.problem.code] + (job.problem.names?.length ? ` ${job.problem.names.join('; ')}` : '') : undefined)

export interface Standing { job: JobItem | undefined; state: SynthesisState }
/** The present state, from the synthesis and its job. */
export async function standingOf(d: Pick<Deps, 'table' | 'now'>, s: SynthesisItem): Promise<Standing> {
  const job = s.jobId === undefined ? undefined : await d.table.get<JobItem>(keyOf.job(s.jobId))
  return { job, state: stateOf(s, job, d.now().toISOString().slice(0, 10)) }
}

async function evaluationsOf(d: Deps, s: SynthesisItem, custodian: boolean): Promise<z.input<typeof Evaluation>[]> {
  const found = await Promise.all(s.evaluations.map(async (jobId) => {
    const job = await d.table.get<JobItem>(keyOf.job(jobId))
    if (job?.state !== 'succeeded') return []
    const result = (await readObject<EvaluationResult>(d, 'released', objectOf.evaluation(s.synthesisId, jobId))) ?? (custodian ? await readObject<EvaluationResult>(d, 'protected', objectOf.own(s.synthesisId, jobId)) : undefined)
    if (!result) return []
    return [{
      kind: result.model ? 'model' as const : 'agreement' as const, charged: result.charged, at: job.ended!, ...(result.agreement ?? {}), ...(result.model ? { model: result.model } : {}), ...(result.noise === undefined ? {} : { noise: result.noise }),
      ...(result.figures ? { tvd1: [{ column: 'mean over all columns', tvd: result.figures.tvd1 }], tvd2: [{ columns: ['mean over', 'all pairs'] as [string, string], tvd: result.figures.tvd2 }] } : {}),
    }]
  }))
  return found.flat()
}

/** For a list `brief` leaves out what only a synthesis's own page shows. */
export async function toSynthesis(d: Deps, s: Item<SynthesisItem>, subject: Subject, { brief = false }: { brief?: boolean } = {}): Promise<z.input<typeof Synthesis>> {
  const custodian = may({ ...subject, shared: s.shared }, 'synthesis.make')
  const [{ job, state: stored }, dataset, owner] = await Promise.all([standingOf(d, s), d.table.get<DatasetItem>(keyOf.dataset(s.datasetId)), d.table.get<PersonProfile>(keyOf.person(s.userId), ['name'])])
  let state = stored, plan = s.plan, hints: Record<string, string> | undefined, problem = problemOf(state === 'failed' ? job : undefined)
  if (s.state === 'reading' && dataset) {
    const reading = await readingOf(d, s.datasetId)
    if (reading && dataset.state === 'proposed') { state = 'proposed'; const p = planOfReading(reading); if (custodian) { plan = plan ?? p.plan; hints = p.hints } } else if (dataset.problem) { state = 'failed'; problem = dataset.problem.reason }
  }
  const ready = state === 'ready' && job !== undefined
  const [card, progress, evaluations] = brief || !job ? [undefined, undefined, []] : await Promise.all([
    ready ? readObject<z.input<typeof SynthesisCard>>(d, 'released', objectOf.card(s.synthesisId, job.jobId)) : undefined, readObject<RoundShown[]>(d, 'protected', objectOf.progress(s.synthesisId, job.jobId)), evaluationsOf(d, s, custodian),
  ])
  const steer = (['confirm', 'evaluate', 'share', 'cancel'] as const).filter((act) => custodian && { confirm: state === 'proposed' || state === 'failed' || state === 'ready', evaluate: ready, share: ready, cancel: state === 'running' }[act])
  return {
    synthesisId: s.synthesisId, organisationId: s.organisationId, title: s.title, state, created: s.created, changed: s.changed, ...(s.expires ? { expires: s.expires } : {}), rev: s.rev!, owner: { userId: s.userId, name: owner?.name ?? 'Somebody' },
    datasetId: s.datasetId, dataset: dataset?.name ?? '', datasetVersion: s.datasetVersion, table: s.table, shared: s.shared, ...(plan && (custodian || ready) ? { plan } : {}), ...(s.planHash ? { planHash: s.planHash } : {}), ...(hints ? { hints } : {}),
    ...(s.jobId ? { jobId: s.jobId } : {}), rounds: progress ?? [], ...(card ? { card } : {}), evaluations, ...(problem && custodian ? { problem } : {}), may: [...steer, ...(ready ? ['download' as const] : [])],
  }
}
