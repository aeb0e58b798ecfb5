/**
 * What a plan would cost, and its confirmation: stored, hashed, handed to the workflow, which takes the charge before
 * anything reads the table.
 */
import type { synthesis } from '../../contracts/synthesis.ts'
import type { FieldError } from '../../contracts/problems.ts'
import { canonical } from '../../domain/hash.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { feasibility } from '../../domain/synthesis/feasibility.ts'
import { countError } from '../../domain/synthesis/inference.ts'
import { synthesisDefaults, type SynthesisPlan } from '../../domain/synthesis/plan.ts'
import type { PlanFault } from '../../domain/synthesis/plan-faults.ts'
import { domainOf, sharesOf } from '../../domain/synthesis/request.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { hashNow } from '../kernel/hash.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import { type JobItem, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { submitSynthesis, type SynthesisAsk } from './synthesis-job.ts'
import { faultsOf, priceOf, type Source, sourceOf } from './source.ts'
import { readingState, toSynthesis } from './view.ts'
import { inEpsilon } from '../stores/budget.ts'
import { statusOf } from '../stores/synthesis-status.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { ownerPointer } from '../workflow/pointers.ts'

type Routes = (typeof synthesis)['routes']

const planOf = (body: unknown): SynthesisPlan => body as SynthesisPlan
const hashOf = (plan: SynthesisPlan): string => hashNow(canonical(plan))

/** The table behind a synthesis, once its columns are known. */
async function knownSource(deps: Deps, synthesis: Item<SynthesisItem>): Promise<Source> {
  if (
    synthesis.upload &&
    (synthesis.state === 'uploading' ||
      (synthesis.state === 'reading' && (await readingState(deps, synthesis)).state !== 'proposed'))
  )
    throw new Failure('wrong-state', 'The file has not been read yet: there is nothing to plan for.')
  return sourceOf(deps, synthesis)
}

/** What each purchase would buy, in the words of its error. */
const purchases = (plan: SynthesisPlan) => {
  const { bought, each, deltaEach } = sharesOf(plan)
  return bought.map((column) => {
    const listed = column.kind === 'categorical' || column.kind === 'ordinal'
    const byNoise = countError(each, plan.rowsPerPerson) * Math.sqrt(2 * Math.log(1 / deltaEach))
    const byPlan = (plan.rare ?? synthesisDefaults.rare) * plan.rowsDeclared
    const fewest = Math.ceil(Math.max(byNoise, byPlan))
    return {
      what: `${listed ? 'categories' : 'bounds'} of ${column.name}`,
      nanoRho: Number(each),
      error: listed
        ? `Values in fewer than about ${fewest} rows become “other”`
        : 'The 0.5th and 99.5th percentile, on a public grid',
    }
  })
}

const qualityWords = {
  good: 'Expect pairs of columns to agree well',
  fair: 'Expect columns one by one to agree well, and pairs roughly',
  poor: 'Expect little beyond single columns: more rows, fewer columns or a larger epsilon would help',
} as const

export const quote: Implementation<Routes['quote']> = async ({ synthesis, body }, deps) => {
  const plan = planOf(body)
  const source = await knownSource(deps, synthesis)
  const faults: PlanFault[] = faultsOf(plan, source)
  const nothing = {
    method: plan.method,
    why: '',
    modelMb: 0,
    memoryMb: 0,
    minutes: 0,
    nanoRho: 0,
    epsilonLeft: inEpsilon(source.budget?.available ?? 0, source.dataset.policy),
    expected: { tvd1: 1, tvd2: 1, words: 'It cannot be made as it stands.' },
    bought: [],
  }
  if (faults.length > 0) return { feasible: false, faults, ...nothing }
  const { epsilon, delta, method, rowsDeclared, rowsPerPerson } = plan
  const quote = feasibility({ domain: domainOf(plan), rowsDeclared, method, epsilon, delta, rowsPerPerson })
  if (quote.refusal)
    return {
      feasible: false,
      faults: [{ column: quote.refusal.column, message: quote.refusal.message }],
      ...nothing,
    }
  const paid = await payerOf(deps, synthesis, hashOf(plan))
  const nanoRho = paid.payer ? 0 : priceOf(plan)
  const available = source.budget?.available ?? 0
  const short =
    available < nanoRho ? [{ message: 'What is left of the dataset’s privacy budget does not cover this' }] : []
  return {
    feasible: short.length === 0,
    faults: short,
    method: quote.method,
    why: quote.why,
    modelMb: quote.modelBytes / 1e6,
    memoryMb: Math.ceil(quote.memoryBytes / 1e6),
    minutes: quote.minutes,
    nanoRho,
    epsilonLeft: inEpsilon(Math.max(0, available - nanoRho), source.dataset.policy),
    expected: { tvd1: quote.expected.tvd1, tvd2: quote.expected.tvd2, words: qualityWords[quote.quality] },
    bought: purchases(plan),
  }
}

/** Earlier jobs for the same plan, newest first; `payer` is set when one of them was charged for it. */
async function payerOf(
  deps: Pick<Deps, 'table'>,
  synthesis: SynthesisItem,
  planHash: string,
): Promise<{ jobs: JobItem[]; payer: boolean }> {
  const ids = synthesis.attempts
    .filter((a) => a.planHash === planHash)
    .map((a) => a.jobId)
    .reverse()
  const jobs = (await Promise.all(ids.map((id) => deps.table.get<JobItem>(keyOf.job(id))))).filter(
    (j) => j !== undefined,
  )
  return { jobs, payer: jobs.some((j) => j.charged === 'committed') }
}

const changed = (): Failure =>
  new Failure(
    'changed-meanwhile',
    'Somebody changed this synthesis after you loaded it. Load it again, look at its plan, and confirm again.',
  )
const faulty = (faults: PlanFault[]): Failure =>
  new Failure(
    'invalid-plan',
    `${faults[0]!.column === undefined ? '' : `${faults[0]!.column}: `}${faults[0]!.message}`,
    faults.slice(0, 50).map((fault): FieldError => ({
      path: '/body/plan',
      message: fault.column === undefined ? fault.message : `${fault.column}: ${fault.message}`,
    })),
    { faults: faults.slice(0, 500) },
  )

/**
 * Makes the job of a confirmed plan: the item first, so that a job that runs finds itself named in it. Also for twins
 * that the platform makes itself (functions/synthesis/twins.ts).
 */
export async function launch(
  deps: WorkflowDeps,
  synthesis: Item<SynthesisItem>,
  source: Source,
  plan: SynthesisPlan,
  userId: string,
): Promise<{ synthesis: Item<SynthesisItem>; jobId: string }> {
  const planHash = hashOf(plan)
  const { jobs, payer } = await payerOf(deps, synthesis, planHash)
  const nanoRho = payer ? 0 : priceOf(plan)
  if ((source.budget?.available ?? 0) < nanoRho)
    throw new Failure(
      'budget-exhausted',
      'What is left of the dataset’s privacy budget does not cover this. Lower epsilon, or raise the budget.',
      [{ path: '/body/plan/epsilon', message: 'More than is left' }],
    )
  // Killed after the item named a job, and before there was one: it is that job that is made.
  const named = synthesis.attempts.at(-1)
  const unfinished = named?.planHash === planHash && !jobs.some((job) => job.jobId === named.jobId)
  const attempts = unfinished ? synthesis.attempts.slice(0, -1) : synthesis.attempts
  const jobId = await derivedId('job', synthesis.synthesisId, planHash, String(attempts.length))
  const ask: SynthesisAsk = {
    act: 'make',
    synthesisId: synthesis.synthesisId,
    plan,
    before: payer ? jobs.map((j) => j.jobId) : [],
  }
  let now: Item<SynthesisItem>
  try {
    now = await deps.table.update<SynthesisItem>(keyOf.synthesis(synthesis.synthesisId), {
      set: {
        state: 'running',
        plan,
        planHash,
        jobId,
        attempts: [...attempts, { planHash, jobId }],
        changed: deps.now().toISOString(),
      },
      when: [{ attribute: 'rev', is: 'equal', value: synthesis.rev! }],
    })
  } catch (e) {
    throw e instanceof ConditionFailed ? changed() : e
  }
  await submitSynthesis(deps, jobId, { dataset: source.dataset, synthesis: now }, userId, ask, nanoRho)
  return { synthesis: now, jobId }
}

export const confirm: Implementation<Routes['confirm'], WorkflowDeps> = async (
  { synthesis, body, subject, caller, intent },
  deps,
) => {
  const plan = planOf(body.plan)
  const { job, state } = await statusOf(deps, synthesis)
  // The same plan again: a button pressed twice, or a request that was sent again.
  if (synthesis.planHash === hashOf(plan) && job && (jobLife[job.state].live || job.state === 'succeeded')) {
    if (intent.repeated) await createIfAbsent(deps, ownerPointer(deps, job))
    if (intent.repeated && jobLife[job.state].live) await deps.workflow.start(job.jobId, job.attempt)
    return toSynthesis(deps, synthesis, subject)
  }
  // The same request was killed after the item named a job, and before there was one.
  const unfinished = intent.repeated && synthesis.planHash === hashOf(plan) && !job
  if (synthesis.rev !== body.rev && !unfinished) throw changed()
  if ((state === 'running' && !unfinished) || state === 'ready' || state === 'expired')
    throw new Failure(
      'wrong-state',
      state === 'running'
        ? 'Another plan is being worked on. Wait for it, or cancel it.'
        : `This one is ${state}. Begin another version of it to make one by another plan.`,
    )
  const source = await knownSource(deps, synthesis)
  const faults = faultsOf(plan, source)
  if (faults.length > 0) throw faulty(faults)
  const { refusal } = feasibility({
    domain: domainOf(plan),
    rowsDeclared: plan.rowsDeclared,
    method: plan.method,
    epsilon: plan.epsilon,
    delta: plan.delta,
    rowsPerPerson: plan.rowsPerPerson,
  })
  if (refusal) throw faulty([{ column: refusal.column, message: refusal.message }])
  await record(deps, synthesis.organisationId, whoOf(caller), [
    {
      act: 'synthesis.confirmed',
      object: `synthesis ${synthesis.synthesisId}`,
      detail: { dataset: synthesis.datasetId, plan: hashOf(plan), epsilon: plan.epsilon, method: plan.method },
    },
  ])
  const launched = await launch(deps, synthesis, source, plan, caller.userId)
  await deps.workflow.start(launched.jobId, 1)
  return toSynthesis(deps, launched.synthesis, subject)
}
