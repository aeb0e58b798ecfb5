/** The runs of a script's report: which there are to compare, and what may be said of those that failed. */
import { fromBase64url } from '../hash.ts'
import type { JobCode } from '../release/job-codes.ts'
import type { Report, RunReport } from '../release/run-report.ts'

/** Files of a run, from the report's base64. */
export const filesOf = (run: RunReport): { file: string; bytes: Uint8Array }[] =>
  run.outputs.map(({ file, bytes }) => ({ file, bytes: fromBase64url(bytes) }))

/** The run on everybody, when the report has it. */
export const runOnAll = (report: Report): RunReport | undefined => report.runs.find(({ run }) => run === 'all')

/**
 * How the run on all failed, if it did: told when every other run failed alike, as which failure it is could be chosen
 * by looking at one person. A time limit is the end of all runs; a report of one run alone failed before any code ran.
 */
export function failureOf(report: Report): JobCode | undefined {
  if (report.refused) return report.refused
  const all = runOnAll(report)
  // Runs beside one that met its time limit were ended, and are not in the report.
  if (!all) return report.runs.some(({ end }) => end === 'time-limit') ? 'time-limit' : 'infrastructure'
  switch (all.end) {
    case 'finished':
      return undefined
    case 'killed':
      return 'infrastructure'
    case 'time-limit':
      return 'time-limit'
    default:
      return report.runs.every(({ end }) => end === all.end) ? all.end : 'unstable'
  }
}

/** Class and line of a script's error, as far as every run says the same. */
export function errorPlace(report: Report): Pick<RunReport, 'errorClass' | 'line' | 'cell'> {
  const [first, ...others] = report.runs
  const common = <Key extends 'errorClass' | 'line' | 'cell'>(key: Key): RunReport[Key] | undefined =>
    others.every((run) => run[key] === first?.[key]) ? first?.[key] : undefined
  const line = common('line')
  return { errorClass: common('errorClass'), line, cell: line === undefined ? undefined : common('cell') }
}

/** Runs that leave somebody out; with fewer, one person's block could not be told from the others. */
const leastRuns = 5

/** The run on everybody, and those without a block of subjects, in the order of the blocks. */
export interface ComparedRuns {
  all: RunReport
  without: RunReport[]
}

/**
 * The runs of a leave-out report, or why there is nothing to compare. A failure of a run that only some people are
 * missing from says something about those.
 */
export function runsOf(report: Report): ComparedRuns | JobCode {
  const failure = failureOf(report)
  if (failure) return failure
  const all = runOnAll(report)!
  const without = report.runs.filter(({ run }) => run !== 'all')
  if (new Set(without.map(({ run }) => run)).size !== without.length) return 'infrastructure'
  if (without.length < leastRuns || without.some(({ end }) => end !== 'finished')) return 'unstable'
  if (without.some(({ subjects }) => !(subjects > 0 && subjects < all.subjects))) return 'infrastructure'
  return { all, without: without.toSorted((first, second) => Number(first.run) - Number(second.run)) }
}
