/**
 * Comparing a synthetic table with the real one: figures for the custodian alone, or two that are paid for and may be
 * shown.
 */
import type { synthesis } from '../../contracts/synthesis.ts'
import { rhoWithin } from '../../domain/privacy/accounting.ts'
import { stored } from '../../domain/privacy/ledger.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { keptColumns } from '../../domain/synthesis/request.ts'
import { record, whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { intendedId } from '../kernel/intent.ts'
import { keyOf, type SynthesisItem } from '../kernel/items.ts'
import { submitSynthesis, type SynthesisAsk } from './synthesis-job.ts'
import { sourceOf } from './source.ts'
import { statusOf } from '../stores/synthesis-status.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { retrying } from '../kernel/retry.ts'

type Routes = (typeof synthesis)['routes']
const most = 50
const comparedEnough = (): Failure =>
  new Failure('wrong-state', `This table was compared ${most} times. Make another version.`)
const invalid = (message: string, at: string): Failure =>
  new Failure('invalid-plan', message, [{ path: `/body/${at}`, message }])

export const evaluate: Implementation<Routes['evaluate'], WorkflowDeps> = async (
  { synthesis, body, caller, intent },
  deps,
) => {
  const jobId = await intendedId(intent, 'job')
  const named = synthesis.evaluations.includes(jobId)
  const { job, state } = await statusOf(deps, synthesis)
  if (state !== 'ready' || !job)
    throw new Failure(
      'wrong-state',
      'There is no synthetic table to compare: it is not made yet, or its files are gone.',
    )
  if (!named && synthesis.evaluations.length >= most) throw comparedEnough()
  const plan = synthesis.plan as SynthesisPlan
  if (body.kind === 'model' && body.charge > 0)
    throw invalid(
      'What a model learns is for the custodian only: it cannot be bought. Leave the charge at 0.',
      'charge',
    )
  if (body.kind === 'model' && (body.target === undefined || !keptColumns(plan).some((c) => c.name === body.target)))
    throw invalid('Name the column that the model is to predict: one that the synthetic table has.', 'target')
  const { dataset, budget } = await sourceOf(deps, synthesis)
  const nanoRho = body.charge > 0 ? stored(rhoWithin(body.charge, plan.delta)) : 0
  if ((budget?.available ?? 0) < nanoRho)
    throw new Failure(
      'budget-exhausted',
      'What is left of the dataset’s privacy budget does not cover this. Pay less, or nothing and look yourself.',
      [{ path: '/body/charge', message: 'More than is left' }],
    )
  await record(deps, synthesis.organisationId, whoOf(caller), [
    {
      act: 'synthesis.evaluated',
      object: `synthesis ${synthesis.synthesisId}`,
      detail: { dataset: synthesis.datasetId, kind: body.kind, epsilon: body.charge },
    },
  ])
  const ask: SynthesisAsk = {
    act: 'evaluate',
    synthesisId: synthesis.synthesisId,
    plan,
    madeBy: job.jobId,
    kind: body.kind,
    ...(body.kind === 'model' ? { target: body.target! } : {}),
  }
  // The item names the job before there is one: a job that nobody named does nothing.
  await retrying(deps, async (tries) => {
    const now = tries === 0 ? synthesis : (await deps.table.get<SynthesisItem>(keyOf.synthesis(synthesis.synthesisId)))!
    if (now.evaluations.includes(jobId)) return
    if (now.evaluations.length >= most) throw comparedEnough()
    await deps.table.update<SynthesisItem>(keyOf.synthesis(synthesis.synthesisId), {
      set: { evaluations: [...now.evaluations, jobId] },
      when: [{ attribute: 'rev', is: 'equal', value: now.rev! }],
    })
  })
  await submitSynthesis(deps, jobId, { dataset, synthesis }, caller.userId, ask, nanoRho, body.charge)
  await deps.workflow.start(jobId, 1)
  return { jobId }
}
