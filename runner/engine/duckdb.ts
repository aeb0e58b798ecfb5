/** DuckDB, shut in: no extensions, no network, no file but those named, no configuration afterwards. */
import { availableParallelism } from 'node:os'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export interface Duck {
  /** Rows of a statement, as JavaScript values (numbers, bigints, strings, booleans, arrays, null). */
  rows(sql: string): Promise<unknown[][]>
  /** The same with the place of each column by its name. */
  table(sql: string): Promise<{ at: Map<string, number>; rows: unknown[][] }>
  run(sql: string): Promise<void>
  interrupt(): void
  close(): void
}
/** Files that may be opened, folders below which files may be read and written, and memory in MB. */
export interface Bounds {
  files: string[]
  folders?: string[]
  memoryMb: number
  threads?: number
}

function kindOfFailure(text: string): EngineFailure['kind'] {
  if (/^(Out of Memory|.*failed to (pin|allocate)|.*bad_alloc)/i.test(text)) return 'memory-limit'
  return /^INTERRUPT/i.test(text) ? 'time-limit' : 'query-error'
}

/** What a failure may say of itself: its class, never DuckDB's text, which can quote rows. */
export class EngineFailure extends Error {
  override name = 'EngineFailure'
  readonly kind: 'memory-limit' | 'time-limit' | 'query-error'
  readonly errorClass: string
  /** DuckDB's own text: for the custodian's reading of their own files alone. */
  readonly inner: string
  constructor(inner: string) {
    super('the engine failed')
    this.inner = inner
    this.errorClass = /^([A-Z][A-Za-z ]{2,30}) Error/.exec(inner)?.[1]?.replaceAll(' ', '') ?? 'Error'
    this.kind = kindOfFailure(inner)
  }
}

export const literalList = (paths: readonly string[]): string =>
  `[${paths.map((p) => `'${p.replaceAll("'", "''")}'`).join(', ')}]`

/** A fresh database in memory. `close` it. */
export async function openDuck({
  files,
  folders = [],
  memoryMb,
  threads = availableParallelism(),
}: Bounds): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    max_temp_directory_size: '0KB',
    enable_object_cache: 'true',
    preserve_insertion_order: folders.length > 0 ? 'true' : 'false',
  })
  const connection: DuckDBConnection = await instance.connect()
  const duck: Duck = {
    async rows(sql) {
      try {
        return (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][]
      } catch (e) {
        throw new EngineFailure(e instanceof Error ? e.message : '')
      }
    },
    async table(sql) {
      try {
        const reader = await connection.runAndReadAll(sql)
        return { at: new Map(reader.columnNames().map((n, i) => [n, i])), rows: reader.getRowsJS() as unknown[][] }
      } catch (e) {
        throw new EngineFailure(e instanceof Error ? e.message : '')
      }
    },
    async run(sql) {
      try {
        await connection.run(sql)
      } catch (e) {
        throw new EngineFailure(e instanceof Error ? e.message : '')
      }
    },
    interrupt() {
      connection.interrupt()
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
  await duck.run(
    `SET allowed_paths = ${literalList(files)}; SET allowed_directories = ${literalList(folders)}; SET enable_external_access = false; SET lock_configuration = true`,
  )
  return duck
}
