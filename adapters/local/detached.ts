/**
 * Runners of pipelines: processes that outlive the host. A runner writes its own record (process id and when it began)
 * before it does anything, so a host that was killed finds it again, and two never work on one run. What a runner does
 * does not depend on the host: its log is a file, and it waits with its artifacts until there is somebody to take them.
 */
import { spawn } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { failureOf } from '../../domain/pipelines/life.ts'
import { processStartTime } from '../../runner/own-folders.ts'
import { isRunId } from '../../ports/logs.ts'
import type { LocalLogs } from './logs.ts'

export interface DetachedOptions {
  program: string
  folder: string
  logs: LocalLogs
}
/** What a runner writes of itself (runner/main.ts). */
interface RunnerRecord {
  pid: number
  born: string
  attempt: number
  until: number
}
export interface Detached {
  /**
   * Runs a run's runner to its end, or waits for the one that is at it already. Rejects when `closing` fires, and
   * leaves it alone; when `stopped` does, the runner is asked to end, then ended.
   */
  run(
    run: { runId: string; attempt: number; seconds: number; env: Record<string, string> },
    stopped: AbortSignal,
    closing: AbortSignal,
  ): Promise<RunEnd>
  /** Runs that a host before this one has left, dead or alive. */
  left(): Promise<{ runId: string; attempt: number }[]>
  pids(): Promise<number[]>
  /** The file of a run's log; undefined before anything was written. */
  logOf(runId: string): string | undefined
}
/**
 * What became of a runner: it got to its `ended`, with whatever result; it was gone when it was looked for
 * (`interrupted`); it never came to be (`not-started`); or it `failed`. `late`: it was ended because its time was over.
 */
export interface RunEnd {
  how: 'ended' | 'interrupted' | 'not-started' | 'failed'
  /** Of a runner that this process started, where it had one. */
  exitCode?: number
  late: boolean
}
/** How the wait for a runner came to its end. A runner that is no child of this process has no exit to tell. */
interface Gone {
  exit: { code: number | null; never: boolean } | undefined
  late: boolean
}

/** How often a process is looked at that is no child of this one, in milliseconds. */
const lookEvery = 200
/** Between asking a runner to end and ending it: it asks its command first, and tells what came of it. */
const graceMilliseconds = 12_000
/** How long a runner keeps what it has for a host that is away, in seconds. */
const patienceSeconds = 7 * 24 * 3600

function alive({ pid, born: began }: RunnerRecord): boolean {
  try {
    process.kill(pid, 0)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return processStartTime(pid) === began
}
function signal(pid: number, name: NodeJS.Signals, group: boolean): void {
  try {
    process.kill(group && process.platform !== 'win32' ? -pid : pid, name)
  } catch {
    /* gone already */
  }
}

/** Runners whose records lie in `folder`. */
export async function detachedRunners({ program, folder, logs }: DetachedOptions): Promise<Detached> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const recordOf = (runId: string): string => join(folder, `${runId}.json`)
  const read = async (runId: string): Promise<RunnerRecord | undefined> => {
    try {
      return JSON.parse(await readFile(recordOf(runId), 'utf8')) as RunnerRecord
    } catch {
      return undefined
    }
  }
  const names = async (): Promise<string[]> =>
    (await readdir(folder))
      .filter((n) => n.endsWith('.json'))
      .map((n) => n.slice(0, -5))
      .filter(isRunId)

  /** Waits until a runner is gone. */
  async function gone(
    of: () => Promise<RunnerRecord | undefined>,
    child: Promise<Gone['exit']> | undefined,
    until: number,
    stopped: AbortSignal,
    closing: AbortSignal,
  ): Promise<Gone> {
    // The clock is asked once: set on or back meanwhile, it neither ends a run nor lets it go on.
    const deadline = performance.now() + until - Date.now()
    let asked = 0
    let late = false
    for (;;) {
      const record = await of()
      if (closing.aborted) throw closing.reason as Error
      if (child === undefined && (!record || !alive(record))) return { exit: undefined, late }
      if (record && asked === 0 && (stopped.aborted || performance.now() > deadline)) {
        asked = performance.now()
        late = !stopped.aborted
        signal(record.pid, 'SIGTERM', false)
      }
      if (record && asked > 0 && performance.now() > asked + graceMilliseconds) signal(record.pid, 'SIGKILL', true)
      let timer: NodeJS.Timeout | undefined
      const pause = new Promise<'look'>((resolve) => {
        timer = setTimeout(() => resolve('look'), lookEvery)
      })
      const seen = await Promise.race([pause, ...(child ? [child] : [])])
      clearTimeout(timer)
      if (seen !== 'look') return { exit: seen, late }
    }
  }

  return {
    async run({ runId, attempt, seconds, env }, stopped, closing) {
      const before = await read(runId)
      const mine = before === undefined
      // It was over before the host was stopped; nothing is run twice.
      if (mine && (await logs.tail(runId, undefined, { records: 1, bytes: 65_536 })).ended)
        return { how: 'ended', late: false }
      const until = mine ? Date.now() + seconds * 1000 : before.until
      let child: Promise<Gone['exit']> | undefined
      if (mine) {
        if (stopped.aborted) return { how: 'failed', late: false }
        const key = logs.key(runId)
        const runner = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
          env: {
            ...env,
            CLOISTER_LOG: logs.file(runId),
            ...(key ? { CLOISTER_LOG_KEY: Buffer.from(key).toString('base64') } : {}),
            CLOISTER_RECORD: recordOf(runId),
            CLOISTER_ATTEMPT: String(attempt),
            CLOISTER_UNTIL: String(until),
            CLOISTER_PATIENCE: String(patienceSeconds),
          },
          stdio: 'ignore',
          detached: true,
        })
        runner.unref()
        child = new Promise((resolve) => {
          runner.once('exit', (code) => resolve({ code, never: false }))
          runner.once('error', () => resolve({ code: null, never: true }))
        })
      }
      const { exit, late } = await gone(() => read(runId), child, until, stopped, closing)
      const reason = exit === undefined ? 'interrupted' : 'infrastructure'
      const { message, todo } = failureOf(stopped.aborted ? 'cancelled' : reason, {})
      // Whoever ended a runner before its last word says it in its place.
      const silent = !(await logs.tail(runId, undefined, { records: 1, bytes: 65_536 })).ended
      if (silent)
        await logs.conclude(runId, {
          t: Date.now(),
          s: 'sys',
          x: `${message} ${todo}`,
          end: stopped.aborted ? 'cancelled' : 'interrupted',
        })
      await rm(recordOf(runId), { force: true })
      const exitCode = exit?.code ?? undefined
      if (exitCode === 0 || !silent) return { how: 'ended', exitCode, late }
      if (exit === undefined) return { how: 'interrupted', late }
      return { how: exit.never ? 'not-started' : 'failed', exitCode, late }
    },
    logOf: (runId) => {
      if (!isRunId(runId)) return undefined
      const file = logs.file(runId)
      return existsSync(file) ? file : undefined
    },
    async left() {
      return await Promise.all(
        (await names()).map(async (runId) => ({ runId, attempt: (await read(runId))?.attempt ?? 1 })),
      )
    },
    async pids() {
      return (await Promise.all((await names()).map(read))).flatMap((r) => (r && alive(r) ? [r.pid] : []))
    },
  }
}
