/**
 * The engine on a laptop: each request in a limited process that does nothing else meanwhile, kept warm, with an empty
 * environment.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Engine, ObjectGone } from '../../ports/engine.ts'
import { type FileCache, fileCache } from '../../runner/engine/cache.ts'
import { engineOver, type Places } from '../../runner/engine/engine.ts'
import { engineProcesses } from './engine-processes.ts'
import type { LocalObjects } from './objects.ts'

export interface LocalEngineOptions {
  objects: LocalObjects
  /** Where fetched objects are kept; a folder of its own that goes at `close` by default. */
  folder?: string
  /** Warm processes in wait. */
  spare?: number
}

const cacheBytes = 100 * 1024 ** 3

function places(objects: LocalObjects, cache: FileCache): Places {
  return {
    fetch: (ref) =>
      cache.get(ref, async (path) => {
        const found = await objects.open('protected', ref.key)
        if (!found) throw new ObjectGone(ref.key)
        await pipeline(found.bytes(), createWriteStream(path, { mode: 0o600 }))
      }),
    async put(path, key, type) {
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
      const { size } = await stat(path)
      const sha256 = hash.digest('hex')
      await objects.store('protected', key, createReadStream(path), { sha256, size, type })
      await cache.take(path, sha256, size)
      return { key, sha256, size }
    },
  }
}

/** Close it when the host stops. */
export function localEngine({ objects, folder, spare = 2 }: LocalEngineOptions): Engine & { close(): Promise<void> } {
  const processes = engineProcesses(spare)
  let own: Promise<string> | undefined
  let cache: FileCache | undefined
  const opened = async (): Promise<FileCache> =>
    (cache ??= fileCache(folder ?? (await (own ??= mkdtemp(join(tmpdir(), 'cloister-data-')))), cacheBytes))
  const lazy: FileCache = {
    get: async (...a) => (await opened()).get(...a),
    take: async (...a) => (await opened()).take(...a),
    close: async () => {
      await cache?.close()
    },
  }
  return {
    ...engineOver(places(objects, lazy), processes.run),
    async close() {
      await processes.close()
      await lazy.close()
      if (own) await rm(await own, { recursive: true, force: true })
    },
  }
}
