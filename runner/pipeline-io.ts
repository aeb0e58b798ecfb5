/**
 * A pipeline's files in and out by signed links: streamed, hashed, and with patience, because the host may be
 * restarting.
 */
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { open } from 'node:fs/promises'
import type { LinkTo } from '../domain/jobs/manifest.ts'
import { LinkFailed } from './io.ts'

/** The bytes behind a link are not those that were recorded. */
export class WrongBytes extends Error {
  override name = 'WrongBytes'
}
/** The store answered that there is nothing, or that the link is not good: asking again will not help. */
export class LinkRefused extends LinkFailed {
  override name = 'LinkRefused'
}

export interface PipelineIo {
  /**
   * Writes what a link leads to into a file. `WrongBytes` when hash or size differ, `LinkRefused` when the link leads
   * nowhere.
   */
  fetchTo(link: LinkTo, path: string, expected: { sha256?: string | undefined; size: number }): Promise<void>
  putFile(link: LinkTo, path: string): Promise<void>
  putBytes(link: LinkTo, bytes: Uint8Array): Promise<void>
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/**
 * Follows a link until it is answered. What says that the link itself is wrong is final; a server that is away or
 * failing is asked again for `patience` milliseconds.
 */
async function follow<T>(
  link: LinkTo,
  init: () => Promise<RequestInit>,
  patience: number,
  take: (response: Response) => Promise<T>,
): Promise<T> {
  const began = performance.now()
  for (let attempt = 0; ; attempt++) {
    let status = 0
    try {
      const response = await fetch(link.url, { ...(await init()), headers: link.headers, redirect: 'error' })
      if (response.ok) return await take(response)
      status = response.status
      await response.body?.cancel()
    } catch (e) {
      if (e instanceof WrongBytes) throw e
      // The network's fault, or the host's: again.
    }
    if (status >= 400 && status < 500 && status !== 429 && status !== 408) throw new LinkRefused(`answered ${status}`)
    const wait = Math.min(5000, 100 * 2 ** attempt)
    if (performance.now() - began + wait > patience) throw new LinkFailed(`answered ${status || 'nothing'}`)
    await pause(wait)
  }
}

/** Over HTTP. */
export const pipelineHttp = (patience: number): PipelineIo => ({
  fetchTo: (link, path, expected) =>
    follow(
      link,
      () => Promise.resolve({ method: 'GET' }),
      patience,
      async (response) => {
        const file = await open(path, 'w', 0o444)
        const hash = createHash('sha256')
        let size = 0
        try {
          for await (const part of response.body ?? []) {
            const bytes = part as Uint8Array
            size += bytes.length
            if (size > expected.size) throw new WrongBytes('longer than recorded')
            hash.update(bytes)
            await file.write(bytes)
          }
        } finally {
          await file.close()
        }
        // Cut short is the network's fault; whole and different is not.
        if (size < expected.size) throw new LinkFailed('ended early')
        if (expected.sha256 !== undefined && hash.digest('hex') !== expected.sha256)
          throw new WrongBytes('not what was recorded')
      },
    ),
  // A file on disk as a body is streamed with its length.
  putFile: (link, path) =>
    follow(
      link,
      async () => ({ method: 'PUT', body: await openAsBlob(path) }),
      patience,
      async (response) => {
        await response.arrayBuffer()
      },
    ),
  putBytes: (link, bytes) =>
    follow(
      link,
      () => Promise.resolve({ method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> }),
      patience,
      async (response) => {
        await response.arrayBuffer()
      },
    ),
})
