/** The report of a run of a pipeline. */
// The small form of the library: this is loaded by the workflow's functions, which need no other schema.
import * as z from 'zod/mini'
import { filePath, longestPath } from '../../domain/pipelines/definition.ts'
import { artifactSlots, type PipelineReport } from '../../domain/pipelines/manifest.ts'
import { confinements } from '../../domain/release/run-report.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem } from '../kernel/items.ts'
import { readReport } from '../workflow/report.ts'

const path = z.string().check(z.maxLength(longestPath), z.regex(filePath))
const instant = z.optional(z.iso.datetime())
const amount = z.number().check(z.minimum(0))
/** A report is bytes that nobody vouches for: whatever ran may have tried to write one. */
const Report = z.object({
  kind: z.literal('pipeline'),
  job: z.string(),
  attempt: z.int(),
  end: z.enum([
    'finished',
    'exit-code',
    'signal',
    'time-limit',
    'memory-limit',
    'process-limit',
    'output-limit',
    'cancelled',
    'not-started',
  ]),
  startError: z.optional(
    z.enum([
      'command-not-found',
      'not-executable',
      'input-missing',
      'confinement-missing',
      'image-unavailable',
      'infrastructure',
    ]),
  ),
  missing: z.optional(z.string().check(z.maxLength(300))),
  exitCode: z.optional(z.int()),
  signal: z.optional(z.string().check(z.maxLength(20))),
  oom: z.optional(z.literal(true)),
  confinement: z.optional(z.enum(confinements)),
  image: z.string().check(z.maxLength(300)),
  artifacts: z
    .array(
      z.object({
        path,
        slot: z.int().check(z.minimum(0), z.maximum(artifactSlots - 1)),
        zipped: z.optional(z.literal(true)),
        size: amount,
        sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      }),
    )
    .check(z.maxLength(100_000)),
  leftOut: amount,
  timings: z.object({ fetched: instant, started: instant, ended: instant, stored: instant }),
  seconds: amount,
  cpuSeconds: amount,
  peakMemoryBytes: amount,
  logBytes: amount,
  logRecords: amount,
  metrics: z
    .array(
      z.object({
        name: z.string().check(z.maxLength(100)),
        value: z.number(),
        step: z.optional(z.number()),
        count: amount,
      }),
    )
    .check(z.maxLength(10_000)),
  steps: z
    .array(z.object({ name: z.string().check(z.maxLength(200)), at: z.iso.datetime() }))
    .check(z.maxLength(10_000)),
})

/** The run's report; undefined when there is none, or nothing that is one. */
export const pipelineReportOf = (deps: Pick<Deps, 'objects'>, job: JobItem): Promise<PipelineReport | undefined> =>
  readReport(deps, job.jobId, (json) => {
    const read = Report.safeParse(json)
    return read.success && read.data.job === job.jobId ? (read.data as PipelineReport) : undefined
  })
