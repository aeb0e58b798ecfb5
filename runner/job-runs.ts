/** The runs of a job's plan: each on its part of the people, in a folder of its own, and how long all of it takes. */
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Manifest } from '../domain/jobs/manifest.ts'
import type { RunReport } from '../domain/release/run-report.ts'
import { singlePlace } from './confine/landlock.ts'
import type { Outcome, Sandbox } from './confine/task.ts'
import { cutTable } from './csv.ts'
import { each } from './each.ts'
import { type JobFolder, makeRunFolder, userFor } from './folders.ts'
import { type Inputs, volumeOf } from './job-inputs.ts'
import { inRun, paceOf, type RunPlan, runsOf, whenFailed } from './plans.ts'

export interface PlanOptions {
  /** Runs at a time; at most two by default. */
  parallel?: number
  /** False leaves out what only the gate needs: the comparison of failures and the pace. */
  compared?: boolean
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
export async function runPlan(
  manifest: Manifest,
  inputs: Inputs,
  job: JobFolder,
  sandbox: Sandbox,
  options: PlanOptions,
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
