/**
 * A process that answers requests over IPC, one at a time. Started by adapters/local/engine.ts with an empty
 * environment.
 */
import { openDuck } from './duckdb.ts'
import type { Answered, Request } from './request.ts'
import { runRequest } from './run.ts'

/** A process that has grown to more than this many bytes, or has answered this often, makes room for a fresh one. */
const grown = 512 * 1024 ** 2
const often = 500

// Warm: DuckDB's library is loaded and its parser has run once, before any question is there.
const warm = await openDuck({ files: [], memoryMb: 64, threads: 1 })
await warm.rows("SELECT json_serialize_sql('SELECT 1')")
warm.close()

let answered = 0
process.on('message', (request: Request) => {
  void runRequest(request).then((reply) => {
    answered++
    const fit = 'ok' in reply && answered < often && process.memoryUsage.rss() < grown
    process.send!({ reply, fit } satisfies Answered)
  })
})
process.once('disconnect', () => {
  process.exit(0)
})
process.send!('ready')
