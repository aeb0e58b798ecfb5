/** Bytes in and out by signed links. */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import type { LinkTo, Manifest } from '../domain/jobs/manifest.ts'
import type { Report } from '../domain/release/run-report.ts'

export interface RunnerIo {
  get(link: LinkTo): Promise<Buffer>
  put(link: LinkTo, bytes: Uint8Array): Promise<void>
  /** Into a file, for what may be larger than memory. */
  save(link: LinkTo, path: string): Promise<void>
}

/** A link could not be followed. Says which part of the manifest it was, never the link. */
export class LinkFailed extends Error {
  override name = 'LinkFailed'
  /** There is nothing at this link: not that it could not be reached. */
  readonly missing: boolean
  constructor(message: string, missing = false) {
    super(message)
    this.missing = missing
  }
}

const attempts = 4
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

async function follow(link: LinkTo, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    let status = 0
    try {
      const response = await fetch(link.url, {
        ...init,
        headers: link.headers,
        redirect: 'error',
        signal: AbortSignal.timeout(300_000),
      })
      if (response.ok) return response
      status = response.status
      await response.body?.cancel()
    } catch {
      /* the network's fault: again */
    }
    if (attempt === attempts || (status >= 400 && status < 500 && status !== 429))
      throw new LinkFailed(`answered ${status || 'nothing'}`, status === 404)
    await pause(100 * 3 ** attempt)
  }
}

export const overHttp: RunnerIo = {
  get: async (link) => Buffer.from(await (await follow(link, { method: 'GET' })).arrayBuffer()),
  save: async (link, path) => {
    const { body } = await follow(link, { method: 'GET' })
    await pipeline(Readable.fromWeb(body as ReadableStream), createWriteStream(path))
  },
  put: async (link, bytes) => {
    await (await follow(link, { method: 'PUT', body: bytes as Uint8Array<ArrayBuffer> })).arrayBuffer()
  },
}

const zip = promisify(gzip)
/** Hands the report over: gzipped JSON. */
export const putReport = async (io: RunnerIo, manifest: Manifest, report: Report): Promise<void> =>
  io.put(manifest.report, await zip(JSON.stringify(report), { level: 6 }))
