/** Where a dataset's files lie, what was read of them, and which of them a version has. */
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import type { TableReading } from '../../ports/engine.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetVersionItem } from '../kernel/items.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'

/** A file as it was declared: its path below the dataset's folder, bytes, and SHA-256 in hex. */
export interface UploadedFile {
  path: string
  size: number
  sha256: string
}

/** protected: an uploaded file, by what it holds. */
export const blobKey = (datasetId: string, sha256: string): string => `datasets/${datasetId}/blobs/${sha256}`
/** protected: the newest `Reading`. */
export const readingKey = (datasetId: string): string => `datasets/${datasetId}/reading.json`

/** The object `datasets/<id>/reading.json`: for its custodian alone, for it holds examples. */
export interface Reading {
  jobId: string
  files: UploadedFile[]
  tables: Omit<TableReading, 'proposed'>[]
  other: { path: string; size: number }[]
  proposed: DatasetSchema
}

/** The newest reading of a dataset's files, whichever job made it. */
export const readingOf = (deps: Pick<Deps, 'objects'>, datasetId: string): Promise<Reading | undefined> =>
  readJsonIfThere<Reading>(deps, 'protected', readingKey(datasetId))

/** All files of a version: tables, volumes, masks. Many volumes are listed in an object beside the item. */
export const filesOf = async (
  deps: Pick<Deps, 'objects'>,
  version: DatasetVersionItem,
): Promise<DatasetVersionItem['files']> => {
  if (version.filesKey === undefined) return version.files
  return (await readJsonIfThere<DatasetVersionItem['files']>(deps, 'protected', version.filesKey)) ?? version.files
}
