/**
 * Storing a confirmed schema's tables as a version: Parquet under a place of its own, then the version item. The first
 * that is published wins.
 */
import { missingVolumes } from '../../../domain/datasets/proposal.ts'
import { readCsv } from '../../../domain/datasets/csv.ts'
import { canonical } from '../../../domain/hash.ts'
import { Unreadable } from '../../../ports/engine.ts'
import type { Item } from '../../../ports/table.ts'
import type { Deps } from '../../kernel/deps.ts'
import { hashNow } from '../../kernel/hash.ts'
import { retrying } from '../../kernel/retry.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../../kernel/items.ts'
import { blobKey, type UploadedFile } from '../../stores/dataset-files.ts'
import type { RegistrationAsk } from '../../stores/registration-job.ts'
import { jsonBytes } from '../../kernel/stored-json.ts'

type Store = Extract<RegistrationAsk, { act: 'store' }>
/** An item has room for 400 kB, with the schema and the stored tables beside the list of files. */
const inlineBytes = 60_000

/**
 * Volumes that a listing table names and nobody uploaded would be missing in every run. Only of a CSV file: the lines
 * of others are not looked at here.
 */
async function checkVolumes(deps: Deps, datasetId: string, { schema, files }: Store): Promise<void> {
  const uploaded = new Set(files.map((f) => f.path))
  for (const folder of schema.images) {
    const file = schema.tables.find((t) => t.name === folder.table)!.file
    if (!/\.csv$/i.test(file)) continue
    const listed = files.find((f) => f.path === file)!
    const text = new TextDecoder().decode(await deps.objects.get('protected', blobKey(datasetId, listed.sha256)))
    const missing = missingVolumes(readCsv(text), folder.path, uploaded)
    if (missing.length > 0)
      throw new Unreadable(
        file,
        `${missing.length} of its lines name a volume in the column ${folder.path} that was not uploaded. Paths are relative to the dataset’s folder.`,
        missing[0]!.line,
      )
  }
}

/** Another job has made this version already. The custodian publishes again, and gets the next one. */
const taken = (): Unreadable =>
  new Unreadable('', 'Another version was published meanwhile. Look at it, and publish again.')

type Held = Item<Pick<DatasetVersionItem, 'jobId'>> | undefined

/** The version item that stands, if one does. Throws `Unreadable` when it was published, or another job is to do it. */
async function standing(deps: Deps, job: JobItem): Promise<Held> {
  const key = keyOf.datasetVersion(job.datasetId, job.datasetVersion)
  const held: Held = await deps.table.get<Pick<DatasetVersionItem, 'jobId'>>(key, ['jobId', 'rev'])
  if (!held || held.jobId === job.jobId) return held
  // Looked at after the item: while it keeps its rev, whoever takes the dataset over has not yet written there.
  const now = await deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId), ['version', 'readingJob'])
  if (now?.readingJob !== job.jobId || now.version >= job.datasetVersion) throw taken()
  return held
}

/**
 * Puts the item in its place, or in the place of one that was never published: a job that ended between storing and
 * publishing must not keep the number for ever.
 */
async function writeVersion(deps: Deps, job: JobItem, item: DatasetVersionItem): Promise<void> {
  const whole = { ...item, ...keyOf.datasetVersion(item.datasetId, item.version) }
  await retrying(deps, async () => {
    const held = await standing(deps, job)
    if (held?.jobId === job.jobId) return
    if (held) await deps.table.replace(whole, held.rev!)
    else await deps.table.create(whole)
  })
}

/**
 * Makes the version item of `job.datasetVersion`. The tables lie where only this attempt of this job writes, so that no
 * other can change bytes whose hashes are recorded. Throws `Unreadable`.
 */
export async function storeVersion(deps: Deps, job: JobItem, dataset: DatasetItem, ask: Store): Promise<void> {
  if ((await standing(deps, job))?.jobId === job.jobId) return
  await checkVolumes(deps, dataset.datasetId, ask)
  const named = new Map(ask.files.map((f) => [f.path, f]))
  const sources = [...new Set(ask.schema.tables.map((t) => t.file))].map((file) => {
    const uploaded = named.get(file)!
    return {
      file,
      data: { key: blobKey(dataset.datasetId, uploaded.sha256), sha256: uploaded.sha256, size: uploaded.size },
    }
  })
  const folder = `datasets/${dataset.datasetId}/v${job.datasetVersion}`
  const { data, outside } = await deps.engine.store(sources, ask.schema, `${folder}/${job.jobId}-${job.attempt}/`)
  const tables = new Set(ask.schema.tables.map((t) => t.file))
  const others = ask.files.filter((f) => !tables.has(f.path))
  const hash = hashNow(
    canonical({
      schema: data.schema,
      tables: data.tables.map((t) => [t.name, t.parquet.sha256]),
      files: others.map((f) => [f.path, f.sha256]).sort(),
    }),
  )
  const list = await listed(deps, folder, job, ask.files, tables)
  const item: DatasetVersionItem = {
    datasetId: dataset.datasetId,
    version: job.datasetVersion,
    data,
    ...list,
    hash,
    outside,
    published: deps.now().toISOString(),
    publishedBy: job.userId,
    jobId: job.jobId,
  }
  await writeVersion(deps, job, item)
}

/** The files of a version in its item, or where they are many, in an object beside the tables. */
async function listed(
  deps: Deps,
  folder: string,
  job: JobItem,
  files: UploadedFile[],
  tables: ReadonlySet<string>,
): Promise<Pick<DatasetVersionItem, 'files' | 'filesKey'>> {
  const bytes = jsonBytes(files)
  if (bytes.length <= inlineBytes) return { files }
  const filesKey = `${folder}/${job.jobId}-${job.attempt}/files.json`
  await deps.objects.put('protected', filesKey, bytes, 'application/json')
  return { files: files.filter((f) => tables.has(f.path)), filesKey }
}
