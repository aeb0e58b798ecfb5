/**
 * The embedded store in a process of its own, so that it and the API use two cores. Started by store.ts with an IPC
 * channel: when the parent goes, however it goes, the channel closes and this process ends. LevelDB has handed a write
 * to the operating system before it is answered, so a write that was acknowledged survives the SIGKILL of either
 * process.
 */
import { createRequire } from 'node:module'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface LevelDatabase {
  open(): Promise<void>
  close(): Promise<void>
}
const require = createRequire(import.meta.url)
const dynalite = require('dynalite') as (o: { path: string; createTableMs: number }) => Server
const { Level } = createRequire(require.resolve('dynalite'))('level') as { Level: new (path: string) => LevelDatabase }

const [, , path, port] = process.argv as [string, string, string, string]

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

// LevelDB's errors (a full disk) are thrown where nobody can catch them: one line, and the parent decides what follows.
process.on('uncaughtException', (error) => {
  process.stderr.write(`The embedded store stopped: ${error.message}\n`)
  process.exit(1)
})
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches this process too; the parent decides when the store stops.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

try {
  await usable()
  const server = dynalite({ path, createTableMs: 0 })
  server.keepAliveTimeout = 60_000
  server.on('error', (error) => {
    process.send?.({ failed: error.message, code: (error as NodeJS.ErrnoException).code })
    process.exit(1)
  })
  server.listen(Number(port), '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
  process.on('message', (message) => {
    if (message !== 'stop') return
    server.close(() => process.exit(0))
    server.closeAllConnections()
  })
} catch (e) {
  process.send?.({ failed: (e as Error).message, code: (e as NodeJS.ErrnoException).code }, () => process.exit(1))
}
