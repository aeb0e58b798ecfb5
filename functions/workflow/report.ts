/** A runner's report: read from quarantine as bytes that nobody vouches for, and kept for the custodian as a log. */
import type { Report } from '../../domain/release/run-report.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import type { Deps } from '../kernel/deps.ts'
import type { JobItem } from '../kernel/items.ts'
import { type Log, objectOf } from './job-item.ts'

/** Bytes of a report once it is unpacked. */
const largest = 512 * 1024 * 1024
/** Characters of all texts of a log together, so that one answer carries it. */
const logCharacters = 3_000_000

/** The text of gzipped bytes; undefined when there is too much of it. Throws TypeError for what is not gzip. */
export async function unpacked(bytes: Uint8Array): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'))
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > largest) return undefined
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/**
 * The job's report; undefined when there is none, or nothing that is one: the platform's failure, not the analyst's.
 */
export async function reportOf(deps: Pick<Deps, 'objects'>, job: JobItem): Promise<Report | undefined> {
  try {
    const text = await unpacked(await deps.objects.get('quarantine', objectOf.report(job.jobId)))
    const report = text === undefined ? undefined : (JSON.parse(text) as Report)
    return report?.job === job.jobId && Array.isArray(report.runs) ? report : undefined
  } catch (e) {
    if (e instanceof ObjectMissing || e instanceof SyntaxError || e instanceof TypeError) return undefined
    throw e
  }
}

/** What the custodian may read of it; the beginnings of texts when there is too much. */
export function logOf(report: Report, subjects: number | undefined): Log {
  const each = Math.floor(logCharacters / Math.max(1, report.runs.length) / 2)
  const start = (text: string): string =>
    text.length > each ? `${text.slice(0, each)}\n[${text.length - each} more characters]` : text
  return {
    subjects,
    ...(report.refused ? { message: `Nothing could run: ${report.refused}.` } : {}),
    runs: report.runs.map((r) => ({
      run: String(r.run),
      subjects: r.subjects,
      end: r.end,
      exitCode: r.exitCode,
      seconds: r.seconds,
      stdout: start(r.stdout),
      stderr: start(r.stderr),
    })),
  }
}
