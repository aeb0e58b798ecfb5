/**
 * Starts a confined program, watches its limits from outside, ends it with everything below it, and checks what it
 * hands over.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunEnd } from '../../domain/release/run-report.ts'
import { safeErrorClass } from '../errors.ts'
import { looseNames, outputNames, type Outcome, type Task } from './task.ts'
import { isInit, processesOf, usage } from './resource-usage.ts'

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

/** What a stream said, up to 1 MB; the rest is read and dropped, so that the writer does not wait. */
function keep(
  stream: NodeJS.ReadableStream | null,
  most: number,
): { text: () => string; bytes: () => Buffer; full: () => boolean; done: Promise<void> } {
  const parts: Buffer[] = []
  let size = 0
  let over = false
  stream?.on('data', (part: Buffer) => {
    if (size + part.length > most) over = true
    if (size >= most) return
    parts.push(part.subarray(0, most - size))
    size += Math.min(part.length, most - size)
  })
  const done = stream
    ? new Promise<void>((resolve) => {
        stream.once('close', resolve).on('error', () => resolve())
      })
    : Promise.resolve()
  return {
    text: () => Buffer.concat(parts).toString('utf8'),
    bytes: () => Buffer.concat(parts),
    full: () => over,
    done,
  }
}

interface Head {
  cpu?: unknown
  note?: unknown
  code: number | null
  signal: number | null
  error: { class?: unknown; line?: unknown; cell?: unknown; limit?: unknown } | null
  tooMuch: boolean
  files: [string, number][]
  stdout?: unknown
  stderr?: unknown
}
const whole = (v: unknown, most: number): number | undefined =>
  Number.isSafeInteger(v) && (v as number) >= 1 && (v as number) <= most ? (v as number) : undefined
const names = new RegExp(`^(${outputNames}|${looseNames})$`)

/**
 * What python.py or r.R noted of an error, as init.py passes it on: hexadecimal, so that it cannot be taken for a part
 * of the answer.
 */
function noteOf(hex: string): Head['error'] {
  try {
    const note: unknown = JSON.parse(Buffer.from(hex, 'hex').toString('utf8'))
    return typeof note === 'object' ? note : null
  } catch {
    return null
  }
}

/**
 * Reads the answer of init.py. It comes from where the code ran: anything not of its form is as if it were not there.
 */
export function readAnswer(
  bytes: Buffer,
  task: Pick<Task, 'limits'>,
): { head: Head; outputs: Outcome['outputs'] } | undefined {
  const end = bytes.indexOf(10)
  if (end < 0 || end > 13_000_000) return undefined
  let head: Head
  try {
    head = JSON.parse(bytes.toString('utf8', 0, end)) as Head
  } catch {
    return undefined
  }
  if (typeof head?.note === 'string') head.error = noteOf(head.note)
  if (
    typeof head !== 'object' ||
    head === null ||
    !Array.isArray(head.files) ||
    head.files.length > task.limits.outputFiles
  )
    return undefined
  const outputs: Outcome['outputs'] = []
  let at = end + 1
  for (const entry of head.files as unknown[]) {
    if (!Array.isArray(entry)) return undefined
    const [file, size] = entry as [unknown, unknown]
    if (
      typeof file !== 'string' ||
      !names.test(file) ||
      outputs.some((o) => o.file === file) ||
      !Number.isSafeInteger(size) ||
      (size as number) < 0 ||
      at + (size as number) > bytes.length
    )
      return undefined
    outputs.push({ file, bytes: bytes.subarray(at, at + (size as number)) })
    at += size as number
  }
  return at === bytes.length ? { head, outputs } : undefined
}

const SIGXCPU = 24
const SIGXFSZ = 25
/** How a run ended by what its first process saw, when nothing stopped it from outside. */
function endOf(head: Head): RunEnd {
  if (head.tooMuch || head.signal === SIGXFSZ) return 'output-limit'
  if (head.signal === SIGXCPU) return 'time-limit'
  const limit = head.error?.limit
  if (limit === 'memory-limit' || limit === 'process-limit' || limit === 'output-limit') return limit
  if (head.code === 0) return 'finished'
  return head.signal === null ? 'script-error' : 'killed'
}

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

function killEach(pid: number): void {
  for (const p of usage(pid).processes.reverse()) {
    try {
      process.kill(p, 'SIGKILL')
    } catch {
      /* it is gone */
    }
  }
}

/**
 * Waits until the run's own user has no process left; what still is there is killed. A confinement's end takes its
 * processes along, but the kernel needs a moment.
 */
async function gone(uid: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const left = processesOf(uid)
    if (left.length === 0) return
    if (tries > 2)
      for (const pid of left) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          /* it is gone */
        }
      }
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

/** Passes on what a stream says as it comes. The reader takes its time, and then the writer waits. */
function pass(stream: NodeJS.ReadableStream | null, to: (part: Buffer) => void): ReturnType<typeof keep> {
  stream?.on('data', to)
  const done = stream
    ? new Promise<void>((resolve) => {
        stream.once('close', resolve).on('error', () => resolve())
      })
    : Promise.resolve()
  return { text: () => '', bytes: () => Buffer.alloc(0), full: () => false, done }
}

/** Asks the code of a run to end, not the processes around it. False when there is none. */
function askToEnd(pid: number): boolean {
  const init = usage(pid).processes.find(isInit)
  const code = init === undefined ? [] : usage(init).processes.slice(1)
  for (const p of code) {
    try {
      process.kill(p, 'SIGTERM')
    } catch {
      /* it is gone */
    }
  }
  return code.length > 0
}

/** How a command ended, when it was stopped too: its exit code and signal are told beside the reason. */
function liveOutcome(
  stopped: RunEnd | undefined,
  head: Head | undefined,
  said: { stdout: string; stderr: string; seconds: number },
): Outcome {
  return {
    end: stopped ?? (head ? endOf({ ...head, error: null, tooMuch: false }) : 'killed'),
    outputs: [],
    ...said,
    ...(typeof head?.code === 'number' ? { exitCode: head.code } : {}),
    ...(typeof head?.signal === 'number' ? { signal: head.signal } : {}),
    ...(typeof head?.cpu === 'number' ? { cpuSeconds: head.cpu } : {}),
  }
}

/** Runs a confined program to its end, whatever that is. */
export async function supervise(task: Task, program: Program): Promise<Outcome> {
  const started = performance.now()
  const child: ChildProcess = spawn(program.command, program.args, {
    env: program.env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(program.open ?? [])],
    ...(program.uid === undefined ? {} : { uid: program.uid, gid: program.uid }),
  })
  const inline = program.answersOn === 1
  const { live } = task
  const err = live ? pass(child.stderr, (part) => live.output('err', part)) : keep(child.stderr, logBytes)
  const out = live
    ? pass(child.stdout, (part) => live.output('out', part))
    : keep(inline ? null : child.stdout, logBytes)
  const answer = keep(
    (inline ? child.stdout : child.stdio[3]) as NodeJS.ReadableStream,
    task.limits.outputBytes + 200_000 + (inline ? 12 * logBytes : 0),
  )
  let stopped: RunEnd | undefined
  let ended = false
  const stop = (why: RunEnd): void => {
    if (stopped !== undefined || ended) return
    stopped = why
    if (child.pid === undefined) return
    // Who is out of time, or cancelled, may still say and keep what it has; who takes too much may not go on.
    if (live && live.grace > 0 && (why === 'time-limit' || why === 'killed') && askToEnd(child.pid))
      setTimeout(now, live.grace * 1000).unref()
    else now()
  }
  const now = (): void => {
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
  const cancel = (): void => stop('killed')
  const exited = new Promise<void>((resolve) => {
    child
      .once('exit', () => {
        ended = true
        resolve()
      })
      .once('error', () => {
        ended = true
        resolve()
      })
  })
  const clock = setTimeout(() => stop('time-limit'), task.seconds * 1000)
  let looks = 0
  let measuring = false
  const look = setInterval(
    () => {
      if (child.pid === undefined || ended) return
      const { memoryMb, threads, cpuSeconds } = usage(child.pid, live !== undefined)
      live?.look(memoryMb * 1024 * 1024, cpuSeconds)
      if (memoryMb > task.limits.memoryMb + program.own.memoryMb) stop('memory-limit')
      else if (threads > task.limits.processes + program.own.threads) stop('process-limit')
      if (program.watched && looks++ % (live ? 8 : 5) === 0 && !measuring) {
        measuring = true
        void Promise.all(program.watched.map(filled)).then((all) => {
          measuring = false
          if (all.some((f) => f.bytes > 2 * task.limits.outputBytes + 64_000_000 || f.files > (live ? 200_000 : 5000)))
            stop('output-limit')
        })
      }
    },
    live ? lookLive : lookEvery,
  )
  task.signal.addEventListener('abort', cancel, { once: true })
  if (task.signal.aborted) cancel()
  await exited
  clearTimeout(clock)
  clearInterval(look)
  task.signal.removeEventListener('abort', cancel)
  if (task.uid !== undefined) await gone(task.uid)
  await Promise.all([out.done, err.done, answer.done])
  const seconds = (performance.now() - started) / 1000
  const said = { stdout: out.text(), stderr: err.text(), seconds }
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
  if (!read) return { end: 'killed', outputs: [], ...said }
  const { head, outputs } = read
  const end = endOf(head)
  if (inline) {
    if (typeof head.stdout === 'string') said.stdout = head.stdout.slice(0, logBytes)
    if (typeof head.stderr === 'string') said.stderr += head.stderr.slice(0, logBytes)
  }
  const error =
    end === 'script-error'
      ? {
          errorClass: safeErrorClass(head.error?.class),
          line: whole(head.error?.line, 1_000_000),
          cell: whole(head.error?.cell, 10_000),
        }
      : undefined
  return {
    end,
    outputs: end === 'finished' ? outputs : [],
    ...(typeof head.code === 'number' ? { exitCode: head.code } : {}),
    ...(error ? { error } : {}),
    ...said,
  }
}
