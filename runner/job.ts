/** One job from its manifest to its report: fetch, cut, run under confinement, collect. */
import type { Manifest } from '../domain/jobs/manifest.ts'
import type { Confinement, Report, RunReport } from '../domain/release/run-report.ts'
import { chooseSandbox, sandboxes } from './confine/choose.ts'
import { makeJobFolder } from './folders.ts'
import type { RunnerIo } from './io.ts'
import { fetchInputs, type Inputs } from './job-inputs.ts'
import { type PlanOptions, runPlan } from './job-runs.ts'
import { NotANotebook } from './runtimes/notebook.ts'

export interface RunnerOptions extends PlanOptions {
  /** Takes this confinement and no other. */
  confinement?: Confinement
  /** `confinement` was tried by whoever starts this runner, so it is not tried again. */
  probed?: boolean
  signal?: AbortSignal
  /** Where the job's folder is made; the system's temporary folder by default. */
  folder?: string
}

/** Identity of the image, for the report. Set in the container; `local` on a host. */
export const imageName = (): string => process.env['CLOISTER_IMAGE'] ?? 'local'

/** How a job is reported whose code is no notebook: nothing of it ran. */
const invalidNotebook: RunReport = {
  run: 'all',
  subjects: 0,
  end: 'script-error',
  errorClass: 'InvalidNotebook',
  outputs: [],
  stdout: '',
  stderr: '',
  seconds: 0,
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
      return { ...report, confinement: options.confinement ?? 'bubblewrap', cohort: 0, runs: [invalidNotebook] }
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
