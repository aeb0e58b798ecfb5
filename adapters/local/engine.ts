/**
 * The engine on a laptop: each request in a limited process that does nothing else meanwhile, kept warm, with an empty
 * environment.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type DataRef, type Engine, ObjectGone } from '../../ports/engine.ts'
import { engineOver, type Places } from '../../runner/engine/engine.ts'
import { absent } from './object-files.ts'
import { engineProcesses } from './engine-processes.ts'
import type { LocalObjects } from './objects.ts'

export interface LocalEngineOptions {
  objects: LocalObjects
  /** Where requests have their folders; the system's place for temporary files by default. */
  work?: string
  /** Warm processes in wait. */
  spare?: number
}

/**
 * Another name for the file of an object, which the request keeps also when the object is replaced meanwhile. False
 * when the object has no file of its own.
 */
async function linked(objects: LocalObjects, ref: DataRef, path: string): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    const plain = await objects.plainFile('protected', ref.key)
    if (plain === undefined) return false
    try {
      await link(plain, path).catch((error: unknown) => {
        // The objects may lie on a disk of their own.
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
        return copyFile(plain, path)
      })
      return true
    } catch (e) {
      // Replaced between the two: the new one has another file.
      if (!absent(e) || tries >= 5) throw e
    }
  }
}

function places(objects: LocalObjects, work: string | undefined): Places {
  return {
    ...(work === undefined ? {} : { work }),
    async fetch(ref, path) {
      if (await linked(objects, ref, path)) return
      const found = await objects.open('protected', ref.key)
      if (!found) throw new ObjectGone(ref.key)
      await pipeline(found.bytes(), createWriteStream(path, { mode: 0o600 }))
    },
    async put(path, key, type) {
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
      const { size } = await stat(path)
      const sha256 = hash.digest('hex')
      await objects.store('protected', key, createReadStream(path), { sha256, size, type })
      return { key, sha256, size }
    },
  }
}

/** Close it when the host stops. */
export function localEngine({ objects, work, spare = 2 }: LocalEngineOptions): Engine & { close(): Promise<void> } {
  const processes = engineProcesses(spare)
  return { ...engineOver(places(objects, work), processes.run), close: processes.close }
}
