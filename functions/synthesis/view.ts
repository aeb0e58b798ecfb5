/** A synthesis as people see it: what was stored, and what its jobs and the reading of its file have come to. */
import type { z } from 'zod'
import type { Evaluation, Synthesis, SynthesisCard } from '../../contracts/synthesis.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import type { EvaluationResult, RoundShown } from '../../domain/synthesis/manifest.ts'
import type { PlanFault } from '../../domain/synthesis/plan-faults.ts'
import type { SynthesisState } from '../../domain/synthesis/life.ts'
import { jobCodes } from '../../domain/release/job-codes.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type JobItem, keyOf, type PersonProfile, type SynthesisItem } from '../kernel/items.ts'
import { planOfReading } from './facts.ts'
import { type Reading, readingOf } from '../stores/dataset-files.ts'
import { synthesisObject } from '../stores/synthesis-files.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'
import { statusOf, type SynthesisStatus } from '../stores/synthesis-status.ts'

/** How the reading of an upload stands, with what was read or what was wrong with the file. */
export async function readingState(
  deps: Pick<Deps, 'table' | 'objects'>,
  synthesis: SynthesisItem,
): Promise<
  { state: 'reading' | 'failed' } | { state: 'proposed'; reading: Reading } | { state: 'failed'; fault: string }
> {
  const [dataset, reading] = await Promise.all([
    deps.table.get<DatasetItem>(keyOf.dataset(synthesis.datasetId)),
    readingOf(deps, synthesis.datasetId),
  ])
  if (reading?.jobId === synthesis.readingJob && reading) return { state: 'proposed', reading }
  if (dataset?.problem)
    return {
      state: 'failed',
      fault: `${dataset.problem.line === undefined ? '' : `Line ${dataset.problem.line}: `}${dataset.problem.reason}`,
    }
  const job =
    synthesis.readingJob === undefined ? undefined : await deps.table.get<JobItem>(keyOf.job(synthesis.readingJob))
  return job && !jobLife[job.state].live && job.state !== 'succeeded'
    ? { state: 'failed', fault: jobCodes[job.problem?.code ?? 'infrastructure'] }
    : { state: 'reading' }
}

async function evaluationsOf(
  deps: Deps,
  synthesis: SynthesisItem,
  custodian: boolean,
): Promise<z.input<typeof Evaluation>[]> {
  const found = await Promise.all(
    synthesis.evaluations.map(async (jobId) => {
      const job = await deps.table.get<JobItem>(keyOf.job(jobId))
      if (job?.state !== 'succeeded') return []
      const result =
        (await readJsonIfThere<EvaluationResult>(
          deps,
          'released',
          synthesisObject.evaluation(synthesis.synthesisId, jobId),
        )) ??
        (custodian
          ? await readJsonIfThere<EvaluationResult>(
              deps,
              'protected',
              synthesisObject.own(synthesis.synthesisId, jobId),
            )
          : undefined)
      if (!result) return []
      return [
        {
          kind: result.model ? ('model' as const) : ('agreement' as const),
          charged: result.charged,
          at: job.ended!,
          ...result.agreement,
          model: result.model,
          noise: result.noise,
          ...(result.figures
            ? {
                tvd1: [{ column: 'mean over all columns', tvd: result.figures.tvd1 }],
                tvd2: [{ columns: ['mean over', 'all pairs'] as [string, string], tvd: result.figures.tvd2 }],
              }
            : {}),
        },
      ]
    }),
  )
  return found.flat()
}

type View = z.input<typeof Synthesis>
type Seen = Pick<View, 'state' | 'plan' | 'hints' | 'problem' | 'faults'>

/** State, plan and faults of one that is being read, or waits for its plan to be confirmed. */
async function beginning(deps: Deps, synthesis: SynthesisItem): Promise<Seen> {
  const read = await readingState(deps, synthesis)
  if (read.state === 'reading') return { state: 'reading' }
  if (!('reading' in read)) {
    const fault = 'fault' in read ? read.fault : ''
    return { state: 'failed', problem: fault, faults: [{ message: fault }] }
  }
  const { plan, hints } = planOfReading(read.reading)
  return { state: 'proposed', plan: synthesis.plan ?? plan, hints }
}

/** What became of the job. */
async function outcome(deps: Deps, synthesis: SynthesisItem, { job, state }: SynthesisStatus): Promise<Seen> {
  const seen: Seen = { state, plan: synthesis.plan }
  if (state === 'proposed' && synthesis.upload) {
    const reading = await readingOf(deps, synthesis.datasetId)
    return reading ? { ...seen, hints: planOfReading(reading).hints } : seen
  }
  if (state !== 'failed' || !job) return seen
  const faults = await readJsonIfThere<PlanFault[]>(
    deps,
    'protected',
    synthesisObject.faults(synthesis.synthesisId, job.jobId),
  )
  return { ...seen, problem: jobCodes[job.problem?.code ?? 'infrastructure'], ...(faults ? { faults } : {}) }
}

/** What only a synthesis's own page shows, and its job has made so far. */
async function details(deps: Deps, synthesis: SynthesisItem, job: JobItem, state: SynthesisState, custodian: boolean) {
  const hasCard = state === 'ready' || state === 'expired'
  const [card, rounds, evaluations] = await Promise.all([
    hasCard
      ? readJsonIfThere<z.input<typeof SynthesisCard>>(
          deps,
          'released',
          synthesisObject.card(synthesis.synthesisId, job.jobId),
        )
      : undefined,
    readJsonIfThere<RoundShown[]>(deps, 'protected', synthesisObject.progress(synthesis.synthesisId, job.jobId)),
    evaluationsOf(deps, synthesis, custodian),
  ])
  return { card, rounds: rounds ?? [], evaluations }
}

/** What this person may do with it in its present state. */
function mayDo(state: SynthesisState, planned: boolean, ready: boolean, custodian: boolean): View['may'] {
  const acts = {
    confirm: state === 'proposed' || (state === 'failed' && planned),
    evaluate: ready,
    share: ready,
    cancel: state === 'running',
  }
  return [
    ...(['confirm', 'evaluate', 'share', 'cancel'] as const).filter((act) => custodian && acts[act]),
    ...(ready ? ['download' as const] : []),
  ]
}

/** For a list `brief` leaves out what only a synthesis's own page shows. */
export async function toSynthesis(
  deps: Deps,
  synthesis: Item<SynthesisItem>,
  subject: Subject,
  { brief = false }: { brief?: boolean } = {},
): Promise<View> {
  const custodian = may({ ...subject, shared: synthesis.shared }, 'synthesis.make')
  const [status, dataset, owner] = await Promise.all([
    statusOf(deps, synthesis),
    deps.table.get<DatasetItem>(keyOf.dataset(synthesis.datasetId)),
    deps.table.get<PersonProfile>(keyOf.person(synthesis.userId), ['name']),
  ])
  const { job } = status
  const { state, plan, hints, problem, faults } =
    status.state === 'reading' ? await beginning(deps, synthesis) : await outcome(deps, synthesis, status)
  const ready = state === 'ready' && job !== undefined
  const none = { card: undefined, rounds: [], evaluations: [] }
  const inFull = brief || !job ? none : await details(deps, synthesis, job, state, custodian)
  // A file that was read to no end may have no words for it.
  const custodians = custodian ? { problem: problem || undefined, faults, hints: brief ? undefined : hints } : {}
  return {
    synthesisId: synthesis.synthesisId,
    organisationId: synthesis.organisationId,
    title: synthesis.title,
    state,
    created: synthesis.created,
    changed: synthesis.changed,
    expires: synthesis.expires,
    rev: synthesis.rev!,
    owner: { userId: synthesis.userId, name: owner?.name ?? 'Somebody' },
    datasetId: synthesis.datasetId,
    dataset: dataset?.name ?? '',
    datasetVersion: synthesis.datasetVersion,
    table: synthesis.table,
    shared: synthesis.shared,
    plan: !brief && (custodian || ready) ? plan : undefined,
    planHash: synthesis.planHash,
    jobId: synthesis.jobId,
    ...inFull,
    ...custodians,
    may: mayDo(state, plan !== undefined, ready, custodian),
  }
}
