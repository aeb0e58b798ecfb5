/**
 * Starts a confined program, watches its limits from outside, ends it with everything below it, and checks what it
 * hands over.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunEnd } from '../../domain/release/run-report.ts'
import { safeErrorClass } from '../errors.ts'
import { endOf, type Head, readAnswer } from './answer.ts'
import { askToEnd, gone, killEach } from './end-processes.ts'
import { keep, pass, type ReadStream } from './output-streams.ts'
import { usage } from './resource-usage.ts'
import type { Outcome, Task } from './task.ts'

export interface Program {
  command: string
  args: string[]
  env: Record<string, string>
  /** Given to the program as descriptors 4, 5, ... */
  open?: number[]
  uid?: number
  /** Memory and threads of the confinement itself, which the code is not charged for. */
  own: { memoryMb: number; threads: number }
  /** Folders on disk whose size is watched, for want of a file system with a size of its own. */
  watched?: string[]
  /** How to end it: `kill` when everything dies with it, `ask` when it ends its children itself at SIGTERM. */
  end: 'kill' | 'ask'
  /** The descriptor its answer comes on, 3 by default. On 1 the answer carries what the code printed. */
  answersOn?: 1 | 3
}

const logBytes = 1_000_000
const lookEvery = 40
/** A pipeline may run for days beside many others: it is looked at less often. */
const lookLive = 250
/** A run that was told to end is waited for this long before its processes are killed one by one. */
const patience = 2000

/** Bytes and files below a folder, first level and one deeper: enough to notice a flood. */
async function filled(folder: string): Promise<{ bytes: number; files: number }> {
  let bytes = 0
  let files = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    files++
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size
  }
  return { bytes, files }
}

const whole = (v: unknown, most: number): number | undefined =>
  Number.isSafeInteger(v) && (v as number) >= 1 && (v as number) <= most ? (v as number) : undefined

/** What a run printed, and how long it took. */
type Said = Pick<Outcome, 'stdout' | 'stderr' | 'seconds'>

/** How a command ended, when it was stopped too: its exit code and signal are told beside the reason. */
function liveOutcome(stopped: RunEnd | undefined, head: Head | undefined, said: Said): Outcome {
  return {
    end: stopped ?? (head ? endOf({ ...head, error: null, tooMuch: false }) : 'killed'),
    outputs: [],
    ...said,
    ...(typeof head?.code === 'number' ? { exitCode: head.code } : {}),
    ...(typeof head?.signal === 'number' ? { signal: head.signal } : {}),
    ...(typeof head?.cpu === 'number' ? { cpuSeconds: head.cpu } : {}),
  }
}

/** How code ended by itself, with what it hands over. `inline`: what it printed is in the answer. */
function outcomeOf(
  { head, outputs }: NonNullable<ReturnType<typeof readAnswer>>,
  said: Said,
  inline: boolean,
): Outcome {
  const end = endOf(head)
  const { stdout, stderr } = head
  const error = {
    errorClass: safeErrorClass(head.error?.class),
    line: whole(head.error?.line, 1_000_000),
    cell: whole(head.error?.cell, 10_000),
  }
  return {
    end,
    outputs: end === 'finished' ? outputs : [],
    ...(typeof head.code === 'number' ? { exitCode: head.code } : {}),
    ...(end === 'script-error' ? { error } : {}),
    ...said,
    ...(inline && typeof stdout === 'string' ? { stdout: stdout.slice(0, logBytes) } : {}),
    ...(inline && typeof stderr === 'string' ? { stderr: said.stderr + stderr.slice(0, logBytes) } : {}),
  }
}

const start = (program: Program): ChildProcess =>
  spawn(program.command, program.args, {
    env: program.env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(program.open ?? [])],
    ...(program.uid === undefined ? {} : { uid: program.uid, gid: program.uid }),
  })

/** What the code prints, and the answer of the first process. `inline`: the answer comes where the code prints. */
function listen(
  child: ChildProcess,
  { live, limits }: Task,
  inline: boolean,
): Record<'out' | 'err' | 'answer', ReadStream> {
  const answer = keep(
    (inline ? child.stdout : child.stdio[3]) as NodeJS.ReadableStream,
    limits.outputBytes + 200_000 + (inline ? 12 * logBytes : 0),
  )
  if (live)
    return {
      err: pass(child.stderr, (part) => live.output('err', part)),
      out: pass(child.stdout, (part) => live.output('out', part)),
      answer,
    }
  return { err: keep(child.stderr, logBytes), out: keep(inline ? null : child.stdout, logBytes), answer }
}

/** Looks at memory, threads and folders of a run again and again; answers how to end it. */
function watchLimits(
  pid: number,
  { live, limits }: Task,
  { own, watched }: Program,
  stop: (why: RunEnd) => void,
): () => void {
  const most = { bytes: 2 * limits.outputBytes + 64_000_000, files: live ? 200_000 : 5000 }
  const looksBetweenFolders = live ? 8 : 5
  let looks = 0
  let measuring = false
  const measure = async (folders: readonly string[]): Promise<void> => {
    measuring = true
    const all = await Promise.all(folders.map(filled))
    measuring = false
    if (all.some(({ bytes, files }) => bytes > most.bytes || files > most.files)) stop('output-limit')
  }
  const timer = setInterval(
    () => {
      const { memoryMb, threads, cpuSeconds } = usage(pid, live !== undefined)
      live?.look(memoryMb * 1024 * 1024, cpuSeconds)
      if (memoryMb > limits.memoryMb + own.memoryMb) stop('memory-limit')
      else if (threads > limits.processes + own.threads) stop('process-limit')
      if (watched && looks++ % looksBetweenFolders === 0 && !measuring) void measure(watched)
    },
    live ? lookLive : lookEvery,
  )
  return () => clearInterval(timer)
}

/** Runs a confined program to its end, whatever that is. */
export async function supervise(task: Task, program: Program): Promise<Outcome> {
  const started = performance.now()
  const child = start(program)
  const inline = program.answersOn === 1
  const { live } = task
  const { out, err, answer } = listen(child, task, inline)
  let stopped: RunEnd | undefined
  let ended = false
  const endNow = (): void => {
    if (ended || child.pid === undefined) return
    if (program.end === 'kill') {
      child.kill('SIGKILL')
      return
    }
    child.kill('SIGTERM')
    setTimeout(() => {
      if (!ended) killEach(child.pid!)
    }, patience).unref()
  }
  const stop = (why: RunEnd): void => {
    if (stopped !== undefined || ended) return
    stopped = why
    if (child.pid === undefined) return
    // Who is out of time, or cancelled, may still say and keep what it has; who takes too much may not go on.
    if (live && live.grace > 0 && (why === 'time-limit' || why === 'killed') && askToEnd(child.pid))
      setTimeout(endNow, live.grace * 1000).unref()
    else endNow()
  }
  const unwatch = child.pid === undefined ? undefined : watchLimits(child.pid, task, program, stop)
  const exited = new Promise<void>((resolve) => {
    const over = (): void => {
      ended = true
      unwatch?.()
      resolve()
    }
    child.once('exit', over).once('error', over)
  })
  const clock = setTimeout(() => stop('time-limit'), task.seconds * 1000)
  const cancel = (): void => stop('killed')
  task.signal.addEventListener('abort', cancel, { once: true })
  if (task.signal.aborted) cancel()
  await exited
  clearTimeout(clock)
  task.signal.removeEventListener('abort', cancel)
  if (task.uid !== undefined) await gone(task.uid)
  await Promise.all([out.done, err.done, answer.done])
  const said = { stdout: out.text(), stderr: err.text(), seconds: (performance.now() - started) / 1000 }
  if (live) {
    const head = readAnswer(answer.bytes(), task)?.head
    // A confinement that ends by itself without a word of its first process was never there; one that was killed says
    // 128 and the signal.
    if (!head && !stopped && child.exitCode !== null && child.exitCode < 128)
      throw new Error('the confinement did not start')
    return liveOutcome(stopped, head, said)
  }
  if (stopped) return { end: stopped, outputs: [], ...said }
  if (answer.full()) return { end: 'output-limit', outputs: [], ...said }
  const read = readAnswer(answer.bytes(), task)
  return read ? outcomeOf(read, said, inline) : { end: 'killed', outputs: [], ...said }
}
