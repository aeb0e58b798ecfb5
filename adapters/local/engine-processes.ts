/** The engine's processes: limited, with an empty environment, kept warm, one request at a time. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Answered, Reply, Request } from '../../runner/engine/request.ts'
import { turnsOf } from './turns.ts'

const program = fileURLToPath(new URL('../../runner/engine/child.ts', import.meta.url))
const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find((p) => process.platform === 'linux' && existsSync(p))
/** What a process needs beside the memory of its query, in MB. */
const overheadMb = 768
const longest = 3600
const idleMilliseconds = 1500

export interface EngineProcesses {
  /** Waits for its turn. Rejects when closed; a process that is over answers what it failed by. */
  run(request: Request, limits?: { seconds: number; memoryMb: number }): Promise<Reply>
  /** Kills what is at work, and waits until it is gone. */
  close(): Promise<void>
}

/** What a job's computing step asks. The rest is asked while somebody waits, and does not stand behind it. */
const long: ReadonlySet<Request['kind']> = new Set(['query', 'read', 'store'])

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
    child.on('error', reject)
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
export function engineProcesses(spare: number): EngineProcesses {
  const waiting: Child[] = []
  const busy = new Set<ChildProcess>()
  let used: { name: string; child: Child }[] = []
  const most = Math.max(2, availableParallelism())
  const turns = { long: turnsOf(most), short: turnsOf(most) }
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
        if (turns.long.taken() + turns.short.taken() === 0) refill()
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
        // One that died a moment ago says so by no further event.
        started.send(request, (error) => {
          if (error) ended()
        })
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
      const leave = await turns[long.has(request.kind) ? 'long' : 'short'].enter()
      try {
        return await one(request, limits)
      } finally {
        leave()
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
