/** Runs one request of the engine in this process. */
import { totalmem } from 'node:os'
import { Unreadable } from '../../ports/engine.ts'
import { EngineFailure } from './duckdb.ts'
import { count, materialise } from './materialise.ts'
import { difference, query, validate } from './query.ts'
import { read } from './read.ts'
import type { Answers, Reply, Request } from './request.ts'
import { store } from './store.ts'

/** Memory for reading and storing, in MB: half of what the machine has. */
const roomMb = (): number => Math.max(512, Math.floor(totalmem() / 2 / 1024 ** 2))

async function answer(r: Request): Promise<Answers[Request['kind']]> {
  switch (r.kind) {
    case 'read':
      return read(r, roomMb())
    case 'store':
      return store(r, roomMb())
    case 'count':
      return count(r)
    case 'difference':
      return difference(r)
    case 'materialise':
      return materialise(r)
    case 'validate':
      return validate(r)
    case 'query':
      return query(r)
  }
}

/** Always answers: a failure of DuckDB is its class, never its text. */
export async function runRequest(r: Request): Promise<Reply> {
  try {
    return { ok: await answer(r) }
  } catch (e) {
    if (e instanceof Unreadable)
      return { unreadable: { file: e.file, reason: e.message, ...(e.line === undefined ? {} : { line: e.line }) } }
    return {
      failed:
        e instanceof EngineFailure
          ? { kind: e.kind, errorClass: e.errorClass }
          : { kind: 'query-error', errorClass: e instanceof Error ? e.name : 'Error' },
    }
  }
}
