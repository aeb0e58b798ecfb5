/** Everything of a dataset that code finds below `catalogs/<dataset>/`. */
import { subjectColumn } from '../../domain/datasets/schema.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetVersionItem, JobItem } from '../kernel/items.ts'
import { objectOf } from '../workflow/job-item.ts'
import { filesOf, type UploadedFile } from './dataset-files.ts'

export interface CohortFiles {
  tables: { file: string; key: string; subject: string; pathColumn?: string }[]
  volumes: UploadedFile[]
  shared: UploadedFile[]
}

/**
 * The cohort's rows, written under the job's inputs; volumes that rows may name; and what everybody gets. The same
 * again when it is repeated.
 */
export async function cohortFiles(deps: Deps, job: JobItem, version: DatasetVersionItem): Promise<CohortFiles> {
  const { schema } = version.data
  const written = await deps.engine.materialise(version.data, job.cohort, `${objectOf.inputs(job.jobId)}tables/`)
  const listed = new Set(schema.tables.map((t) => t.file))
  const masks = new Set(schema.images.flatMap((i) => i.masks))
  const others = schema.images.length === 0 ? [] : (await filesOf(deps, version)).filter((f) => !listed.has(f.path))
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
