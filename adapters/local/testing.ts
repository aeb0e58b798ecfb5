/** For tests: the embedded store, in memory, on a free port. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import dynalite from 'dynalite'

export interface EmbeddedStore {
  endpoint: string
  close(): Promise<void>
}

/** Starts dynalite in this process. */
export async function startStore(): Promise<EmbeddedStore> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((r) => server.close(r))
      server.closeAllConnections()
      await closed
    },
  }
}
