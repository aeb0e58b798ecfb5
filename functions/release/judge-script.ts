/** The gate on code that ran: the runner's report, one run a cut of the cohort. */
import { createHmac } from 'node:crypto'
import { reviewMaterial, reviewVerdict } from '../../domain/disclosure/findings.ts'
import type { Verdict } from '../../domain/release/verdict.ts'
import { strictest } from '../../domain/release/policy.ts'
import { releaseScript } from '../../domain/disclosure/script-rules.ts'
import { errorPlace } from '../../domain/disclosure/script-runs.ts'
import type { Report } from '../../domain/release/run-report.ts'
import { Uniform } from '../../domain/privacy/randomness.ts'
import { aggregateBlocks } from '../../domain/privacy/sample-and-aggregate.ts'
import type { Deps } from '../kernel/deps.ts'
import type { JobItem } from '../kernel/items.ts'
import { drawn, type Judged, outcomeOf, type Place } from './judge.ts'
import { usualEpsilon } from './question.ts'
import { logOf, scriptReportOf } from './run-report.ts'
import { cohortCell } from './told-before.ts'

/**
 * Rounding that nobody can predict and that asking the same again cannot average away: a stream that follows from the
 * installation's key and the pin (HMAC-SHA-256 in counter mode).
 */
async function rounding(deps: Pick<Deps, 'keys'>, job: JobItem): Promise<Uniform> {
  const key = await deps.keys.mac('partition', `rounding ${job.pin}`)
  let block = 0
  return new Uniform((bytes) => {
    for (let at = 0; at < bytes.length; at += 32)
      bytes.set(
        createHmac('sha256', key)
          .update(String(block++))
          .digest()
          .subarray(0, bytes.length - at),
        at,
      )
  })
}

/** By the job's release mode. */
async function verdictOn(deps: Deps, report: Report, { job, question, dataset, version }: Place): Promise<Verdict> {
  const policy = strictest(dataset.policy.disclosure)
  const context = { code: question.code, schema: version.data.schema, cohortSubjects: job.subjects! }
  if (job.mode === 'review') return reviewVerdict(report, policy, context)
  if (job.mode === 'rules') return releaseScript(report, policy, { ...context, uniform: await rounding(deps, job) })
  const epsilon = question.epsilon ?? usualEpsilon
  return aggregateBlocks(report, question.declared, { epsilon, uniform: drawn(deps) }).verdict
}

/** The runner's report; undefined when there is none, or nothing that is one: the platform failed. */
export async function judgeScript(deps: Deps, { job, question, dataset, version }: Place): Promise<Judged | undefined> {
  const report = await scriptReportOf(deps, job)
  if (!report) return undefined
  const policy = strictest(dataset.policy.disclosure)
  const context = { code: question.code, schema: version.data.schema, cohortSubjects: job.subjects! }
  const verdict = await verdictOn(deps, report, { job, question, dataset, version })
  const material = verdict.outcome === 'hold' ? reviewMaterial(report, policy, context) : undefined
  const files = (material?.files ?? []).map((file) => ({
    name: file.file,
    type: file.type,
    base64: Buffer.from(file.bytes).toString('base64'),
  }))
  const judged = outcomeOf(job, verdict, job.mode === 'review' && verdict.outcome === 'hold', {
    cells: [cohortCell(job.cohort, job.subjects!, job.fingerprint!)],
    image: report.image,
    files,
    raw: () => material!.outputs,
  })
  if (judged.problem?.code === 'script-error') Object.assign(judged.problem, errorPlace(report))
  return { ...judged, confinement: report.confinement, log: logOf(report, job.subjects) }
}
