/**
 * Jobs of kind `synthesis`: what they are asked, where their objects lie, and the items by which workflow, watch and
 * lists find them.
 */
import { canonical } from '../../domain/hash.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { AlreadyExists } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { hashNow } from '../kernel/hash.ts'
import { type DatasetItem, type JobItem, keyOf, type SynthesisItem } from '../kernel/items.ts'

/** The object `jobs/<jobId>/ask.json` in the bucket `protected`. */
export type SynthesisAsk =
  | {
      act: 'make'
      synthesisId: string
      plan: SynthesisPlan
      /**
       * Earlier attempts at the same plan that was paid for, newest first: their draws are taken over and nothing is
       * charged again.
       */
      before: string[]
    }
  | {
      act: 'evaluate'
      synthesisId: string
      plan: SynthesisPlan
      /** The job that made the table. */
      madeBy: string
      kind: 'agreement' | 'model'
      target?: string
    }

/** `job` is the job that wrote it. */
export const synthesisObject = {
  ask: (job: string): string => `jobs/${job}/ask.json`,
  /** protected: rounds so far. */
  progress: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/rounds-${job}.json`,
  /** protected: what was wrong with the table, by column; for the custodian only. */
  faults: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/faults-${job}.json`,
  /** protected: figures for the custodian only. */
  own: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/evaluation-${job}.json`,
  /** released: everything of one attempt. Nobody is told of it before its job has succeeded. */
  folder: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/`,
  csv: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/data.csv`,
  parquet: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/data.parquet`,
  made: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/made.json`,
  dictionary: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/dictionary.csv`,
  croissant: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/croissant.json`,
  card: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/card.json`,
  evaluation: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/evaluation-${job}.json`,
} as const

/**
 * Writes, in this order: the ask, the pointer by which the watch finds a live job, the job, the pointer by which its
 * owner does. `nanoRho` is reserved by the first step. Safe to run twice with the same id.
 */
export async function submitSynthesis(
  deps: Pick<Deps, 'table' | 'objects' | 'now'>,
  jobId: string,
  on: { dataset: DatasetItem; synthesis: SynthesisItem },
  userId: string,
  ask: SynthesisAsk,
  nanoRho: number,
  epsilon = ask.plan.epsilon,
): Promise<void> {
  const text = canonical(ask)
  const created = deps.now().toISOString()
  await deps.objects.put('protected', synthesisObject.ask(jobId), new TextEncoder().encode(text), 'application/json')
  const job: JobItem = {
    jobId,
    kind: 'synthesis',
    title: `${ask.act === 'make' ? 'Making' : 'Evaluating'} ${on.synthesis.title}`.slice(0, 120),
    state: 'queued',
    waiting: 'turn',
    organisationId: on.dataset.organisationId,
    datasetId: on.dataset.datasetId,
    datasetVersion: on.synthesis.datasetVersion,
    userId,
    purpose: '',
    cohort: [],
    pin: hashNow(text),
    askHash: hashNow(text),
    created,
    attempt: 1,
    steps: {},
    ...(nanoRho > 0 ? { charge: nanoRho, epsilon } : {}),
  }
  const sort = `JOB#${created}#${jobId}`
  const items = [
    { ...keyOf.jobLive(jobId), gpk: 'JOB#LIVE', gsk: `${userId}#${created}#${jobId}`, jobId, created },
    { ...keyOf.job(jobId), gpk: keyOf.dataset(on.dataset.datasetId).pk, gsk: sort, ...job },
    { ...keyOf.jobOwner(jobId), gpk: keyOf.person(userId).pk, gsk: sort, jobId, created },
  ]
  for (const item of items)
    try {
      await deps.table.create(item)
    } catch (e) {
      if (!(e instanceof AlreadyExists)) throw e
    }
}
