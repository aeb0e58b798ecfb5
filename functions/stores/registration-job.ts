/** Jobs that read or store a dataset's files: what they are asked, and how they are submitted. */
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { canonical } from '../../domain/hash.ts'
import { hashNow } from '../kernel/hash.ts'
import { type DatasetItem, indexKeyOf } from '../kernel/items.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { submit } from '../workflow/submit.ts'
import type { UploadedFile } from './dataset-files.ts'
import type { Writer } from '../kernel/audit.ts'

/** The object `jobs/<jobId>/ask.json` in the bucket `protected`. */
export type RegistrationAsk =
  | { act: 'read'; files: UploadedFile[] }
  | { act: 'store'; schema: DatasetSchema; files: UploadedFile[] }
  | { act: 'from-study'; studyId: string; purpose: string }

const titles: Record<RegistrationAsk['act'], string> = {
  read: 'Reading the files of',
  store: 'Storing a version of',
  'from-study': 'Opening a study’s results for',
}

/**
 * Submits the job of an ask; the caller starts it once the dataset names it, for a job that no dataset points at does
 * nothing when it runs. Safe to call twice with the same id.
 */
export async function submitRegistration(
  deps: Pick<WorkflowDeps, 'objects' | 'kinds'> & Writer,
  jobId: string,
  dataset: DatasetItem,
  userId: string,
  ask: RegistrationAsk,
): Promise<void> {
  const text = canonical(ask)
  const created = deps.now().toISOString()
  await submit(deps, {
    ask: new TextEncoder().encode(text),
    listed: indexKeyOf.job.ofDataset({ datasetId: dataset.datasetId, created, jobId }),
    job: {
      jobId,
      kind: 'registration',
      title: `${titles[ask.act]} ${dataset.title}`.slice(0, 120),
      state: 'queued',
      organisationId: dataset.organisationId,
      datasetId: dataset.datasetId,
      datasetVersion: dataset.version + (ask.act === 'store' ? 1 : 0),
      userId,
      purpose: ask.act === 'from-study' ? ask.purpose : '',
      cohort: [],
      pin: hashNow(text),
      askHash: hashNow(text),
      created,
      attempt: 1,
      steps: {},
    },
  })
}

/** Starts a job that the dataset names. Nothing happens when it was started before. */
export async function begun(deps: Pick<WorkflowDeps, 'workflow'>, jobId: string): Promise<{ jobId: string }> {
  await deps.workflow.start(jobId, 1)
  return { jobId }
}
