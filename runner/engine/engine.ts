/**
 * The `Engine` over any place where objects are and any way to run a request: fetches what a request needs, runs it,
 * puts away what it wrote.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DataRef, type Engine, type StoredData, Unreadable } from '../../ports/engine.ts'
import { makeOwnFolder } from '../own-folders.ts'
import type { Answers, LocalData, Reply, Request } from './request.ts'

export interface Places {
  /** Where requests have their folders; the system's place for temporary files by default. */
  work?: string
  /** Makes a file with the object's bytes at `path`, for reading. It goes with the request. */
  fetch(ref: DataRef, path: string): Promise<void>
  /** Puts a local file into `protected`. */
  put(path: string, key: string, type: string): Promise<DataRef>
}

/** The engine failed, and not by the analyst's doing. Carries a class and no text of DuckDB's. */
export class EngineFailed extends Error {
  override name = 'EngineFailed'
}

const okOf = <K extends Request['kind']>(reply: Reply): Answers[K] => {
  if ('ok' in reply) return reply.ok as Answers[K]
  if ('unreadable' in reply) throw new Unreadable(reply.unreadable.file, reply.unreadable.reason, reply.unreadable.line)
  throw new EngineFailed(`${reply.failed.kind} (${reply.failed.errorClass})`)
}

export function engineOver(
  places: Places,
  run: (request: Request, limits?: { seconds: number; memoryMb: number }) => Promise<Reply>,
): Engine {
  /** Every request has a folder; nothing that it read or wrote outlives it. */
  const within = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
    const folder = await makeOwnFolder('engine', places.work)
    try {
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  const fetched = async (folder: string, ref: DataRef): Promise<string> => {
    if (!/^[0-9a-f]{64}$/.test(ref.sha256)) throw new TypeError('An object without a SHA-256 cannot be read')
    const path = join(folder, randomUUID())
    await places.fetch(ref, path)
    return path
  }
  const local = async (folder: string, data: StoredData): Promise<LocalData> => ({
    schema: data.schema,
    subjects: data.subjects,
    ...(data.fingerprint === undefined ? {} : { fingerprint: data.fingerprint }),
    tables: await Promise.all(
      data.tables.map(async (table) => ({
        name: table.name,
        rows: table.rows,
        subjects: table.subjects,
        path: await fetched(folder, table.parquet),
        ...(table.rowsPerSubject === undefined ? {} : { rowsPerSubject: table.rowsPerSubject }),
      })),
    ),
  })
  const files = (folder: string, all: { file: string; data: DataRef }[]): Promise<{ file: string; path: string }[]> =>
    Promise.all(all.map(async (f) => ({ file: f.file, path: await fetched(folder, f.data) })))

  return {
    read: (all) => within(async (folder) => okOf<'read'>(await run({ kind: 'read', files: await files(folder, all) }))),
    store: (all, schema, prefix) =>
      within(async (folder) => {
        const written = okOf<'store'>(await run({ kind: 'store', files: await files(folder, all), schema, folder }))
        const tables = await Promise.all(
          written.tables.map(async (table) => ({
            name: table.name,
            rows: table.rows,
            subjects: table.subjects,
            rowsPerSubject: table.rowsPerSubject,
            parquet: await places.put(table.path, `${prefix}${table.name}.parquet`, 'application/vnd.apache.parquet'),
          })),
        )
        return {
          data: { schema, tables, subjects: written.subjects, fingerprint: written.fingerprint },
          outside: written.outside,
        }
      }),
    async count(data, cohort) {
      // Everybody was counted at registration.
      if (cohort.length === 0 && data.fingerprint !== undefined)
        return { subjects: data.subjects, fingerprint: data.fingerprint }
      return within(async (folder) =>
        okOf<'count'>(await run({ kind: 'count', data: await local(folder, data), cohort })),
      )
    },
    difference: (data, oneText, otherText) =>
      within(async (folder) =>
        okOf<'difference'>(
          await run({ kind: 'difference', data: await local(folder, data), a: oneText, b: otherText }),
        ),
      ),
    materialise: (data, cohort, prefix) =>
      within(async (folder) => {
        const written = okOf<'materialise'>(
          await run({ kind: 'materialise', data: await local(folder, data), cohort, folder }),
        )
        return Promise.all(
          written.map(async (table) => ({
            file: table.file,
            key: (await places.put(table.path, `${prefix}${table.table}.csv`, 'text/csv')).key,
            rows: table.rows,
          })),
        )
      }),
    async validate(sql, schema, mode) {
      return okOf<'validate'>(await run({ kind: 'validate', sql, schema, mode }))
    },
    async query(data, cohort, sql, mode, policy, limits) {
      const reply = await within(async (folder) =>
        run({ kind: 'query', data: await local(folder, data), cohort, sql, mode, policy, limits }, limits),
      )
      if ('failed' in reply)
        return {
          problem: {
            code: reply.failed.kind,
            step: 'compute',
            ...(reply.failed.kind === 'query-error' ? { errorClass: reply.failed.errorClass } : {}),
          },
        }
      return okOf<'query'>(reply)
    },
  }
}
