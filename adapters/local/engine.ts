/**
 * The engine on a laptop: each request in a limited process that does nothing else meanwhile, kept warm, with an empty
 * environment.
 */
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
import type { Answered, Reply, Request } from '../../runner/engine/request.ts'
import type { LocalObjects } from './objects.ts'

export interface LocalEngineOptions {
  objects: LocalObjects
  /** Where fetched objects are kept; a folder of its own that goes at `close` by default. */
  folder?: string
  /** Warm processes in wait. */
  spare?: number
}

const program = fileURLToPath(new URL('../../runner/engine/child.ts', import.meta.url))
const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((p) => process.platform === 'linux' && existsSync(p))
const cacheBytes = 100 * 1024 ** 3
/** What a process needs beside the memory of its query, in MB. */
const overheadMb = 768
const longest = 3600
const idleMilliseconds = 1500

interface Child {
  process: ChildProcess
  ready: Promise<void>
}

function start(): Child {
  const child = spawn(process.execPath, ['--max-old-space-size=512', program], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
    serialization: 'json',
  })
  child.unref()
  child.channel?.unref()
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => {
      resolve()
    })
    child.once('exit', () => {
      reject(new Error('the engine process ended before it began'))
    })
    child.once('error', reject)
  })
  ready.catch(() => {})
  return { process: child, ready }
}

/** Lowers what a process may use, before it is told anything. Only questions write no file. */
const limit = (pid: number, memoryMb: number | undefined, writes: boolean): Promise<void> =>
  prlimit === undefined
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        execFile(
          prlimit,
          [
            '--pid',
            String(pid),
            '--core=0',
            ...(memoryMb === undefined ? [] : [`--data=${(memoryMb + overheadMb) * 1024 ** 2}`]),
            ...(writes ? [] : ['--fsize=0']),
          ],
          (error) => {
            if (error) reject(error)
            else resolve()
          },
        )
      })

/** What limits a process: lowered limits are not raised again, so it is used for requests of the same kind alone. */
const kindOf = (request: Request, memoryMb: number | undefined): { writes: boolean; name: string } => {
  const writes = request.kind === 'store' || request.kind === 'materialise'
  return { writes, name: `${memoryMb ?? ''}${writes ? ' writes' : ''}` }
}

/**
 * Processes that answer one request at a time, each in a database of its own. One that answered well, and says that it
 * is as it was, is used again: starting one costs more than most questions. One that failed, was killed or grew is not.
 */
function pool(spare: number): {
  run(request: Request, limits?: { seconds: number; memoryMb: number }): Promise<Reply>
  close(): Promise<void>
} {
  const waiting: Child[] = []
  const busy = new Set<ChildProcess>()
  let used: { name: string; child: Child }[] = []
  const most = Math.max(2, availableParallelism())
  const queue: (() => void)[] = []
  let running = 0
  let closed = false
  const refill = (): void => {
    while (!closed && waiting.length < spare) waiting.push(start())
  }
  refill()
  // Starting one takes a processor for a third of a second, which whatever asked would miss: it is done once nobody
  // asks.
  let idle: NodeJS.Timeout | undefined
  const later = (): void => {
    clearTimeout(idle)
    if (!closed)
      idle = setTimeout(() => {
        if (running === 0) refill()
      }, idleMilliseconds).unref()
  }
  const alive = (c: Child): boolean =>
    c.process.exitCode === null && c.process.signalCode === null && c.process.connected

  async function taken(name: string, writes: boolean, memoryMb: number | undefined): Promise<Child> {
    const again = used.findLast((u) => u.name === name && alive(u.child))
    if (again) {
      used = used.filter((u) => u !== again)
      busy.add(again.child.process)
      return again.child
    }
    const child = waiting.shift() ?? start()
    busy.add(child.process)
    try {
      await child.ready
      await limit(child.process.pid!, memoryMb, writes)
      return child
    } catch (e) {
      busy.delete(child.process)
      child.process.kill('SIGKILL')
      throw e
    }
  }
  /** Kept for the next request of its kind; the one that waited longest gives way. */
  function kept(name: string, child: Child): void {
    child.process.unref()
    child.process.channel?.unref()
    used.push({ name, child })
    if (used.length > most + 1) used.shift()!.child.process.kill('SIGKILL')
  }

  async function one(request: Request, limits: { seconds: number; memoryMb: number } | undefined): Promise<Reply> {
    const { writes, name } = kindOf(request, limits?.memoryMb)
    const child = await taken(name, writes, limits?.memoryMb)
    const { process: started } = child
    started.ref()
    started.channel?.ref()
    let timer: NodeJS.Timeout | undefined
    let again = false
    try {
      const { reply, fit } = await new Promise<Answered>((resolve) => {
        let late = false
        const ended = (): void => {
          resolve({
            reply: { failed: { kind: late ? 'time-limit' : 'memory-limit', errorClass: 'Ended' } },
            fit: false,
          })
        }
        started.once('exit', ended)
        started.once('message', (answered) => {
          started.off('exit', ended)
          resolve(answered as Answered)
        })
        // DuckDB is interrupted at the limit by the process itself; this is for one that does not listen.
        timer = setTimeout(
          () => {
            late = true
            started.kill('SIGKILL')
          },
          ((limits?.seconds ?? longest) + 2) * 1000,
        )
        started.send(request)
        later()
      })
      again = fit && !closed && alive(child)
      return reply
    } finally {
      clearTimeout(timer)
      busy.delete(started)
      if (again) kept(name, child)
      else if (started.exitCode === null) started.kill('SIGKILL')
    }
  }
  return {
    async run(request, limits) {
      if (closed) throw new Error('the engine is closed')
      if (running >= most)
        await new Promise<void>((go) => {
          queue.push(go)
        })
      running++
      try {
        return await one(request, limits)
      } finally {
        running--
        queue.shift()?.()
      }
    },
    async close() {
      closed = true
      clearTimeout(idle)
      for (const child of [
        ...waiting.splice(0).map((c) => c.process),
        ...used.splice(0).map((u) => u.child.process),
        ...busy,
      ])
        if (child.exitCode === null && child.signalCode === null) {
          child.ref()
          const ended = new Promise((resolve) => {
            child.once('exit', resolve)
          })
          child.kill('SIGKILL')
          await ended
        }
    },
  }
}

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
  const processes = pool(spare)
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
