/**
 * The privacy gate at work on one job: what is in quarantine, through the rules of its release mode (domain/disclosure,
 * domain/privacy).
 */
import { createHmac } from 'node:crypto'
import type { Verdict } from '../../domain/release/verdict.ts'
import { reviewMaterial, reviewVerdict } from '../../domain/disclosure/findings.ts'
import { strictest } from '../../domain/release/policy.ts'
import { releaseQuery } from '../../domain/disclosure/query-rules.ts'
import { arranged } from '../../domain/sql/answer.ts'
import { evaluate } from '../../domain/sql/formula.ts'
import { releaseScript } from '../../domain/disclosure/script-rules.ts'
import { errorPlace } from '../../domain/disclosure/script-runs.ts'
import type { JobProblem } from '../../domain/release/job-codes.ts'
import type { JobStep } from '../../domain/jobs/life.ts'
import type { ReleasedCell } from '../../domain/release/outputs.ts'
import { noiseQuery } from '../../domain/privacy/query-noise.ts'
import { Uniform } from '../../domain/privacy/randomness.ts'
import { aggregateBlocks } from '../../domain/privacy/sample-and-aggregate.ts'
import { selectionOfSet } from '../../domain/sql/selection.ts'
import type { QueryResult } from '../../domain/sql/result.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import type { Deps } from '../kernel/deps.ts'
import type { DatasetItem, DatasetVersionItem, JobItem } from '../kernel/items.ts'
import { cohortCell, type LedgerCell } from './differencing.ts'
import { logOf, reportOf } from './report.ts'
import { type Log, objectOf, readJson } from './standing.ts'
import { type Question, usualEpsilon } from './terms.ts'
import type { Decision } from './verdict.ts'

export interface Judged {
  /** What would leave; absent when nothing does. */
  decision?: Decision & { outcome: 'release' | 'hold' }
  problem?: JobProblem
  findings: Verdict['findings']
  confinement: NonNullable<JobItem['confinement']>
  log: Log
}
export interface Place {
  job: JobItem
  question: Question
  dataset: DatasetItem
  version: DatasetVersionItem
}

/** True randomness: noise. */
const drawn = (d: Pick<Deps, 'random'>): Uniform =>
  new Uniform((bytes) => {
    bytes.set(d.random(bytes.length))
  })
/**
 * Rounding that nobody can predict and that asking the same again cannot average away: a stream that follows from the
 * installation's key and the pin (HMAC-SHA-256 in counter mode).
 */
async function rounding(d: Pick<Deps, 'keys'>, job: JobItem): Promise<Uniform> {
  const key = await d.keys.mac('partition', `rounding ${job.pin}`)
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

const computeCodes = new Set([
  'script-error',
  'time-limit',
  'memory-limit',
  'process-limit',
  'output-limit',
  'empty-result',
  'confinement-missing',
  'infrastructure',
  'query-error',
  'unknown-column',
  'not-allowed',
  'not-an-aggregate',
])
const stepOf = (code: string): JobStep => (computeCodes.has(code) ? 'compute' : 'check')

/** Undefined when quarantine is empty: the platform failed. */
export const judge = (d: Deps, place: Place): Promise<Judged | undefined> =>
  place.job.kind === 'query' ? judgeQuery(d, place) : judgeScript(d, place)

async function judgeQuery(d: Deps, { job, dataset }: Place): Promise<Judged | undefined> {
  const answer = await readJson<{ result: QueryResult } | { problem: JobProblem & { message?: string } }>(
    d,
    'quarantine',
    objectOf.query(job.jobId),
  ).catch((e: unknown) => {
    if (e instanceof ObjectMissing || e instanceof SyntaxError) return undefined
    throw e
  })
  if (!answer) return undefined
  const confinement = 'duckdb'
  if ('problem' in answer) {
    const { message, ...problem } = answer.problem
    return {
      problem,
      findings: [],
      confinement,
      log: {
        ...(job.subjects === undefined ? {} : { subjects: job.subjects }),
        runs: [],
        ...(message ? { message } : {}),
      },
    }
  }
  const { result } = answer
  const policy = strictest(dataset.policy.disclosure)
  const log: Log = { subjects: result.cohort.subjects, runs: [] }
  const verdict =
    job.mode === 'noise' ? noiseQuery(result, BigInt(job.charge!), drawn(d)) : releaseQuery(result, policy)
  return {
    ...outcomeOf(job, verdict, {
      cells: queryCells(job, result, policy.minimumSubjects, job.mode === 'rules' ? verdict.told : undefined),
      image: d.settings.version,
      files: [],
      raw: () => rawTable(result),
    }),
    confinement,
    log,
  }
}

const questionOf = ({ people, asked }: { people?: string; asked?: string }): Pick<LedgerCell, 'people' | 'asked'> => ({
  ...(people === undefined ? {} : { people }),
  ...(asked === undefined ? {} : { asked }),
})

/**
 * Sets of subjects that a query's answer tells of: the cohort, and every row and part of a row that is shown. Who
 * merely has a value is shown in coarse steps alone.
 */
const queryCells = (job: JobItem, result: QueryResult, minimum: number, told?: Verdict['told']): LedgerCell[] => [
  cohortCell(job.cohort, result.cohort.subjects, result.cohort.fingerprint),
  ...result.rows.flatMap((row, i) =>
    [
      ...(!told || told[i]!.length > 0
        ? [
            {
              subjects: row.subjects,
              fingerprint: row.fingerprint,
              selection: result.selections[i]!,
              ...questionOf(row),
            },
          ]
        : []),
      ...row.sets.flatMap((set, k) =>
        set.natural || (told && !told[i]!.includes(k))
          ? []
          : [
              {
                subjects: set.subjects,
                fingerprint: set.fingerprint,
                selection: selectionOfSet(result.selections[i]!, k),
                ...questionOf(set),
              },
            ],
      ),
    ].filter((cell) => cell.subjects >= minimum),
  ),
]

/** A query's answer as it stands, arranged as asked: what checkers look at under `review`. */
function rawTable(result: QueryResult): Decision['outputs'] {
  const { columns } = result
  const rows = result.rows.map((row) => {
    const cells: ReleasedCell[] = row.values.map((value) => ({ value }))
    for (const [i, c] of columns.entries()) if (c.formula) cells[i] = evaluate(c.formula, cells)
    return { cells }
  })
  const shown = columns.flatMap((c, i) => (c.hidden ? [] : [i]))
  return [
    {
      name: 'result',
      type: 'table',
      columns: shown.map((i) => ({ name: columns[i]!.name, kind: columns[i]!.kind })),
      rows: arranged(rows, result).map((r) => shown.map((i) => r.cells[i]!)),
    },
  ]
}

async function judgeScript(d: Deps, { job, question, dataset, version }: Place): Promise<Judged | undefined> {
  const report = await reportOf(d, job)
  if (!report) return undefined
  const policy = strictest(dataset.policy.disclosure)
  const context = { code: question.code, schema: version.data.schema, cohortSubjects: job.subjects! }
  const verdict =
    job.mode === 'review'
      ? reviewVerdict(report, policy, context)
      : job.mode === 'rules'
        ? releaseScript(report, policy, { ...context, uniform: await rounding(d, job) })
        : aggregateBlocks(report, question.declared, { epsilon: question.epsilon ?? usualEpsilon, uniform: drawn(d) })
            .verdict
  const material = verdict.outcome === 'hold' ? reviewMaterial(report, policy, context) : undefined
  const files = (material?.files ?? []).map((f) => ({
    name: f.file,
    type: f.type,
    base64: Buffer.from(f.bytes).toString('base64'),
  }))
  const judged = outcomeOf(job, verdict, {
    cells: [cohortCell(job.cohort, job.subjects!, job.fingerprint!)],
    image: report.image,
    files,
    raw: () => material!.outputs,
  })
  if (judged.problem?.code === 'script-error') Object.assign(judged.problem, errorPlace(report))
  return { ...judged, confinement: report.confinement, log: logOf(report, job.subjects) }
}

/**
 * A verdict as what becomes of the job. Under noise, a block says nothing but its code: positions would depend on the
 * data.
 */
function outcomeOf(
  job: JobItem,
  verdict: Verdict,
  more: Pick<Decision, 'cells' | 'image' | 'files'> & { raw: () => Decision['outputs'] },
): Pick<Judged, 'decision' | 'problem' | 'findings'> {
  const { raw, ...kept } = more
  const held = job.mode === 'review' && (job.kind === 'query' || verdict.outcome === 'hold')
  if (!held && verdict.outcome !== 'release') {
    const code = verdict.code ?? 'output-unsafe'
    return { problem: { code, step: stepOf(code) }, findings: job.mode === 'noise' ? [] : verdict.findings }
  }
  const guarantee = held
    ? 'Two output checkers, neither of them the author, looked at the output and at what the rules say of it, and each approved it.'
    : verdict.guarantee
  return {
    decision: {
      ...kept,
      outcome: held ? 'hold' : 'release',
      outputs: held ? raw() : verdict.outputs,
      findings: verdict.findings,
      guarantee,
    },
    findings: verdict.findings,
  }
}
