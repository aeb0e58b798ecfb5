/** Runs one request of the engine in this process. */
import { totalmem } from 'node:os'
import { Unreadable } from '../../ports/engine.ts'
import { EngineFailure } from './duckdb.ts'
import { count, materialise } from './materialise.ts'
import { query, validate } from './query.ts'
import { difference } from './difference.ts'
import { read } from './read.ts'
import type { Answers, Reply, Request } from './request.ts'
import { store } from './store.ts'

/** Memory for reading and storing, in MB: half of what the machine has. */
const roomMb = (): number => Math.max(512, Math.floor(totalmem() / 2 / 1024 ** 2))

async function answer(request: Request): Promise<Answers[Request['kind']]> {
  switch (request.kind) {
    case 'read':
      return read(request, roomMb())
    case 'store':
      return store(request, roomMb())
    case 'count':
      return count(request)
    case 'difference':
      return difference(request)
    case 'materialise':
      return materialise(request)
    case 'validate':
      return validate(request)
    case 'query':
      return query(request)
  }
}

/** Always answers: a failure of DuckDB is its class, never its text. */
export async function runRequest(request: Request): Promise<Reply> {
  try {
    return { ok: await answer(request) }
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
