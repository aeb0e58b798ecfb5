/** Objects as local files, kept by their SHA-256, so that a dataset is fetched once. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import type { DataRef } from '../../ports/engine.ts'

export interface FileCache {
  /** The file of an object; `download` writes it when it is not there yet. */
  get(ref: DataRef, download: (path: string) => Promise<void>): Promise<string>
  /** Takes a file that was written here as an object. */
  take(path: string, sha256: string, size: number): Promise<void>
  close(): Promise<void>
}

/** Files used within this many milliseconds are in use, and stay. */
const inUse = 15 * 60_000

/** A cache of at most about `capBytes`; those used longest ago go first. */
export function fileCache(folder: string, capBytes: number): FileCache {
  const used = new Map<string, { size: number; at: number }>()
  const coming = new Map<string, Promise<string>>()
  let ready: Promise<unknown> | undefined
  const open = (): Promise<unknown> =>
    (ready ??= (async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // What an earlier life left is as good as new: names are digests, and a file gets its name when it is whole.
      for (const name of await readdir(folder)) {
        if (/^[0-9a-f]{64}$/.test(name)) {
          const stats = await stat(join(folder, name))
          used.set(name, { size: stats.size, at: stats.mtimeMs })
        } else await rm(join(folder, name), { force: true })
      }
    })())
  async function makeRoom(size: number): Promise<void> {
    let total = [...used.values()].reduce((n, u) => n + u.size, 0) + size
    for (const [name, use] of [...used].sort(([, a], [, b]) => a.at - b.at)) {
      if (total <= capBytes) return
      if (Date.now() - use.at < inUse || coming.has(name)) continue
      used.delete(name)
      total -= use.size
      await rm(join(folder, name), { force: true })
    }
  }
  return {
    async get(ref, download) {
      await open()
      if (!/^[0-9a-f]{64}$/.test(ref.sha256)) throw new TypeError('An object without a SHA-256 cannot be kept')
      const path = join(folder, ref.sha256)
      const known = used.get(ref.sha256)
      if (known) {
        known.at = Date.now()
        return path
      }
      const running = coming.get(ref.sha256)
      if (running) return running
      const fetched = (async () => {
        await makeRoom(ref.size)
        const temporary = join(folder, `.${randomUUID()}`)
        try {
          await download(temporary)
          await rename(temporary, path)
        } finally {
          await rm(temporary, { force: true })
        }
        used.set(ref.sha256, { size: ref.size, at: Date.now() })
        return path
      })().finally(() => {
        coming.delete(ref.sha256)
      })
      coming.set(ref.sha256, fetched)
      return fetched
    },
    async take(path, sha256, size) {
      await open()
      await makeRoom(size)
      // Across file systems a rename is not possible; then it is fetched when it is needed.
      try {
        await rename(path, join(folder, sha256))
        used.set(sha256, { size, at: Date.now() })
      } catch {
        /* fetched later */
      }
    },
    async close() {
      await Promise.allSettled(coming.values())
      used.clear()
    },
  }
}
