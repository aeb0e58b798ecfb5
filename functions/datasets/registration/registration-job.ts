/**
 * Jobs of kind `registration`: what they are asked to do, and the items by which the workflow and the job lists find
 * them.
 */
import type { DatasetSchema } from '../../../domain/datasets/schema.ts'
import { canonical } from '../../../domain/hash.ts'
import { AlreadyExists } from '../../../ports/table.ts'
import type { Deps } from '../../kernel/deps.ts'
import { hashNow } from '../../kernel/hash.ts'
import { type DatasetItem, type JobItem, keyOf } from '../../kernel/items.ts'

export interface UploadedFile {
  path: string
  size: number
  sha256: string
}
/** The object `jobs/<jobId>/ask.json` in the bucket `protected`. */
export type RegistrationAsk =
  | { act: 'read'; files: UploadedFile[] }
  | { act: 'store'; schema: DatasetSchema; files: UploadedFile[] }
  | { act: 'from-study'; studyId: string; purpose: string }

export const blobKey = (datasetId: string, sha256: string): string => `datasets/${datasetId}/blobs/${sha256}`
export const readingKey = (datasetId: string): string => `datasets/${datasetId}/reading.json`
export const askKey = (jobId: string): string => `jobs/${jobId}/ask.json`

const titles: Record<RegistrationAsk['act'], string> = {
  read: 'Reading the files of',
  store: 'Storing a version of',
  'from-study': 'Opening a study’s results for',
}

/**
 * Writes, in this order: the ask, the pointer by which the watch finds a live job, the job, the pointer by which its
 * owner does. Killed at any point, a job that has no dataset pointing at it yet does nothing when it runs. Safe to run
 * twice with the same id.
 */
export async function submitRegistration(
  deps: Pick<Deps, 'table' | 'objects' | 'now'>,
  jobId: string,
  s: DatasetItem,
  userId: string,
  ask: RegistrationAsk,
): Promise<void> {
  const text = canonical(ask)
  const created = deps.now().toISOString()
  await deps.objects.put('protected', askKey(jobId), new TextEncoder().encode(text), 'application/json')
  const job: JobItem = {
    jobId,
    kind: 'registration',
    title: `${titles[ask.act]} ${s.title}`.slice(0, 120),
    state: 'queued',
    organisationId: s.organisationId,
    datasetId: s.datasetId,
    datasetVersion: s.version + (ask.act === 'store' ? 1 : 0),
    userId,
    purpose: ask.act === 'from-study' ? ask.purpose : '',
    cohort: [],
    pin: hashNow(text),
    askHash: hashNow(text),
    created,
    attempt: 1,
    steps: {},
  }
  const sort = `JOB#${created}#${jobId}`
  // Sort keys as functions/workflow/end-job.ts makes them: a person's live jobs are counted by one query.
  const items = [
    { ...keyOf.jobLive(jobId), gpk: 'JOB#LIVE', gsk: `${userId}#${created}#${jobId}`, jobId, created },
    { ...keyOf.job(jobId), gpk: keyOf.dataset(s.datasetId).pk, gsk: sort, ...job },
    { ...keyOf.jobOwner(jobId), gpk: keyOf.person(userId).pk, gsk: sort, jobId, created },
  ]
  for (const item of items)
    try {
      await deps.table.create(item)
    } catch (e) {
      if (!(e instanceof AlreadyExists)) throw e
    }
}
