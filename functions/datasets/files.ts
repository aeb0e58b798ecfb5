/** A dataset's files: links to upload them, reading them, and what was read. */
import type { z } from 'zod'
import type { datasets, DatasetSchema as DatasetSchemaShape } from '../../contracts/datasets.ts'
import { isTableFile } from '../../domain/datasets/proposal.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { intendedId } from '../kernel/intent.ts'
import { type DatasetItem, type JobItem, keyOf } from '../kernel/items.ts'
import { update } from './change.ts'
import { blobKey, type Reading, readingOf } from '../stores/dataset-files.ts'
import { begun, submitRegistration } from '../stores/registration-job.ts'
import { datasetUploads } from '../stores/dataset-uploads.ts'
import { linksGiven } from '../stores/uploads.ts'
import { each } from '../kernel/each.ts'
import { linkSeconds } from '../kernel/links.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

type Routes = (typeof datasets)['routes']

const notRetired = (dataset: DatasetItem): void => {
  if (dataset.state === 'retired') throw new Failure('wrong-state', 'A retired dataset takes no more files.')
}

/** Refuses two files at one path, and names that a file system would not tell apart. */
function checkPaths(files: readonly { path: string }[]): void {
  const seen = new Map<string, number>()
  const errors = files.flatMap(({ path }, index) => {
    const twin = seen.get(path.toLowerCase())
    seen.set(path.toLowerCase(), index)
    return twin === undefined
      ? []
      : [{ path: `/body/files/${index}/path`, message: `The same path as file ${twin}`, value: path }]
  })
  if (errors.length > 0)
    throw new Failure('invalid-request', `${errors[0]!.path}: ${errors[0]!.message}`, errors.slice(0, 50))
}

export const uploads: Implementation<Routes['uploads']> = async ({ dataset, body }, deps) => {
  notRetired(dataset)
  checkPaths(body.files)
  await linksGiven(deps, datasetUploads, dataset.datasetId)
  return {
    uploads: await each(body.files, async ({ path, sha256, size }) => {
      const key = blobKey(dataset.datasetId, sha256)
      if ((await deps.objects.head('protected', key))?.size === size) return { path, present: true }
      return {
        path,
        present: false,
        upload: await deps.objects.signedPut(
          'protected',
          key,
          { sha256, size, type: 'application/octet-stream' },
          linkSeconds.transfer,
        ),
      }
    }),
  }
}

export const read: Implementation<Routes['read'], WorkflowDeps> = async ({ dataset, caller, body, intent }, deps) => {
  const jobId = await intendedId(intent, 'job')
  if (dataset.readingJob === jobId) return begun(deps, jobId)
  notRetired(dataset)
  checkPaths(body.files)
  if (!body.files.some((f) => isTableFile(f.path)))
    throw new Failure(
      'invalid-request',
      'None of these files is a table. A dataset has at least one CSV or Parquet file; volumes are listed by a table too.',
      [{ path: '/body/files', message: 'No table among them', expected: 'a file that ends in .csv or .parquet' }],
    )
  const heads = await each(body.files, (f) => deps.objects.head('protected', blobKey(dataset.datasetId, f.sha256)))
  const missing = body.files.flatMap((file, index) =>
    heads[index]?.size === file.size
      ? []
      : [
          {
            path: `/body/files/${index}`,
            message: heads[index]
              ? `Stored with ${heads[index].size} bytes, declared with ${file.size}`
              : 'Not uploaded',
            value: file.path,
          },
        ],
  )
  if (missing.length > 0)
    throw new Failure(
      'asset-missing',
      `${missing.length} of ${body.files.length} files have not been uploaded. Ask for upload links (POST uploads), send the bytes, and read again.`,
      missing.slice(0, 50),
    )
  await record(deps, dataset.organisationId, whoOf(caller), [
    {
      act: 'dataset.read',
      object: `dataset ${dataset.datasetId}`,
      detail: { files: body.files.length, bytes: body.files.reduce((n, f) => n + f.size, 0) },
    },
  ])
  await submitRegistration(deps, jobId, dataset, caller.userId, { act: 'read', files: body.files })
  // A published version goes on answering while other files are read beside it.
  await update(
    deps,
    dataset,
    dataset.rev!,
    { ...(dataset.version === 0 ? { state: 'reading' as const } : {}), readingJob: jobId, readingAct: 'read' },
    ['problem'],
  )
  return begun(deps, jobId)
}

/** How the job stands that was asked last to read or store. */
async function readingStatus(
  deps: Pick<Deps, 'table'>,
  dataset: DatasetItem,
  held: Reading | undefined,
): Promise<'none' | 'reading' | 'ready' | 'failed'> {
  if (dataset.readingJob === undefined) return 'none'
  if (dataset.problem) return 'failed'
  if (held && dataset.readingAct === 'store') return 'ready'
  // Until its job is over the dataset changes once more: whoever is quick would be refused for its revision.
  const job = await deps.table.get<Pick<JobItem, 'state'>>(keyOf.job(dataset.readingJob), ['state'])
  if (job && jobLife[job.state].live) return 'reading'
  return held?.jobId === dataset.readingJob ? 'ready' : 'failed'
}

export const reading: Implementation<Routes['reading']> = async ({ dataset }, deps) => {
  const held = await readingOf(deps, dataset.datasetId)
  const state = await readingStatus(deps, dataset, held)
  // What was read before stays to be looked at while a version is stored, also when that failed: the schema may need a
  // change.
  const shown = state === 'ready' || (state === 'failed' && dataset.readingAct === 'store') ? held : undefined
  const problem =
    state !== 'failed'
      ? undefined
      : (dataset.problem ?? {
          file: '',
          reason: 'The job that was to read the files ended without an answer. Read them again.',
        })
  return {
    state,
    jobId: dataset.readingJob,
    problem,
    tables: shown?.tables ?? [],
    other: shown?.other ?? [],
    ...(shown ? { proposed: shown.proposed as z.input<typeof DatasetSchemaShape> } : {}),
  }
}
