/** The report of code that ran on a cohort, and what of it is kept as a log. */
import type { Report } from '../../domain/release/run-report.ts'
import type { Deps } from '../kernel/deps.ts'
import type { JobItem } from '../kernel/items.ts'
import type { Log } from '../workflow/job-item.ts'
import { readReport } from '../workflow/report.ts'

/** Characters of all texts of a log together, so that one answer carries it. */
const logCharacters = 3_000_000

/** The job's report; undefined when there is none, or nothing that is one. */
export const scriptReportOf = (deps: Pick<Deps, 'objects'>, job: JobItem): Promise<Report | undefined> =>
  readReport(deps, job.jobId, (json) => {
    const report = json as Report
    return report?.job === job.jobId && Array.isArray(report.runs) ? report : undefined
  })

/** What the custodian may read of it; the beginnings of texts when there is too much. */
export function logOf(report: Report, subjects: number | undefined): Log {
  const each = Math.floor(logCharacters / Math.max(1, report.runs.length) / 2)
  const start = (text: string): string =>
    text.length > each ? `${text.slice(0, each)}\n[${text.length - each} more characters]` : text
  return {
    subjects,
    ...(report.refused ? { message: `Nothing could run: ${report.refused}.` } : {}),
    runs: report.runs.map((run) => ({
      run: String(run.run),
      subjects: run.subjects,
      end: run.end,
      exitCode: run.exitCode,
      seconds: run.seconds,
      stdout: start(run.stdout),
      stderr: start(run.stderr),
    })),
  }
}
