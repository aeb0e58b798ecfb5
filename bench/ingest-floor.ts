/**
 * The least that a host over HTTP can do, in a process of its own, for `ingest.ts`: reads a body, puts it into a store
 * of the same making under a key that must be new, and answers. No route, no token, no look at what came. Ends with its
 * parent.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { localTable } from '../adapters/local/table.ts'
import { makeTable } from '../adapters/local/table-folder.ts'
import { readBody } from '../local/http.ts'

const [, , folder] = process.argv as [string, string, string]
await makeTable(join(folder, 'store'), () => {})
const table = await localTable({
  folder: join(folder, 'store'),
  failed: (failure) => {
    throw failure
  },
})
const largest = 1024 * 1024
let serial = 0
const server = createServer((request, response) => {
  const put = async (): Promise<void> => {
    const text = (await readBody(request, largest)).toString('utf8')
    await table.create({ pk: `BENCH#${request.url}`, sk: String(serial++).padStart(10, '0'), text })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  put().catch(() => response.destroy())
})
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
process.on('disconnect', () => {
  server.closeAllConnections()
  server.close(() => void table.close().then(() => process.exit(0)))
})
