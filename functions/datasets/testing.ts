/**
 * For tests of datasets: a custodian's acts in one call each, an engine that reads CSV in this process, and a workflow
 * that runs when it is told to.
 */
import { createHash } from 'node:crypto'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { type DatasetPolicy, defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import { readCsv } from '../../domain/datasets/csv.ts'
import { type Engine, type StoredTable, Unreadable } from '../../ports/engine.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { Workflow } from '../../ports/workflow.ts'
import { whenVersionStored } from '../reactions.ts'
import { createRegistration } from './registration/register.ts'
import { createSettle } from '../workflow/settle.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import type { StepDeps } from '../workflow/job-kind.ts'

export const sha256 = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex')
const utf8 = (s: string): Uint8Array => new TextEncoder().encode(s)
const absent = (): never => {
  throw new Error('Not a part of this engine')
}

/**
 * Every column is text, the first is the subject; a file that says `broken` cannot be read, one with `wrong` cannot be
 * stored.
 */
export function plainEngine(objects: () => ObjectStore): Engine {
  const text = async (key: string): Promise<string> => new TextDecoder().decode(await objects().get('protected', key))
  return {
    read: (files) =>
      Promise.all(
        files.map(async ({ file, data }) => {
          const content = await text(data.key)
          if (content.includes('broken')) throw new Unreadable(file, 'a line has too many cells', 2)
          const [head, ...rows] = [...readCsv(content)]
          const columns = head!.cells.map((name, index) => ({
            name,
            type: 'text' as const,
            ...(index === 0 ? { role: 'subject' as const } : {}),
            distinct: new Set(rows.map((r) => r.cells[index])).size,
            missing: 0,
            examples: rows.slice(0, 3).map((r) => r.cells[index]!),
          }))
          return {
            file,
            columns,
            rows: rows.length,
            warnings: [],
            proposed: {
              name: file.replace(/\.csv$/, '').replaceAll(/[^a-z0-9_]/g, '_'),
              file,
              columns: columns.map(({ distinct: _d, missing: _m, examples: _e, ...c }) => c),
              oneRowPerSubject: false,
            },
          }
        }),
      ),
    store: async (files, schema, prefix) => {
      const tables: StoredTable[] = []
      for (const table of schema.tables) {
        const content = await text(files.find((f) => f.file === table.file)!.data.key)
        if (content.includes('wrong')) throw new Unreadable(table.file, 'the subject is missing', 3)
        const parquet = utf8(`${JSON.stringify(table)}${content}`)
        await objects().put('protected', `${prefix}${table.name}.parquet`, parquet, 'application/octet-stream')
        tables.push({
          name: table.name,
          parquet: { key: `${prefix}${table.name}.parquet`, sha256: sha256(parquet), size: parquet.length },
          rows: 1,
          subjects: 1,
        })
      }
      return { data: { schema, tables, subjects: 1 }, outside: {} }
    },
    count: absent,
    difference: absent,
    materialise: absent,
    validate: absent,
    query: absent,
  }
}

export interface DatasetStage {
  h: Harness
  organisationId: string
  /** Jobs that were started, as `id/attempt`. */
  started: string[]
  make(name?: string): Promise<string>
  /** Uploads the files and asks for them to be read. */
  read(datasetId: string, files: Record<string, string | Uint8Array>): Promise<string>
  publish(datasetId: string, schema: DatasetSchema, policy?: DatasetPolicy): Promise<string>
  /** Walks a job as the workflow does, with these deps (default: the harness's). */
  walk(jobId: string, deps?: StepDeps): Promise<JobItem>
  rev(datasetId: string): Promise<number>
}

/**
 * A harness with a lab of every role: cleo is custodian, anil analyst, rosa researcher, ada admin. `engine` replaces
 * the plain one.
 */
export async function stage(engine?: (objects: () => ObjectStore) => Engine): Promise<DatasetStage> {
  const started: string[] = []
  const workflow: Workflow = {
    start: async (id, attempt) => {
      started.push(`${id}/${attempt}`)
    },
    stop: async () => {},
    running: async () => false,
  }
  // The engine reads from the harness's objects, and the harness is given the engine: by the time anything is read,
  // both are there.
  const made: { h?: Harness } = {}
  const on = await harness({ workflow, engine: (engine ?? plainEngine)(() => made.h!.deps.objects) })
  made.h = on
  const { organisationId } = await on.organisation('Lab', {
    cleo: ['custodian'],
    anil: ['analyst'],
    rosa: ['researcher'],
    ada: ['admin'],
  })
  const cleo = on.person('cleo')
  const rev = async (datasetId: string): Promise<number> =>
    (await on.call('datasets', 'get', { as: cleo, params: { datasetId } })).rev
  return {
    h: on,
    organisationId,
    started,
    rev,
    make: async (name = 'trial') =>
      (
        await on.call('datasets', 'create', {
          as: cleo,
          params: { organisationId },
          body: { name, title: `The ${name}`, description: 'Of something' },
        })
      ).datasetId,
    read: async (datasetId, given) => {
      const files = Object.entries(given).map(([path, content]) => {
        const bytes = typeof content === 'string' ? utf8(content) : content
        return { path, bytes, size: bytes.length, sha256: sha256(bytes) }
      })
      for (const file of files)
        await on.deps.objects.put(
          'protected',
          `datasets/${datasetId}/blobs/${file.sha256}`,
          file.bytes,
          'application/octet-stream',
        )
      return (
        await on.call('datasets', 'read', {
          as: cleo,
          params: { datasetId },
          body: { files: files.map(({ bytes: _, ...file }) => file) },
        })
      ).jobId
    },
    publish: async (datasetId, schema, policy = defaultDatasetPolicy) =>
      (
        await on.call('datasets', 'publish', {
          as: cleo,
          params: { datasetId },
          body: { rev: await rev(datasetId), schema, policy },
        })
      ).jobId,
    walk: async (jobId, deps = on.deps) => {
      const job = await deps.table.get<JobItem>(keyOf.job(jobId))
      if (job?.state === 'queued') await deps.table.update(keyOf.job(jobId), { set: { state: 'running' } })
      await createRegistration(deps, whenVersionStored)({ jobId, attempt: job!.attempt })
      await createSettle(deps)({ jobId, attempt: job!.attempt })
      return (await on.deps.table.get<JobItem>(keyOf.job(jobId)))!
    },
  }
}

export const subjectsCsv = 'subject,arm\na,x\nb,y\n'
export const subjectsSchema: DatasetSchema = {
  images: [],
  tables: [
    {
      name: 'subjects',
      file: 'subjects.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'subject', type: 'text', role: 'subject' },
        { name: 'arm', type: 'category', categories: ['x', 'y'] },
      ],
    },
  ],
}
