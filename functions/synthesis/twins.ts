/**
 * Twins that a dataset's policy asks for: of each table of a new version a synthetic one, paid from the part of the
 * budget that the policy sets aside, shared with whoever may see the dataset.
 */
import { feasibility } from '../../domain/synthesis/feasibility.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { domainOf } from '../../domain/synthesis/request.ts'
import { AlreadyExists, type Item } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { derivedId } from '../kernel/ids.ts'
import { type DatasetItem, type DatasetVersionItem, indexKeyOf, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { launch } from './confirm.ts'
import { faultsOf, planOfTable, sourceOf } from './source.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

const platform = { kind: 'platform' as const, id: 'twins' }

/** Makes the item, or finds the one that was made before. */
async function planted(deps: Deps, item: Item<SynthesisItem>): Promise<Item<SynthesisItem>> {
  try {
    await record(deps, item.organisationId, platform, [
      {
        act: 'synthesis.begun',
        object: `synthesis ${item.synthesisId}`,
        detail: { dataset: item.datasetId, table: item.table },
      },
    ])
    return await deps.table.create(item)
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
    return (await deps.table.get<SynthesisItem>(keyOf.synthesis(item.synthesisId)))!
  }
}

/**
 * Begins and confirms the twins of a version that was just published; the watch starts their jobs at its next visit. A
 * table whose plan does not stand by itself, or that the budget does not cover, waits as a proposal for its custodian.
 * Safe to run twice.
 */
export async function makeTwins(deps: WorkflowDeps, dataset: DatasetItem, userId: string): Promise<void> {
  const { twin, budget } = dataset.policy
  if (!twin) return
  const { datasetId, organisationId, version } = dataset
  const tables =
    (await deps.table.get<Pick<DatasetVersionItem, 'data'>>(keyOf.datasetVersion(datasetId, version), ['data']))?.data
      .schema.tables ?? []
  for (const table of tables) {
    const synthesisId = await derivedId('syn', datasetId, String(version), table.name)
    const at = deps.now().toISOString()
    const plan: SynthesisPlan = { ...planOfTable(dataset, table), epsilon: twin.epsilon, delta: budget.delta }
    const synthesis = await planted(deps, {
      synthesisId,
      organisationId,
      datasetId,
      datasetVersion: version,
      table: table.name,
      userId,
      title: `Twin of ${dataset.title}${tables.length > 1 ? `: ${table.name}` : ''}`.slice(0, 120),
      state: 'proposed',
      plan,
      attempts: [],
      created: at,
      changed: at,
      shared: true,
      evaluations: [],
      ...keyOf.synthesis(synthesisId),
      ...indexKeyOf.synthesis.ofOrganisation({ organisationId, created: at, synthesisId }),
    })
    const source = await sourceOf(deps, synthesis)
    const stands =
      faultsOf(plan, source).length === 0 &&
      feasibility({
        domain: domainOf(plan),
        rowsDeclared: plan.rowsDeclared,
        method: plan.method,
        epsilon: plan.epsilon,
        delta: plan.delta,
        rowsPerPerson: plan.rowsPerPerson,
      }).refusal === undefined
    if (synthesis.attempts.length > 0 || !stands) continue
    try {
      const { jobId } = await launch(deps, synthesis, source, plan, userId)
      await record(deps, organisationId, platform, [
        {
          act: 'synthesis.confirmed',
          object: `synthesis ${synthesisId}`,
          detail: { dataset: datasetId, job: jobId, epsilon: plan.epsilon, method: plan.method },
        },
      ])
    } catch (e) {
      if (!(e instanceof Failure)) throw e
    }
  }
}
