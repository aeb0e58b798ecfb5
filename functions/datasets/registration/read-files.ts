/**
 * Reading a dataset's files: what was found lies in an object for the custodian, with a schema that they may confirm.
 */
import { DatasetSchema as DatasetSchemaShape } from '../../../contracts/datasets.ts'
import { isTableFile, proposeSchema } from '../../../domain/datasets/proposal.ts'
import type { ColumnRole, DatasetSchema } from '../../../domain/datasets/schema.ts'
import { studyTables } from '../../../domain/datasets/study-tables.ts'
import { sha256Hex } from '../../../domain/hash.ts'
import { Unreadable } from '../../../ports/engine.ts'
import type { Deps } from '../../kernel/deps.ts'
import type { JobItem } from '../../kernel/items.ts'
import { openStudy } from './open-study.ts'
import { blobKey, type Reading, readingKey, type UploadedFile } from '../../stores/dataset-files.ts'
import type { RegistrationAsk } from '../../stores/registration-job.ts'
import { jsonBytes, readJson } from '../../kernel/stored-json.ts'

/** What the platform knows of the tables it made itself. */
const known: Record<string, ColumnRole> = { subject: 'subject', session: 'visit' }
const withKnownRoles = (schema: DatasetSchema): DatasetSchema => ({
  ...schema,
  tables: schema.tables.map((table) => ({
    ...table,
    columns: table.columns.map(({ role: _, ...column }) =>
      known[column.name]
        ? {
            ...column,
            ...(column.name === 'subject'
              ? { type: 'text' as const, minimum: undefined, maximum: undefined, categories: undefined }
              : {}),
            role: known[column.name]!,
          }
        : column,
    ),
  })),
})

/**
 * A proposal that could not be confirmed as it stands helps nobody: a file with names that no schema can hold is said
 * to be unreadable.
 */
function checked(schema: DatasetSchema): DatasetSchema {
  const parsed = DatasetSchemaShape.safeParse(schema)
  if (parsed.success) return parsed.data as DatasetSchema
  const issue = parsed.error.issues[0]!
  const table =
    issue.path[0] === 'tables' && typeof issue.path[1] === 'number' ? schema.tables[issue.path[1]] : undefined
  const column =
    issue.path[2] === 'columns' && typeof issue.path[3] === 'number' ? ` (column ${issue.path[3] + 1})` : ''
  throw new Unreadable(table?.file ?? '', `It does not make a table${column}: ${issue.message}`, 1)
}

/** Reads and writes `datasets/<id>/reading.json`. Throws `Unreadable`. */
export async function readFiles(
  deps: Deps,
  job: JobItem,
  files: UploadedFile[],
  origin: { fromStudy: boolean; notes: string[] },
): Promise<void> {
  const tables = files.filter((f) => isTableFile(f.path))
  const other = files.filter((f) => !isTableFile(f.path)).map(({ path, size }) => ({ path, size }))
  const found = await deps.engine.read(
    tables.map((file) => ({
      file: file.path,
      data: { key: blobKey(job.datasetId, file.sha256), sha256: file.sha256, size: file.size },
    })),
  )
  const proposed = proposeSchema(
    found,
    other.map((f) => f.path),
  )
  const reading: Reading = {
    jobId: job.jobId,
    files,
    other,
    proposed: checked(origin.fromStudy ? withKnownRoles(proposed) : proposed),
    tables: found.map(({ proposed: _, ...table }, index) => ({
      ...table,
      warnings: index === 0 ? [...table.warnings, ...origin.notes] : table.warnings,
    })),
  }
  await deps.objects.put('protected', readingKey(job.datasetId), jsonBytes(reading), 'application/json')
}

interface Made {
  files: UploadedFile[]
  notes: string[]
}
/** Says that the study was opened and its tables lie in the bucket: then it is not opened again. */
const madeKey = (jobId: string): string => `jobs/${jobId}/study.json`

async function put(deps: Deps, datasetId: string, path: string, text: string): Promise<UploadedFile> {
  const bytes = new TextEncoder().encode(text)
  const sha256 = await sha256Hex(bytes)
  await deps.objects.put('protected', blobKey(datasetId, sha256), bytes, 'text/csv')
  return { path, size: bytes.length, sha256 }
}

/**
 * Opens a study's completed runs and puts their tables where a custodian's uploads lie. Throws `MayNotOpen`, and
 * `Unreadable` when there is no run left.
 */
export async function studyFiles(
  deps: Deps,
  job: JobItem,
  ask: Extract<RegistrationAsk, { act: 'from-study' }>,
): Promise<Made> {
  if (await deps.objects.head('protected', madeKey(job.jobId)))
    return readJson<Made>(deps, 'protected', madeKey(job.jobId))
  const { runs, unopenable } = await openStudy(deps, {
    studyId: ask.studyId,
    datasetId: job.datasetId,
    userId: job.userId,
    purpose: ask.purpose,
  })
  if (runs.length === 0) throw new Unreadable('', 'no run')
  const tables = await studyTables(job.datasetId, runs)
  const made: Made = {
    files: [
      await put(deps, job.datasetId, 'participants.csv', tables.participants),
      ...(runs.some((r) => r.trials.length > 0) ? [await put(deps, job.datasetId, 'trials.csv', tables.trials)] : []),
    ],
    notes: [
      ...(unopenable > 0
        ? [`${unopenable} records could not be opened with the keys of their runs and were left out.`]
        : []),
      ...(tables.left > 0 ? [`${tables.left} columns that few trials have were left out.`] : []),
    ],
  }
  await deps.objects.put('protected', madeKey(job.jobId), jsonBytes(made), 'application/json')
  return made
}
