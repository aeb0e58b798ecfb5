/**
 * The `Engine` over any place where objects are and any way to run a request: fetches what a request needs, runs it,
 * puts away what it wrote.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataRef, type Engine, type StoredData, Unreadable } from '../../ports/engine.ts'
import type { Answers, LocalData, Reply, Request } from './request.ts'

export interface Places {
  /** A local file with the object's bytes, for reading. It may be kept for the next time. */
  fetch(ref: DataRef): Promise<string>
  /** Puts a local file into `protected`; it may be moved. */
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
  const local = async (data: StoredData): Promise<LocalData> => ({
    schema: data.schema,
    subjects: data.subjects,
    ...(data.fingerprint === undefined ? {} : { fingerprint: data.fingerprint }),
    tables: await Promise.all(
      data.tables.map(async (table) => ({
        name: table.name,
        rows: table.rows,
        subjects: table.subjects,
        path: await places.fetch(table.parquet),
        ...(table.rowsPerSubject === undefined ? {} : { rowsPerSubject: table.rowsPerSubject }),
      })),
    ),
  })
  const files = (all: { file: string; data: DataRef }[]): Promise<{ file: string; path: string }[]> =>
    Promise.all(all.map(async (f) => ({ file: f.file, path: await places.fetch(f.data) })))
  const within = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), 'cloister-engine-'))
    try {
      return await work(folder)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  return {
    async read(all) {
      return okOf<'read'>(await run({ kind: 'read', files: await files(all) }))
    },
    store: (all, schema, prefix) =>
      within(async (folder) => {
        const written = okOf<'store'>(await run({ kind: 'store', files: await files(all), schema, folder }))
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
      return okOf<'count'>(await run({ kind: 'count', data: await local(data), cohort }))
    },
    async difference(data, oneText, otherText) {
      return okOf<'difference'>(await run({ kind: 'difference', data: await local(data), a: oneText, b: otherText }))
    },
    materialise: (data, cohort, prefix) =>
      within(async (folder) => {
        const written = okOf<'materialise'>(await run({ kind: 'materialise', data: await local(data), cohort, folder }))
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
      const reply = await run({ kind: 'query', data: await local(data), cohort, sql, mode, policy, limits }, limits)
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
