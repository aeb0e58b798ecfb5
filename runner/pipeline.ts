/**
 * One pipeline run, from its manifest to its report: fetch, run under confinement with its output as a live log, hand
 * the artifacts over, and say how it ended.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { constants } from 'node:os'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { located } from '../domain/pipelines/command.ts'
import { codeOf, failureOf } from '../domain/pipelines/life.ts'
import type { PipelineManifest, PipelineReport, StartError } from '../domain/pipelines/manifest.ts'
import type { Confinement } from '../domain/release/run-report.ts'
import { chooseSandbox, sandboxes } from './confine/choose.ts'
import { python } from './confine/sandbox-environment.ts'
import type { Outcome, Places, Sandbox } from './confine/task.ts'
import { makeJobFolder, userFor } from './folders.ts'
import { imageName } from './job.ts'
import { storeArtifacts, InputMissing, makePipelineFolder } from './pipeline-files.ts'
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

/** The command never ran; why. */
class NotStarted extends Error {
  override name = 'NotStarted'
  readonly why: StartError
  readonly missing: string | undefined
  constructor(why: StartError, missing?: string) {
    super(why)
    this.why = why
    this.missing = missing
  }
}

/** How often the kernel's out-of-memory killer struck in this container so far; 0 where it does not say. */
function oomKills(): number {
  try {
    return Number(/^oom_kill (\d+)/m.exec(readFileSync('/sys/fs/cgroup/memory.events', 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/**
 * The program of a command as a path that is there in the confinement: by name from the system's folders, by path from
 * the code.
 */
function programOf(name: string, work: string, code: string): string {
  if (name === 'python' || name === 'python3') return python
  if (!name.includes('/')) {
    const found = ['/usr/bin', '/bin'].map((d) => join(d, name)).find((p) => existsSync(p))
    if (name === '' || !found) throw new NotStarted('command-not-found', name)
    return found
  }
  if (name.startsWith('/usr/') || name.startsWith('/bin/')) {
    if (!existsSync(name)) throw new NotStarted('command-not-found', name)
    return name
  }
  const inside = name.startsWith(`${code}/`) ? name.slice(code.length + 1) : name
  const file = join(work, inside)
  if (!file.startsWith(`${work}/`) || !existsSync(file) || !statSync(file).isFile())
    throw new NotStarted('command-not-found', inside)
  if ((statSync(file).mode & 0o111) === 0) throw new NotStarted('not-executable', inside)
  return join(code, inside)
}

/** Where each input is for the command: its folder, or the one file of a table. */
const inputsOf = (manifest: PipelineManifest, data: string): Record<string, string> =>
  Object.fromEntries(
    manifest.inputs.map((input) => [
      input.name,
      input.kind === 'table' && input.files.length === 1
        ? `${data}/${input.name}/${input.files[0]!.path}`
        : `${data}/${input.name}`,
    ]),
  )

const commandAt = (manifest: PipelineManifest, at: Places, work: string): string[] => {
  const [program = '', ...rest] = located(manifest.command, {
    output: at.output,
    code: at.work,
    parameters: `${at.job}/parameters.json`,
    inputs: inputsOf(manifest, at.data),
  })
  return [programOf(program, work, at.work), ...rest]
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
  const report: PipelineReport = {
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
  const now = (): string => new Date().toISOString()
  const job = await makeJobFolder(options.folder)
  let looked: { at: number; cpu: number } | undefined
  let memory = 0
  let cpu = 0
  const sample = (): void => {
    const at = performance.now()
    if (looked) log.usage(Math.max(0, (100 * (cpu - looked.cpu)) / ((at - looked.at) / 1000)), memory)
    looked = { at, cpu }
  }
  let sampling: NodeJS.Timeout | undefined
  try {
    try {
      const sandbox = await sandboxFor(manifest, options)
      report.confinement = sandbox.name
      const files = [...manifest.code, ...manifest.inputs.flatMap((i) => i.files)]
      log.say(`Fetching ${files.length} files (${bytesText(files.reduce((n, f) => n + f.size, 0))}) …`)
      const uid = userFor(0)
      const folder = await makePipelineFolder(job, manifest, io, uid)
      report.timings.fetched = now()
      if (options.signal.aborted) {
        report.end = 'cancelled'
      } else {
        const work = join(folder, 'work')
        const killsBefore = oomKills()
        let argv: string[] | undefined
        sampling = setInterval(sample, sampleEvery)
        const outcome = await sandbox.run({
          interpreter: manifest.runtime === 'r' ? 'r' : 'python',
          folder,
          inside: job.inside,
          source: '',
          ...(uid === undefined ? {} : { uid }),
          slot: 0,
          seconds: manifest.limits.seconds,
          signal: options.signal,
          limits: {
            seconds: manifest.limits.seconds,
            memoryMb: manifest.limits.memoryMb,
            cpus: manifest.limits.cpus,
            processes: manifest.limits.processes,
            outputBytes: manifest.limits.outputBytes,
            outputFiles: 1,
          },
          live: {
            argv: (at) => {
              argv = commandAt(manifest, at, work)
              log.say(`Started: ${manifest.command.join(' ')}`.slice(0, 4000))
              report.timings.started = now()
              sample()
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
            look: (bytes, seconds) => {
              memory = bytes
              cpu = Math.max(cpu, seconds)
              report.peakMemoryBytes = Math.max(report.peakMemoryBytes, bytes)
            },
            grace,
          },
        })
        clearInterval(sampling)
        report.timings.ended = now()
        log.endOutput()
        report.seconds = outcome.seconds
        report.cpuSeconds = Math.round(Math.max(outcome.cpuSeconds ?? 0, cpu) * 100) / 100
        Object.assign(report, endOf(outcome, log, options.signal.aborted, oomKills() > killsBefore))
        log.flush()
        Object.assign(report, await storeArtifacts(manifest, folder, io))
        if (report.artifacts.length + report.leftOut > 0)
          log.say(
            `Stored ${report.artifacts.length} files of the output folder (${bytesText(report.artifacts.reduce((n, a) => n + a.size, 0))})${report.leftOut > 0 ? `; ${report.leftOut} did not fit and were left out` : ''}.`,
          )
      }
    } catch (e) {
      if (e instanceof InputMissing)
        Object.assign(report, { end: 'not-started', startError: 'input-missing', missing: e.missing })
      else if (e instanceof NotStarted)
        Object.assign(report, {
          end: 'not-started',
          startError: e.why,
          ...(e.missing === undefined ? {} : { missing: e.missing }),
        })
      else throw e
    }
    report.timings.stored = now()
    log.close(report.end, lastWord(report, manifest))
    const { bytes, records, metrics, steps } = log.count()
    Object.assign(report, { logBytes: bytes, logRecords: records, metrics, steps })
    await io.putBytes(manifest.report, await promisify(gzip)(JSON.stringify(report)))
    return report
  } finally {
    clearInterval(sampling)
    log.stop()
    job.remove()
  }
}
