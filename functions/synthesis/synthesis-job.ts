/** Jobs of synthetic tables: what they are asked, and how they are submitted. */
import { canonical } from '../../domain/hash.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { hashNow } from '../kernel/hash.ts'
import { type DatasetItem, indexKeyOf, type SynthesisItem } from '../kernel/items.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { submit } from '../workflow/submit.ts'
import type { Writer } from '../kernel/audit.ts'

/** The object `jobs/<jobId>/ask.json` in the bucket `protected`. */
export type SynthesisAsk =
  | {
      act: 'make'
      synthesisId: string
      plan: SynthesisPlan
      /**
       * Earlier attempts at the same plan that was paid for, newest first: their draws are taken over and nothing is
       * charged again.
       */
      before: string[]
    }
  | {
      act: 'evaluate'
      synthesisId: string
      plan: SynthesisPlan
      /** The job that made the table. */
      madeBy: string
      kind: 'agreement' | 'model'
      target?: string
    }

/**
 * Submits the job of an ask about `on.synthesis`, whose item names the job already; the caller starts it. `nanoRho` is
 * what the first step reserves of the dataset's budget, 0 for nothing. Safe to call twice with the same id.
 */
export async function submitSynthesis(
  deps: Pick<WorkflowDeps, 'objects' | 'kinds'> & Writer,
  jobId: string,
  on: { dataset: DatasetItem; synthesis: SynthesisItem },
  userId: string,
  ask: SynthesisAsk,
  nanoRho: number,
  epsilon = ask.plan.epsilon,
): Promise<void> {
  const text = canonical(ask)
  const created = deps.now().toISOString()
  await submit(deps, {
    ask: new TextEncoder().encode(text),
    listed: indexKeyOf.job.ofDataset({ datasetId: on.dataset.datasetId, created, jobId }),
    job: {
      jobId,
      kind: 'synthesis',
      title: `${ask.act === 'make' ? 'Making' : 'Evaluating'} ${on.synthesis.title}`.slice(0, 120),
      state: 'queued',
      waiting: 'turn',
      organisationId: on.dataset.organisationId,
      datasetId: on.dataset.datasetId,
      datasetVersion: on.synthesis.datasetVersion,
      userId,
      purpose: '',
      cohort: [],
      pin: hashNow(text),
      askHash: hashNow(text),
      created,
      attempt: 1,
      steps: {},
      charge: nanoRho > 0 ? nanoRho : undefined,
      epsilon: nanoRho > 0 ? epsilon : undefined,
    },
  })
}
