/** One job from its manifest to its report: fetch, cut, run under confinement, collect. */
import { rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Manifest } from '../domain/jobs/manifest.ts'
import type { Confinement, Report, RunReport } from '../domain/release/run-report.ts'
import { chooseSandbox, sandboxes } from './confine/choose.ts'
import { singlePlace } from './confine/landlock.ts'
import type { Outcome, Sandbox } from './confine/task.ts'
import { cutTable, type CutTable, readTable } from './csv.ts'
import { type JobFolder, makeJobFolder, makeRunFolder, safePath, storedName, userFor } from './folders.ts'
import type { RunnerIo } from './io.ts'
import { cutOf, inRun, paceOf, partition, type RunPlan, runsOf, whenFailed } from './plans.ts'
import { NotANotebook } from './runtimes/notebook.ts'
import { type Source, sourceOf } from './runtimes/source.ts'

export interface RunnerOptions {
  /** Takes this confinement and no other. */
  confinement?: Confinement
  /** `confinement` was tried by whoever starts this runner, so it is not tried again. */
  probed?: boolean
  /** Runs at a time; at most two by default. */
  parallel?: number
  /** False leaves out what only the gate needs: the comparison of failures and the pace. */
  compared?: boolean
  signal?: AbortSignal
  /** Where the job's folder is made; the system's temporary folder by default. */
  folder?: string
}

/** Identity of the image, for the report. Set in the container; `local` on a host. */
export const imageName = (): string => process.env['CLOISTER_IMAGE'] ?? 'local'

interface Inputs {
  tables: { file: string; cut: CutTable }[]
  volumes: Map<string, string>
  shared: { file: string; from: string }[]
  source: Source
  block: Map<string, number>
}

/** Runs `work` on each item, `at` at a time. */
async function each<T>(items: readonly T[], at: number, work: (item: T, lane: number) => Promise<void>): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: Math.min(at, waiting.length) }, async (_, lane) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item, lane)
    }),
  )
}

async function fetchInputs(manifest: Manifest, io: RunnerIo, store: string): Promise<Inputs> {
  if (
    !/^[a-z][a-z0-9_-]{0,79}$/.test(manifest.dataset) ||
    ![...manifest.tables, ...manifest.volumes, ...manifest.shared].every((f) => safePath(f.file))
  )
    throw new RangeError('a name of the manifest is not a plain one')
  const tables: Inputs['tables'] = []
  const volumes: Inputs['volumes'] = new Map()
  const shared: Inputs['shared'] = []
  const code = io.get(manifest.code)
  await each(
    manifest.tables.map((t, i) => [i, t] as const),
    4,
    async ([index, table]) => {
      tables[index] = { file: table.file, cut: readTable(await io.get(table.link), table.subject, table.pathColumn) }
    },
  )
  const files = [
    ...manifest.volumes.map((f) => ({ ...f, whose: 'rows' })),
    ...manifest.shared.map((f) => ({ ...f, whose: 'everybody' })),
  ]
  await each(files, 8, async (file) => {
    const path = join(store, storedName(file.file))
    await writeFile(path, await io.get(file.link), { mode: 0o444 })
    if (file.whose === 'rows') volumes.set(file.file, path)
    else shared.push({ file: file.file, from: path })
  })
  const source = sourceOf(manifest.runtime, (await code).toString('utf8'), manifest.parameters)
  const subjects = new Set(tables.flatMap((t) => t.cut.rows.map((r) => r.subject)))
  const blocks = manifest.plan.kind === 'whole' ? whenFailed.blocks : manifest.plan.blocks
  return {
    tables,
    volumes,
    shared,
    source,
    block: partition(subjects, blocks, manifest.partitionKey, cutOf(manifest.plan)),
  }
}

/** A volume is named by its path below the dataset's folder, or by the end of it as the custodian's list has it. */
function volumeOf(volumes: ReadonlyMap<string, string>, path: string): { file: string; from: string } | undefined {
  const plain = path.replace(/^\.?\//, '')
  for (const [file, from] of volumes) if (file === plain || file.endsWith(`/${plain}`)) return { file, from }
  return undefined
}

async function runOnce(
  plan: RunPlan,
  manifest: Manifest,
  inputs: Inputs,
  job: JobFolder,
  sandbox: Sandbox,
  lane: number,
  signal: AbortSignal,
): Promise<RunReport> {
  const keep = (subject: string): boolean => inRun(plan, inputs.block.get(subject) ?? -1)
  const linked = new Map(inputs.shared.map((s) => [s.file, s]))
  const tables = inputs.tables.map((table) => {
    const { bytes, paths } = cutTable(table.cut, keep)
    for (const path of paths) {
      const volume = volumeOf(inputs.volumes, path)
      if (volume) linked.set(volume.file, volume)
    }
    return { file: table.file, bytes }
  })
  const uid = userFor(lane)
  const folder = await makeRunFolder(
    job,
    `run-${plan.run}`,
    { dataset: manifest.dataset, tables, linked: [...linked.values()], job: inputs.source.files },
    uid,
  )
  const { plan: how, limits } = manifest
  const outcome: Outcome = await sandbox.run({
    interpreter: inputs.source.interpreter,
    folder,
    inside: job.inside,
    source: inputs.source.source,
    ...(uid === undefined ? {} : { uid }),
    slot: lane,
    limits,
    signal,
    seconds: how.kind === 'blocks' ? how.slotSeconds : limits.seconds,
  })
  // Nothing of a run is there for the next one, whatever its user may read.
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  let subjects = 0
  for (const block of inputs.block.values()) if (inRun(plan, block)) subjects++
  const { error } = outcome
  return {
    run: plan.run,
    subjects,
    end: outcome.end,
    ...(outcome.exitCode === undefined ? {} : { exitCode: outcome.exitCode }),
    ...(error?.errorClass === undefined ? {} : { errorClass: error.errorClass }),
    ...(error?.line === undefined ? {} : { line: error.line }),
    ...(error?.cell === undefined ? {} : { cell: error.cell }),
    outputs: outcome.outputs.map((o) => ({ file: o.file, bytes: o.bytes.toString('base64') })),
    stdout: outcome.stdout,
    stderr: outcome.stderr,
    seconds: outcome.seconds,
  }
}

const until = (when: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, when - performance.now()))
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })

/**
 * Every run of the plan, in the plan's order. How a run fails is an output like any other: a failure is compared with
 * the runs without each block, too, also where the plan asks for one run only. A run that met its time limit is the
 * last, and those beside it end: they would meet it without an eighth of the people, too.
 */
async function runPlan(
  manifest: Manifest,
  inputs: Inputs,
  job: JobFolder,
  sandbox: Sandbox,
  options: RunnerOptions,
  signal: AbortSignal,
): Promise<RunReport[]> {
  const { plan, limits } = manifest
  // Where no row is anybody's (a synthetic twin), nobody could be left out.
  const compared = options.compared !== false && inputs.block.size > 0
  const reports = new Map<RunPlan, RunReport>()
  const began = performance.now()
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const parallel = singlePlace()
    ? 1
    : (options.parallel ?? Math.max(1, Math.min(2, availableParallelism(), plan.kind === 'blocks' ? limits.cpus : 2)))
  const go = (runs: readonly RunPlan[]): Promise<void> =>
    each(runs, parallel, async (run, lane) => {
      if (either.aborted) return
      const slot = performance.now()
      const report = await runOnce(run, manifest, inputs, job, sandbox, lane, either)
      if (either.aborted) return
      reports.set(run, report)
      if (plan.kind !== 'blocks' && report.end === 'time-limit') over.abort()
      // Each block uses up its time slot, however soon its code ends: how long a job takes says nothing of anybody.
      if (plan.kind === 'blocks') await until(slot + plan.slotSeconds * 1000, signal)
    })
  let runs = runsOf(plan)
  await go(runs)
  if (plan.kind === 'whole' && compared && !over.signal.aborted && reports.get(runs[0]!)?.end !== 'finished') {
    const [, ...without] = runsOf(whenFailed)
    runs = [...runs, ...without]
    await go(without)
  }
  const ended = runs.flatMap((r) => reports.get(r) ?? [])
  if (plan.kind !== 'blocks' && compared)
    await until(
      began +
        1000 *
          paceOf(
            plan,
            ended.map((r) => r.seconds),
            (performance.now() - began) / 1000,
            limits.seconds,
            over.signal.aborted,
          ),
      signal,
    )
  return ended
}

/**
 * Runs a job and answers its report; does not hand it over. Rejects when an input cannot be had (`LinkFailed`) or is
 * not what the manifest says: the platform's fault, worth another try. `signal` ends every process and removes every
 * file before this rejects.
 */
export async function runJob(manifest: Manifest, io: RunnerIo, options: RunnerOptions = {}): Promise<Report> {
  const signal = options.signal ?? new AbortController().signal
  const job = await makeJobFolder(options.folder)
  const report = { job: manifest.job, image: imageName() }
  try {
    let inputs: Inputs
    try {
      inputs = await fetchInputs(manifest, io, job.store)
    } catch (e) {
      if (!(e instanceof NotANotebook)) throw e
      return {
        ...report,
        confinement: options.confinement ?? 'bubblewrap',
        cohort: 0,
        runs: [
          {
            run: 'all',
            subjects: 0,
            end: 'script-error',
            errorClass: 'InvalidNotebook',
            outputs: [],
            stdout: '',
            stderr: '',
            seconds: 0,
          },
        ],
      }
    }
    const { interpreter } = inputs.source
    const sandbox = options.probed
      ? sandboxes.find((s) => s.name === options.confinement)
      : await chooseSandbox(interpreter, options.confinement)
    const cohort = inputs.block.size
    if (!sandbox?.can(interpreter))
      return { ...report, confinement: options.confinement ?? 'wasm', cohort, runs: [], refused: 'confinement-missing' }
    signal.throwIfAborted()
    const runs = await runPlan(manifest, inputs, job, sandbox, options, signal)
    signal.throwIfAborted()
    return { ...report, confinement: sandbox.name, cohort, runs }
  } finally {
    job.remove()
  }
}
