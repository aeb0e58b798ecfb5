/** What init.py is told about a run: the program, its environment and its limits. Paths are those the code sees. */
import { availableParallelism } from 'node:os'
import { outputEndings, type Places, type Task } from './task.ts'

export const python = process.env['CLOISTER_PYTHON'] ?? '/usr/bin/python3'
export const rProgram = process.env['CLOISTER_R'] ?? '/usr/lib/R/bin/R'

const MB = 1024 * 1024

/** CPUs for a run: runs at the same time get different ones. Undefined when it may have all. */
export function processors(task: Task): number[] | undefined {
  const available = availableParallelism()
  const cpus = Math.max(1, Math.floor(task.limits.cpus))
  if (cpus >= available) return undefined
  return Array.from({ length: cpus }, (_, i) => (process.pid + task.slot * cpus + i) % available)
}

/** The environment of the code: nothing of the runner's own. */
export function environment(task: Task, at: Places): Record<string, string> {
  const threads = String(Math.max(1, Math.floor(task.limits.cpus)))
  return {
    PATH: '/usr/bin:/bin',
    HOME: at.home,
    TMPDIR: at.home,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    CLOISTER_DATA: at.data,
    DATA_ROOT: at.data,
    CLOISTER_OUTPUT: at.output,
    OUTPUT_DIR: at.output,
    CLOISTER_PARAMETERS: `${at.job}/parameters.json`,
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    MKL_NUM_THREADS: threads,
    NUMEXPR_NUM_THREADS: threads,
    LOKY_MAX_CPU_COUNT: threads,
    // The same code must say the same in every run of a plan: sets and dictionaries of strings keep one order.
    PYTHONHASHSEED: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    MPLBACKEND: 'Agg',
    MPLCONFIGDIR: at.home,
    R_LIBS_USER: 'NULL',
    R_ENVIRON_USER: '',
    R_PROFILE_USER: '',
  }
}

function argumentsOf(task: Task, at: Places): string[] {
  if (task.live) return task.live.argv(at)
  const source = `${at.job}/${task.source}`
  return task.interpreter === 'python'
    ? [python, '-s', '-B', `${at.inside}/python.py`, at.notes, source]
    : [rProgram, '--vanilla', '--no-echo', `--file=${at.inside}/r.R`, '--args', at.notes, source]
}

/** The specification for init.py (inside/init.py), to be written as JSON where it can read it. */
export function specification(
  task: Task,
  at: Places,
  confine: { filter: string; rules: Record<string, 'read' | 'write' | 'device'>; needsLandlock: boolean } | null,
): object {
  const { limits } = task
  return {
    argv: argumentsOf(task, at),
    env: { ...environment(task, at), ...task.live?.env(at) },
    cwd: at.work,
    live: task.live !== undefined,
    output: at.output,
    notes: at.notes,
    endings: outputEndings,
    outputBytes: limits.outputBytes,
    outputFiles: limits.outputFiles,
    uid: task.uid,
    cpus: confine ? processors(task) : undefined,
    confine,
    rlimits: {
      CORE: 0,
      NOFILE: task.live ? 4096 : 512,
      FSIZE: limits.outputBytes + MB,
      // Whole processor seconds of one process: the wall clock outside ends the run before this does, unless it uses
      // several processors at once.
      CPU: Math.ceil(task.seconds * Math.max(1, limits.cpus)) + 1,
      // A bit over the limit, so that what asks for too much is seen asking; the sum over all processes is watched from
      // outside.
      DATA: (limits.memoryMb + 128) * MB,
      NPROC: limits.processes + 8,
    },
  }
}
