/** The engine in a Lambda: DuckDB in process, objects fetched to /tmp for as long as a request lasts. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Engine, ObjectGone } from '../../ports/engine.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { engineOver } from '../../runner/engine/engine.ts'
import { runRequest } from '../../runner/engine/run.ts'
import { sweepLeftovers } from '../../runner/own-folders.ts'

/** Links live as long as a function may. */
const linkSeconds = 900

export interface AwsEngineOptions {
  objects: ObjectStore
  /** Where requests have their folders; the function's ephemeral storage by default. */
  folder?: string
}

/**
 * A Lambda runs one request at a time, and its own limits of time and memory stand around DuckDB's. Objects travel by
 * signed links, as streams. No rows stay between two invocations; what one left that was killed is swept here.
 */
export function awsEngine({ objects, folder }: AwsEngineOptions): Engine {
  sweepLeftovers(folder)
  return engineOver(
    {
      ...(folder === undefined ? {} : { work: folder }),
      async fetch(ref, path) {
        const link = await objects.signedGet('protected', ref.key, linkSeconds)
        const response = await fetch(link.url, { headers: link.headers })
        if (response.status === 404 || response.status === 403) throw new ObjectGone(ref.key)
        if (!response.ok || !response.body) throw new Error(`An object could not be fetched (${response.status})`)
        await pipeline(
          Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
          createWriteStream(path, { mode: 0o600 }),
        )
      },
      async put(path, key, type) {
        const hash = createHash('sha256')
        for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
        const { size } = await stat(path)
        const sha256 = hash.digest('hex')
        const link = await objects.signedPut('protected', key, { sha256, size, type }, linkSeconds)
        const response = await fetch(link.url, {
          method: link.method,
          headers: { ...link.headers, 'content-length': String(size) },
          body: Readable.toWeb(createReadStream(path)) as BodyInit,
          duplex: 'half',
        } as RequestInit)
        if (!response.ok) throw new Error(`An object could not be stored (${response.status})`)
        return { key, sha256, size }
      },
    },
    runRequest,
  )
}
