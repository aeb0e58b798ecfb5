/** Files that were uploaded for a dataset: named by what was read last, and by its versions. */
import { jobLife } from '../../domain/jobs/life.ts'
import { queryAll } from '../../ports/table.ts'
import { type DatasetItem, type DatasetVersionItem, indexKeyOf, type JobItem, keyOf } from '../kernel/items.ts'
import { readJson } from '../kernel/stored-json.ts'
import { blobKey, readingOf } from './dataset-files.ts'
import type { UploadFolder } from './uploads.ts'

type Version = Pick<DatasetVersionItem, 'files' | 'filesKey'>

/** Uploads of a dataset. While a job reads or stores them nothing is known to be unnamed. */
export const datasetUploads: UploadFolder = {
  bucket: 'protected',
  prefix: (datasetId) => blobKey(datasetId, ''),
  key: keyOf.datasetUploads,
  idOf: (key) => keyOf.datasetUploads.read(key)!.datasetId,
  place: (datasetId, at) => indexKeyOf.datasetUploads.byTime({ datasetId, at }),
  partition: indexKeyOf.datasetUploads.byTime.partition(),
  quietDays: 7,
  named: async (deps, datasetId) => {
    const dataset = await deps.table.get<DatasetItem>(keyOf.dataset(datasetId))
    if (!dataset) return undefined
    const job =
      dataset.readingJob && (await deps.table.get<Pick<JobItem, 'state'>>(keyOf.job(dataset.readingJob), ['state']))
    if (job && jobLife[job.state].live) return undefined
    const named = new Set<string>()
    const name = (files: readonly { sha256: string }[]): void => {
      for (const { sha256 } of files) named.add(blobKey(datasetId, sha256))
    }
    name((await readingOf(deps, datasetId))?.files ?? [])
    for await (const { files, filesKey } of queryAll<Version>(deps.table, keyOf.datasetVersion.partition(datasetId), {
      prefix: keyOf.datasetVersion.prefix(),
      attributes: ['files', 'filesKey'],
    }))
      name(filesKey === undefined ? files : await readJson<Version['files']>(deps, 'protected', filesKey))
    return named
  },
}
