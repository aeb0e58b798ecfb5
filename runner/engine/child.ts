/** One child process: answers one request over IPC, then ends. Started by adapters/local/engine.ts with an empty environment. */
import { openDuck } from './duckdb.ts'
import type { Request } from './request.ts'
import { runRequest } from './run.ts'

// Warm: DuckDB's library is loaded and its parser has run once, before any question is there.
const warm = await openDuck({ files: [], memoryMb: 64, threads: 1 })
await warm.rows("SELECT json_serialize_sql('SELECT 1')")
warm.close()

process.once('message', (request: Request) => {
  void runRequest(request).then((reply) => { process.send!(reply, () => { process.exit(0) }) })
})
process.once('disconnect', () => { process.exit(0) })
process.send!('ready')
