/**
 * What Batch does in AWS: takes a submission as the workflow makes it, and runs the runner as a process of its own,
 * told where its manifest is and which confinement works here, and nothing else. Once there was one job, a runner waits
 * for the next: loaded, and told nothing yet.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Task } from '../adapters/local/workflow.ts'
import { FairQueue } from './compute-queue.ts'
import type { Detached } from './detached.ts'

/** The part of a Batch submission (contracts/workflow.asl.json) that counts here. */
interface Submission {
  JobName: string
  JobQueue: string
  ShareIdentifier: string
  Timeout: { AttemptDurationSeconds: number }
  ContainerOverrides: { Environment: { Name: string; Value: string }[] }
}
export interface ComputeOptions {
  /**
   * The runner (runner/warm.ts): a program for this Node, whose first message is its environment. It ends with this
   * process, however this process ends: the channel between them closes.
   */
  program: string
  /**
   * The confinement that was tried when the host started, so that no runner tries it again; undefined leaves it to the
   * runner.
   */
  confinement: () => Promise<string | undefined>
  /** How many run at once. */
  slots: number
  log: (event: string, fields: Record<string, string | number>) => void
  /**
   * Who takes submissions to the queue of pipelines: they have waited for their turn before they come
   * (functions/pipelines/queue.ts).
   */
  pipelines?: Detached
}
export interface Compute {
  task: Task
  /** Process ids of the runners that are at work. */
  pids: () => number[]
  close: () => Promise<void>
}

/** The runner ended as it should not, or not in time. Batch says States.TaskFailed. */
export class ContainerFailed extends Error {
  override name = 'ContainerFailed'
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

/** Runners on this machine. */
export function createCompute({ program, slots, confinement, log, pipelines }: ComputeOptions): Compute {
  const queue = new FairQueue(slots)
  const children = new Map<ChildProcess, Promise<void>>()
  const closing = new AbortController()

  const end = (child: ChildProcess): void => {
    signal(child, 'SIGTERM')
    const force = setTimeout(() => signal(child, 'SIGKILL'), graceMilliseconds)
    child.once('exit', () => clearTimeout(force))
  }

  // A group of its own: Ctrl-C at the terminal is the host's to hear. Its output says nothing that is not in its
  // report.
  const start = (): ChildProcess =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: process.platform !== 'win32',
    })
  let spare: ChildProcess | undefined
  let idle: NodeJS.Timeout | undefined
  const prepareSpare = (): void => {
    clearTimeout(idle)
    idle = setTimeout(() => {
      if (spare || children.size > 0 || closing.signal.aborted) return
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

  const run = async (s: Submission, stopped: AbortSignal): Promise<void> => {
    const tried = await confinement()
    if (stopped.aborted) throw stopped.reason as Error
    const environment = {
      ...Object.fromEntries(s.ContainerOverrides.Environment.map((e) => [e.Name, e.Value])),
      ...(tried ? { CLOISTER_CONFINEMENT: `${tried}:probed` } : {}),
    }
    const began = performance.now()
    clearTimeout(idle)
    const child = take()
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    children.set(child, exited)
    // A runner that dies before it hears this says so by its end.
    child.send(environment, () => {})
    const stop = (): void => end(child)
    stopped.addEventListener('abort', stop, { once: true })
    const late = setTimeout(stop, s.Timeout.AttemptDurationSeconds * 1000)
    await exited
    clearTimeout(late)
    stopped.removeEventListener('abort', stop)
    children.delete(child)
    prepareSpare()
    log('container', { name: s.JobName, code: child.exitCode ?? -1, ms: Math.round(performance.now() - began) })
    if (child.exitCode !== 0)
      throw new ContainerFailed(`ended with ${child.signalCode ?? child.exitCode ?? 'an error'}`)
  }

  const pipeline = async (s: Submission, stopped: AbortSignal): Promise<void> => {
    const tried = await confinement()
    const began = performance.now(),
      { runId, attempt } = /^(?<runId>.*)-(?<attempt>\d+)$/.exec(s.JobName)!.groups as {
        runId: string
        attempt: string
      }
    const env = {
      ...Object.fromEntries(s.ContainerOverrides.Environment.map((e) => [e.Name, e.Value])),
      ...(tried ? { CLOISTER_CONFINEMENT: `${tried}:probed` } : {}),
    }
    const how = await pipelines!.run(
      { runId, attempt: Number(attempt), seconds: s.Timeout.AttemptDurationSeconds, env },
      stopped,
      closing.signal,
    )
    log('pipeline', { name: s.JobName, how, ms: Math.round(performance.now() - began) })
    if (how !== 'ended') throw new ContainerFailed(how)
  }

  return {
    async task(input, stopped) {
      const s = input as Submission
      if (pipelines && s.JobQueue.includes('Pipeline')) {
        await pipeline(s, stopped)
        return {}
      }
      const either = AbortSignal.any([stopped, closing.signal])
      const leave = await queue.enter({ share: s.ShareIdentifier, long: s.JobQueue.includes('Batch') }, either)
      try {
        await run(s, either)
      } finally {
        leave()
      }
      return {}
    },
    pids: () => [...children.keys()].flatMap((c) => (c.pid === undefined ? [] : [c.pid])),
    async close() {
      closing.abort(new ContainerFailed('the host stops'))
      clearTimeout(idle)
      if (spare) {
        const gone = new Promise((resolve) => {
          spare!.once('exit', resolve).once('error', resolve)
        })
        spare.ref()
        signal(spare, 'SIGKILL')
        await gone
      }
      await Promise.all(children.values())
    },
  }
}
