/** What Batch does in AWS: takes a submission as the workflow makes it, and runs the runner as a process of its own, told where its manifest is and which confinement works here, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Task } from '../adapters/local/workflow.ts'
import { FairQueue } from './compute-queue.ts'

/** The part of a Batch submission (contracts/workflow.asl.json) that counts here. */
interface Submission {
  JobName: string
  JobQueue: string
  ShareIdentifier: string
  Timeout: { AttemptDurationSeconds: number }
  ContainerOverrides: { Environment: { Name: string; Value: string }[] }
}
export interface ComputeOptions {
  /** The runner: a program for this Node. It ends with this process, however this process ends: the channel between them closes. */
  program: string
  /** The confinement that was tried when the host started, so that no runner tries it again; undefined leaves it to the runner. */
  confinement: () => Promise<string | undefined>
  /** How many run at once. */
  slots: number
  log: (event: string, fields: Record<string, string | number>) => void
}
export interface Compute {
  task: Task
  /** Process ids of the runners that are alive. */
  pids: () => number[]
  close: () => Promise<void>
}

/** The runner ended as it should not, or not in time. Batch says States.TaskFailed. */
export class ContainerFailed extends Error { override name = 'ContainerFailed' }

/** Between asking a runner to end and ending it. */
const graceMilliseconds = 1500

/** Signals a runner and whatever it started that has not left its group. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(name)
    else process.kill(-child.pid, name)
  } catch { /* gone already */ }
}

/** Runners on this machine. */
export function createCompute({ program, slots, confinement, log }: ComputeOptions): Compute {
  const queue = new FairQueue(slots)
  const children = new Map<ChildProcess, Promise<void>>()
  const closing = new AbortController()

  const end = (child: ChildProcess): void => {
    signal(child, 'SIGTERM')
    const force = setTimeout(() => signal(child, 'SIGKILL'), graceMilliseconds)
    child.once('exit', () => clearTimeout(force))
  }

  const run = async (s: Submission, stopped: AbortSignal): Promise<void> => {
    const tried = await confinement()
    if (stopped.aborted) throw stopped.reason as Error
    const env = { ...Object.fromEntries(s.ContainerOverrides.Environment.map((e) => [e.Name, e.Value])), ...(tried ? { CLOISTER_CONFINEMENT: `${tried}:probed` } : {}) }
    const began = performance.now()
    // A group of its own: Ctrl-C at the terminal is the host's to hear. Its output says nothing that is not in its report.
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: process.platform !== 'win32' })
    const exited = new Promise<void>((resolve) => { child.once('exit', () => resolve()); child.once('error', () => resolve()) })
    children.set(child, exited)
    const stop = (): void => end(child)
    stopped.addEventListener('abort', stop, { once: true })
    const late = setTimeout(stop, s.Timeout.AttemptDurationSeconds * 1000)
    await exited
    clearTimeout(late)
    stopped.removeEventListener('abort', stop)
    children.delete(child)
    log('container', { name: s.JobName, code: child.exitCode ?? -1, ms: Math.round(performance.now() - began) })
    if (child.exitCode !== 0) throw new ContainerFailed(`ended with ${child.signalCode ?? child.exitCode ?? 'an error'}`)
  }

  return {
    async task(input, stopped) {
      const s = input as Submission
      const either = AbortSignal.any([stopped, closing.signal])
      const leave = await queue.enter({ share: s.ShareIdentifier, long: s.JobQueue.includes('Batch') }, either)
      try { await run(s, either) } finally { leave() }
      return {}
    },
    pids: () => [...children.keys()].flatMap((c) => (c.pid === undefined ? [] : [c.pid])),
    async close() {
      closing.abort(new ContainerFailed('the host stops'))
      await Promise.all(children.values())
    },
  }
}
