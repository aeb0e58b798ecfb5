/** The engine on a laptop: each request in a limited process of its own, kept warm, with an empty environment. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { type Engine, ObjectGone } from '../../ports/engine.ts'
import { type FileCache, fileCache } from '../../runner/engine/cache.ts'
import { engineOver, type Places } from '../../runner/engine/engine.ts'
import type { Reply, Request } from '../../runner/engine/request.ts'
import type { LocalObjects } from './objects.ts'

export interface LocalEngineOptions { objects: LocalObjects; /** Where fetched objects are kept; a folder of its own that goes at `close` by default. */ folder?: string; /** Warm processes in wait. */ spare?: number }

const program = fileURLToPath(new URL('../../runner/engine/child.ts', import.meta.url))
const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((p) => process.platform === 'linux' && existsSync(p))
const cacheBytes = 100 * 1024 ** 3
/** What a process needs beside the memory of its query, in MB. */
const overheadMb = 768
const longest = 3600
const idleMilliseconds = 1500

interface Child { process: ChildProcess; ready: Promise<void> }

function start(): Child {
  const child = spawn(process.execPath, ['--max-old-space-size=512', program], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {}, serialization: 'json' })
  child.unref()
  child.channel?.unref()
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => { resolve() })
    child.once('exit', () => { reject(new Error('the engine process ended before it began')) })
    child.once('error', reject)
  })
  ready.catch(() => {})
  return { process: child, ready }
}

/** Lowers what a process may use, before it is told anything. Only questions write no file. */
const limit = (pid: number, memoryMb: number | undefined, writes: boolean): Promise<void> => prlimit === undefined ? Promise.resolve()
  : new Promise((resolve, reject) => { execFile(prlimit, ['--pid', String(pid), '--core=0', ...(memoryMb === undefined ? [] : [`--data=${(memoryMb + overheadMb) * 1024 ** 2}`]), ...(writes ? [] : ['--fsize=0'])], (e) => { if (e) reject(e); else resolve() }) })

/** Processes that answer one request each. */
function pool(spare: number): { run(request: Request, limits?: { seconds: number; memoryMb: number }): Promise<Reply>; close(): Promise<void> } {
  const waiting: Child[] = [], busy = new Set<ChildProcess>()
  const most = Math.max(2, availableParallelism())
  const queue: (() => void)[] = []
  let running = 0, closed = false
  const refill = (): void => { while (!closed && waiting.length < spare) waiting.push(start()) }
  refill()
  // Starting one takes a processor for a third of a second, which whatever asked would miss: it is done once nobody asks, or when none is left.
  let idle: NodeJS.Timeout | undefined
  const later = (): void => {
    clearTimeout(idle)
    if (waiting.length === 0 && !closed) waiting.push(start())
    if (!closed) idle = setTimeout(() => { if (running === 0) refill() }, idleMilliseconds).unref()
  }

  async function one(request: Request, limits: { seconds: number; memoryMb: number } | undefined): Promise<Reply> {
    const child = waiting.shift() ?? start()
    const { process: p } = child
    busy.add(p)
    p.ref()
    p.channel?.ref()
    let timer: NodeJS.Timeout | undefined
    try {
      await child.ready
      await limit(p.pid!, limits?.memoryMb, request.kind === 'store' || request.kind === 'materialise')
      return await new Promise<Reply>((resolve) => {
        let late = false
        p.once('message', (reply) => { resolve(reply as Reply) })
        p.once('exit', () => { resolve({ failed: { kind: late ? 'time-limit' : 'memory-limit', errorClass: 'Ended' } }) })
        // DuckDB is interrupted at the limit by the process itself; this is for one that does not listen.
        timer = setTimeout(() => { late = true; p.kill('SIGKILL') }, ((limits?.seconds ?? longest) + 2) * 1000)
        p.send(request)
        later()
      })
    } finally {
      clearTimeout(timer)
      busy.delete(p)
      if (p.exitCode === null) p.kill('SIGKILL')
    }
  }
  return {
    async run(request, limits) {
      if (closed) throw new Error('the engine is closed')
      if (running >= most) await new Promise<void>((go) => { queue.push(go) })
      running++
      try { return await one(request, limits) } finally { running--; queue.shift()?.() }
    },
    async close() {
      closed = true
      clearTimeout(idle)
      for (const p of [...waiting.splice(0).map((c) => c.process), ...busy]) if (p.exitCode === null && p.signalCode === null) { p.ref(); const ended = new Promise((r) => { p.once('exit', r) }); p.kill('SIGKILL'); await ended }
    },
  }
}

function places(objects: LocalObjects, cache: FileCache): Places {
  return {
    fetch: (ref) => cache.get(ref, async (path) => {
      const found = await objects.open('protected', ref.key)
      if (!found) throw new ObjectGone(ref.key)
      await pipeline(found.bytes(), createWriteStream(path, { mode: 0o600 }))
    }),
    async put(path, key, type) {
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
      const { size } = await stat(path), sha256 = hash.digest('hex')
      await objects.store('protected', key, createReadStream(path), { sha256, size, type })
      await cache.take(path, sha256, size)
      return { key, sha256, size }
    },
  }
}

/** Close it when the host stops. */
export function localEngine({ objects, folder, spare = 3 }: LocalEngineOptions): Engine & { close(): Promise<void> } {
  const processes = pool(spare)
  let own: Promise<string> | undefined
  let cache: FileCache | undefined
  const opened = async (): Promise<FileCache> => (cache ??= fileCache(folder ?? await (own ??= mkdtemp(join(tmpdir(), 'cloister-data-'))), cacheBytes))
  const lazy: FileCache = { get: async (...a) => (await opened()).get(...a), take: async (...a) => (await opened()).take(...a), close: async () => { await cache?.close() } }
  return {
    ...engineOver(places(objects, lazy), processes.run),
    async close() {
      await processes.close()
      await lazy.close()
      if (own) await rm(await own, { recursive: true, force: true })
    },
  }
}
