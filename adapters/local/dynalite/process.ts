/**
 * dynalite on a folder of LevelDB, in a process of its own that holds the folder's lock: for homes made before the
 * table was on SQLite. When the parent goes, however it goes, the channel closes and this process ends.
 */
import { createRequire } from 'node:module'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface LevelDatabase {
  open(): Promise<void>
  close(): Promise<void>
}
export type Said = { port: number } | { failed: string; code?: string | undefined }

const require = createRequire(import.meta.url)
const dynalite = require('dynalite') as (o: { path: string; createTableMs: number }) => Server
const { Level } = createRequire(require.resolve('dynalite'))('level') as { Level: new (path: string) => LevelDatabase }

const [, , path] = process.argv as [string, string, string]

/**
 * Opens and closes the database first: dynalite would answer every request with an error instead of saying what is
 * wrong.
 */
async function usable(): Promise<void> {
  for (let tries = 0; ; tries++) {
    const db = new Level(path)
    try {
      await db.open()
      return await db.close()
    } catch (e) {
      const cause = (e as { cause?: { code?: string; message?: string } }).cause
      // The process of a host that was just killed may need a moment to let go.
      if (cause?.code !== 'LEVEL_LOCKED' || tries >= 15)
        throw Object.assign(new Error(cause?.message ?? String(e)), { code: cause?.code })
      await new Promise((r) => setTimeout(r, 100))
    }
  }
}

const end = (failure: Error): void => {
  const said: Said = { failed: failure.message, code: (failure as NodeJS.ErrnoException).code }
  process.send?.(said, () => process.exit(1))
}
// LevelDB's errors (a full disk) are thrown where nobody can catch them.
process.on('uncaughtException', end)
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches this process too; the parent decides when it stops.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

try {
  await usable()
  const server = dynalite({ path, createTableMs: 0 })
  server.on('error', end)
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port } satisfies Said)
  })
} catch (e) {
  end(e as Error)
}
