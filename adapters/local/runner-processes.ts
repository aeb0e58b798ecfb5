/**
 * Runners of people's questions as processes of this machine. Each does one job and ends with this process, however
 * this process ends: the channel between them closes. Once there was one job, a runner waits for the next: loaded, and
 * told nothing yet.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** How a runner's process ended: `undefined` where it had no exit code (a signal, or it was never there). */
export interface Exit {
  code: number | undefined
  /** Its process never came to be. */
  never: boolean
}
export interface RunnerProcesses {
  /**
   * Has a runner do one job and answers when its process is gone. When `stopped` fires it is asked to end, and forced
   * soon after.
   */
  run(environment: Readonly<Record<string, string>>, stopped: AbortSignal): Promise<Exit>
  /** Process ids of those at work. */
  pids(): number[]
  /** Waits until all are gone; whoever runs them has fired their signals. */
  close(): Promise<void>
}

/** Between asking a runner to end and ending it. */
const graceMilliseconds = 1500
/**
 * After this long without a job a runner is started for the next one: while one is at work, its interpreters have the
 * processors for themselves.
 */
const idleMilliseconds = 300

/** Signals a runner and whatever it started that has not left its group. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(name)
    else process.kill(-child.pid, name)
  } catch {
    /* gone already */
  }
}

function end(child: ChildProcess): void {
  signal(child, 'SIGTERM')
  const force = setTimeout(() => signal(child, 'SIGKILL'), graceMilliseconds)
  child.once('exit', () => clearTimeout(force))
}

/** Runners of `program` (runner/warm.ts): a program for this Node, whose first message is its environment. */
export function runnerProcesses(program: string): RunnerProcesses {
  const atWork = new Map<ChildProcess, Promise<unknown>>()
  let closing = false
  let spare: ChildProcess | undefined
  let idle: NodeJS.Timeout | undefined

  // A group of its own: Ctrl-C at the terminal is the host's to hear. Its output says nothing that is not in its
  // report.
  const start = (): ChildProcess =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: process.platform !== 'win32',
    })
  const prepareSpare = (): void => {
    clearTimeout(idle)
    idle = setTimeout(() => {
      if (spare || atWork.size > 0 || closing) return
      const made = (spare = start())
      // Waiting for a job keeps nobody from ending.
      made.unref()
      made.channel?.unref()
      const lost = (): void => {
        if (spare === made) spare = undefined
      }
      made.once('exit', lost).once('error', lost)
    }, idleMilliseconds).unref()
  }
  const take = (): ChildProcess => {
    const child = spare?.connected ? spare : start()
    if (child === spare) {
      child.ref()
      child.channel?.ref()
    }
    spare = undefined
    return child
  }

  return {
    async run(environment, stopped) {
      clearTimeout(idle)
      const child = take()
      const gone = new Promise<Exit>((resolve) => {
        child.once('exit', (code) => resolve({ code: code ?? undefined, never: false }))
        child.once('error', () => resolve({ code: undefined, never: child.pid === undefined }))
      })
      atWork.set(child, gone)
      // A runner that dies before it hears this says so by its end.
      child.send(environment, () => {})
      const stop = (): void => end(child)
      stopped.addEventListener('abort', stop, { once: true })
      if (stopped.aborted) stop()
      const exit = await gone
      stopped.removeEventListener('abort', stop)
      atWork.delete(child)
      prepareSpare()
      return exit
    },
    pids: () => [...atWork.keys()].flatMap((child) => (child.pid === undefined ? [] : [child.pid])),
    async close() {
      closing = true
      clearTimeout(idle)
      if (spare) {
        const gone = new Promise((resolve) => {
          spare!.once('exit', resolve).once('error', resolve)
        })
        spare.ref()
        signal(spare, 'SIGKILL')
        await gone
      }
      await Promise.all(atWork.values())
    },
  }
}
