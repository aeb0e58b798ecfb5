/**
 * One pipeline run, from its manifest to its report: fetch, run under confinement with its output as a live log, hand
 * the artifacts over, and say how it ended.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants } from 'node:os'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { codeOf, failureOf } from '../domain/pipelines/life.ts'
import type { PipelineManifest, PipelineReport } from '../domain/pipelines/manifest.ts'
import type { Confinement } from '../domain/release/run-report.ts'
import { chooseSandbox, sandboxes } from './confine/choose.ts'
import type { Outcome, Sandbox } from './confine/task.ts'
import { type JobFolder, makeJobFolder, userFor } from './folders.ts'
import { imageName } from './job.ts'
import { commandAt, NotStarted } from './pipeline-command.ts'
import { InputMissing, makePipelineFolder, storeArtifacts } from './pipeline-files.ts'
import type { PipelineIo } from './pipeline-io.ts'
import { RunLog, type LogSink } from './pipeline-log.ts'

export interface PipelineOptions {
  confinement?: Confinement
  probed?: boolean
  signal: AbortSignal
  sink: LogSink
  /** Where the run's folder is made; the system's temporary folder by default. */
  folder?: string
}

/** Milliseconds between samples of CPU and memory. */
const sampleEvery = 2000
/** Seconds between asking a command to end and ending it. */
const grace = 5
/** What programs say when the system gives them no more memory. */
const outOfMemory =
  /\bMemoryError\b|Cannot allocate memory|cannot allocate (?:vector|memory)|std::bad_alloc|Out of memory/i

/** How often the kernel's out-of-memory killer struck in this container so far; 0 where it does not say. */
function oomKills(): number {
  try {
    return Number(/^oom_kill (\d+)/m.exec(readFileSync('/sys/fs/cgroup/memory.events', 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1000)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
const signalName = (n: number): string => Object.entries(constants.signals).find(([, v]) => v === n)?.[0] ?? String(n)

async function sandboxFor(manifest: PipelineManifest, options: PipelineOptions): Promise<Sandbox> {
  if (manifest.runtime === 'image') throw new NotStarted('image-unavailable', manifest.image)
  const interpreter = manifest.runtime === 'r' ? 'r' : 'python'
  const sandbox = options.probed
    ? sandboxes.find((s) => s.name === options.confinement)
    : await chooseSandbox(interpreter, options.confinement)
  // WebAssembly has interpreters, not programs.
  if (!sandbox?.can(interpreter) || sandbox.name === 'wasm') throw new NotStarted('confinement-missing')
  return sandbox
}

/** How the command ended, in the report's words. */
function endOf(
  outcome: Outcome,
  log: RunLog,
  cancelled: boolean,
  oom: boolean,
): Pick<PipelineReport, 'end' | 'oom' | 'exitCode' | 'signal'> {
  const { exitCode, signal } = outcome
  const told = {
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal: signalName(signal) }),
  }
  switch (outcome.end) {
    case 'finished':
      return { end: 'finished', exitCode: 0 }
    case 'memory-limit':
      return { end: 'memory-limit', oom: true, ...told }
    case 'time-limit':
    case 'process-limit':
    case 'output-limit':
      return { end: outcome.end, ...told }
    case 'script-error':
      if (outOfMemory.test(log.lastError)) return { end: 'memory-limit', ...told }
      return { end: 'exit-code', ...told }
    case 'killed':
      if (cancelled) return { end: 'cancelled', ...told }
      // Ended by SIGKILL that nobody here sent: the out-of-memory killer, when it counted one more, or took the
      // confinement along.
      if (oom) return { end: 'memory-limit', oom: true, ...told }
      return { end: 'signal', signal: 'SIGKILL', ...told }
  }
}

/** The sentence at the end of the log. */
function lastWord(report: PipelineReport, manifest: PipelineManifest): string {
  const code = codeOf(report)
  if (code === undefined) return `Finished with exit code 0 after ${report.seconds.toFixed(1)} s.`
  const { message, todo } = failureOf(code, {
    exitCode: report.exitCode,
    signal: report.signal,
    missing: report.missing,
    seconds: manifest.limits.seconds,
    memoryMb: manifest.limits.memoryMb,
  })
  return `${message} ${todo}`
}

/** CPU and memory of a command, told to the log while it runs. */
class Meter {
  /** Bytes: the most that was seen. */
  peak = 0
  cpuSeconds = 0
  private readonly log: RunLog
  private memory = 0
  private sampled: { at: number; cpuSeconds: number } | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(log: RunLog) {
    this.log = log
  }
  start(): void {
    this.timer = setInterval(() => this.sample(), sampleEvery)
  }
  stop(): void {
    clearInterval(this.timer)
  }
  look(bytes: number, seconds: number): void {
    this.memory = bytes
    this.cpuSeconds = Math.max(this.cpuSeconds, seconds)
    this.peak = Math.max(this.peak, bytes)
  }
  sample(): void {
    const at = performance.now()
    const { sampled, cpuSeconds } = this
    if (sampled) {
      const percent = (100 * (cpuSeconds - sampled.cpuSeconds)) / ((at - sampled.at) / 1000)
      this.log.usage(Math.max(0, percent), this.memory)
    }
    this.sampled = { at, cpuSeconds }
  }
}

interface Running {
  manifest: PipelineManifest
  io: PipelineIo
  options: PipelineOptions
  job: JobFolder
  log: RunLog
  meter: Meter
  /** Filled while the run goes on. */
  report: PipelineReport
}

const now = (): string => new Date().toISOString()
const sizeOf = (files: readonly { size: number }[]): string => bytesText(files.reduce((n, f) => n + f.size, 0))

function startedReport(manifest: PipelineManifest): PipelineReport {
  return {
    kind: 'pipeline',
    job: manifest.job,
    attempt: manifest.attempt,
    end: 'not-started',
    image: imageName(),
    artifacts: [],
    leftOut: 0,
    timings: {},
    seconds: 0,
    cpuSeconds: 0,
    peakMemoryBytes: 0,
    logBytes: 0,
    logRecords: 0,
    metrics: [],
    steps: [],
  }
}

/** Runs the command in its folder to its end. */
async function runCommand(
  { manifest, options, job, log, meter, report }: Running,
  sandbox: Sandbox,
  folder: string,
  uid: number | undefined,
): Promise<Outcome> {
  const { seconds, memoryMb, cpus, processes, outputBytes } = manifest.limits
  meter.start()
  const outcome = await sandbox.run({
    interpreter: manifest.runtime === 'r' ? 'r' : 'python',
    folder,
    inside: job.inside,
    source: '',
    ...(uid === undefined ? {} : { uid }),
    slot: 0,
    seconds,
    signal: options.signal,
    limits: { seconds, memoryMb, cpus, processes, outputBytes, outputFiles: 1 },
    live: {
      argv: (at) => {
        const argv = commandAt(manifest, at, join(folder, 'work'))
        log.say(`Started: ${manifest.command.join(' ')}`.slice(0, 4000))
        report.timings.started = now()
        meter.sample()
        return argv
      },
      env: (at) => ({
        PYTHONUNBUFFERED: '1',
        ...manifest.env,
        CLOISTER_CODE: at.work,
        CLOISTER_INPUTS: at.data,
        CLOISTER_OUTPUT: at.output,
        CLOISTER_PARAMETERS: `${at.job}/parameters.json`,
        OUTPUT_DIR: at.output,
      }),
      output: (stream, part) => log.output(stream, part),
      look: (bytes, cpuSeconds) => meter.look(bytes, cpuSeconds),
      grace,
    },
  })
  meter.stop()
  return outcome
}

/** Fetches what the run needs, runs it, and stores what it made. Throws `InputMissing` and `NotStarted`. */
async function fetchRunStore(running: Running): Promise<void> {
  const { manifest, io, options, job, log, meter, report } = running
  const sandbox = await sandboxFor(manifest, options)
  report.confinement = sandbox.name
  const files = [...manifest.code, ...manifest.inputs.flatMap((i) => i.files)]
  log.say(`Fetching ${files.length} files (${sizeOf(files)}) …`)
  const uid = userFor(0)
  const folder = await makePipelineFolder(job, manifest, io, uid)
  report.timings.fetched = now()
  if (options.signal.aborted) {
    report.end = 'cancelled'
    return
  }
  const killsBefore = oomKills()
  const outcome = await runCommand(running, sandbox, folder, uid)
  report.timings.ended = now()
  log.endOutput()
  report.seconds = outcome.seconds
  report.cpuSeconds = Math.round(Math.max(outcome.cpuSeconds ?? 0, meter.cpuSeconds) * 100) / 100
  report.peakMemoryBytes = meter.peak
  Object.assign(report, endOf(outcome, log, options.signal.aborted, oomKills() > killsBefore))
  log.flush()
  Object.assign(report, await storeArtifacts(manifest, folder, io))
  const { artifacts, leftOut } = report
  if (artifacts.length + leftOut === 0) return
  const rest = leftOut > 0 ? `; ${leftOut} did not fit and were left out` : ''
  log.say(`Stored ${artifacts.length} files of the output folder (${sizeOf(artifacts)})${rest}.`)
}

/** What the report says of a command that never ran; other errors are the platform's and thrown on. */
function neverRan(error: unknown): Pick<PipelineReport, 'end' | 'startError' | 'missing'> {
  if (error instanceof InputMissing) return { end: 'not-started', startError: 'input-missing', missing: error.missing }
  if (!(error instanceof NotStarted)) throw error
  return {
    end: 'not-started',
    startError: error.why,
    ...(error.missing === undefined ? {} : { missing: error.missing }),
  }
}

/**
 * Runs a pipeline and hands over its artifacts and its report; the log's last record comes before both are read by
 * anybody. Rejects only when the platform failed (worth another try): whatever the command does is a report. When
 * `signal` fires the command is asked to end, then ended, and that is reported.
 */
export async function runPipeline(
  manifest: PipelineManifest,
  io: PipelineIo,
  options: PipelineOptions,
): Promise<PipelineReport> {
  const log = new RunLog(options.sink, manifest.limits.logBytes)
  const report = startedReport(manifest)
  const job = await makeJobFolder(options.folder)
  const meter = new Meter(log)
  try {
    try {
      await fetchRunStore({ manifest, io, options, job, log, meter, report })
    } catch (e) {
      Object.assign(report, neverRan(e))
    }
    report.timings.stored = now()
    log.close(report.end, lastWord(report, manifest))
    const { bytes, records, metrics, steps } = log.count()
    Object.assign(report, { logBytes: bytes, logRecords: records, metrics, steps })
    await io.putBytes(manifest.report, await promisify(gzip)(JSON.stringify(report)))
    return report
  } finally {
    meter.stop()
    log.stop()
    job.remove()
  }
}
