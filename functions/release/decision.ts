/**
 * What the gate decided about a job, kept so that it is decided once; and the release, which checkers' approvals come
 * to as well.
 */
import type { Act } from '../../domain/audit/acts.ts'
import type { Detail } from '../../domain/audit/chain.ts'
import { type Finding, strictest } from '../../domain/release/policy.ts'
import { sha256Hex } from '../../domain/hash.ts'
import type { ReleasedOutput } from '../../domain/release/outputs.ts'
import { type Card, releaseCard } from '../../domain/jobs/release-card.ts'
import { epsilonOf } from '../../domain/privacy/accounting.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { type LedgerCell, remember } from './told-before.ts'
import { platform } from '../workflow/end-job.ts'
import { move, objectOf, stepEnded } from '../workflow/job-item.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import type { Question } from './question.ts'

/** What leaves, or would once checkers say so; with everything a release needs to know. */
export interface Decision {
  outputs: ReleasedOutput[]
  /** Plots and the like, for people to look at: only under `review`. */
  files: { name: string; type: string; base64: string }[]
  findings: Finding[]
  guarantee: string
  /** Sets of subjects that the outputs tell of. */
  cells: LedgerCell[]
  image: string
}
export interface ReleasedDocument {
  outputs: ReleasedOutput[]
  files: { name: string; type: string }[]
  card: Card
}

/** Findings that an item keeps and a list shows. */
export const findingsKept = 200

/**
 * Keeps a decision in quarantine, first write wins: noise is drawn at most once for a job, however often its check
 * runs. Answers the decision that counts. The object comes first, so that the job never names one that is not there;
 * one that lost is never looked at.
 */
export async function keepDecision(
  deps: Pick<Deps, 'table' | 'objects'>,
  job: Item<JobItem>,
  decision: Decision,
  set: Pick<JobItem, 'confinement'>,
): Promise<{ job: Item<JobItem>; decision: Decision }> {
  const bytes = jsonBytes(decision)
  const hash = await sha256Hex(bytes)
  await deps.objects.put('quarantine', objectOf.verdict(job.jobId, hash), bytes, 'application/json')
  try {
    const now = await deps.table.update<JobItem>(keyOf.job(job.jobId), {
      set: { ...set, drawn: hash },
      when: [
        { attribute: 'drawn', is: 'missing' },
        { attribute: 'state', is: 'equal', value: job.state },
        { attribute: 'attempt', is: 'equal', value: job.attempt },
      ],
    })
    return { job: now, decision }
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
    const now = (await deps.table.get<JobItem>(keyOf.job(job.jobId)))!
    const first = await keptDecision(deps, now)
    if (!first) throw e
    return { job: now, decision: first }
  }
}

/** The decision that was kept before, if any. */
export const keptDecision = async (deps: Pick<Deps, 'objects'>, job: JobItem): Promise<Decision | undefined> =>
  job.drawn === undefined ? undefined : readJson<Decision>(deps, 'quarantine', objectOf.verdict(job.jobId, job.drawn))

/**
 * Lets a decision's outputs out, in this order: what the person will know is remembered for differencing, the event is
 * written, the outputs lie where only the job's state opens them, and the job says that it may succeed. Nothing is
 * visible before settling makes it so. Safe to run twice.
 */
export async function release(
  deps: Deps,
  job: Item<JobItem>,
  decision: Decision,
  checkers?: number,
): Promise<Item<JobItem>> {
  const [question, dataset, version] = await Promise.all([
    readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
  ])
  const released = deps.now().toISOString()
  const { delta } = dataset!.policy.budget
  const nanoRho = job.charge ?? 0
  const card = await releaseCard({
    jobId: job.jobId,
    asked: question.code,
    code: question.code,
    parameters: question.parameters,
    purpose: job.purpose,
    cohort: job.cohort,
    mode: job.twin ? 'twin' : job.mode!,
    guarantee: decision.guarantee,
    released,
    dataset: {
      datasetId: job.datasetId,
      name: dataset!.name,
      title: dataset!.title,
      version: job.datasetVersion,
      hash: version!.hash,
    },
    cost: { nanoRho, epsilon: nanoRho === 0 ? 0 : epsilonOf(BigInt(nanoRho), delta), delta },
    image: decision.image,
    outputs: decision.outputs,
    findings: decision.findings,
    cohortSubjects: job.subjects!,
    policy: strictest(dataset!.policy.disclosure),
    confinement: job.confinement ?? 'duckdb',
    checkers,
  })
  const entries: { act: Act; object: string; detail: Detail }[] = [
    {
      act: 'job.released',
      object: `job ${job.jobId}`,
      detail: {
        dataset: job.datasetId,
        version: job.datasetVersion,
        mode: job.twin ? 'twin' : job.mode!,
        result: card.hashes.result,
      },
    },
    ...(job.charge === undefined
      ? []
      : [
          {
            act: 'budget.charged' as const,
            object: `dataset ${job.datasetId}`,
            detail: { job: job.jobId, nanoRho: job.charge },
          },
        ]),
  ]
  await Promise.all([
    // under rules the check has done so before it compared
    ...(job.mode === 'review' ? [remember(deps, job, decision.cells, released)] : []),
    record(deps, job.organisationId, platform, entries),
  ])
  const document: ReleasedDocument = {
    outputs: decision.outputs,
    files: decision.files.map(({ name, type }) => ({ name, type })),
    card,
  }
  await Promise.all([
    ...decision.files.map((file) =>
      deps.objects.put(
        'released',
        objectOf.file(job.jobId, file.name),
        new Uint8Array(Buffer.from(file.base64, 'base64')),
        file.type,
      ),
    ),
    deps.objects.put(
      'released',
      objectOf.result(job.jobId),
      new TextEncoder().encode(`${JSON.stringify(document, null, 2)}\n`),
      'application/json',
    ),
  ])
  return move(deps, job, {
    set: {
      outcome: 'succeeded',
      released,
      confinement: job.confinement,
      steps: stepEnded(job.steps, 'check', released),
      findings: decision.findings.slice(0, findingsKept),
    },
  })
}
