/** Changing what a dataset says of itself and what it allows; retiring it. */
import type { datasets } from '../../contracts/datasets.ts'
import type { FieldError } from '../../contracts/problems.ts'
import type { DatasetPolicy } from '../../domain/datasets/policy.ts'
import { policyFaults } from '../../domain/datasets/policy-rules.ts'
import type { SchemaFault } from '../../domain/datasets/schema-rules.ts'
import { canonical } from '../../domain/hash.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type DatasetItem, keyOf } from '../kernel/items.ts'
import { checkLimit, setLimit } from './budget.ts'
import { point, unpoint } from './listing.ts'
import { changedMeanwhile, toDataset, today } from './view.ts'

type Routes = (typeof datasets)['routes']

/** Faults of a schema or policy as field errors below `base`, fifty at most. */
export const fieldErrors = (base: string, faults: readonly SchemaFault[]): FieldError[] =>
  faults
    .slice(0, 50)
    .map((f) => ({ path: `${base}${f.path}`, message: f.message, ...(f.expected ? { expected: f.expected } : {}) }))

/** Refuses a policy that contradicts itself. A day of expiry that stays as it was may have passed. */
export function checkPolicy(deps: Pick<Deps, 'now'>, before: DatasetPolicy, policy: DatasetPolicy): void {
  const faults = policyFaults(policy, today(deps)).filter(
    (f) => f.path !== '/expires' || policy.expires !== before.expires,
  )
  if (faults.length > 0)
    throw new Failure(
      'invalid-request',
      `/body/policy${faults[0]!.path}: ${faults[0]!.message}`,
      fieldErrors('/body/policy', faults),
    )
}

/** Changes a dataset as the caller saw it; `changed-meanwhile` when it is another by now. */
export async function update(
  deps: Pick<Deps, 'table' | 'now'>,
  dataset: DatasetItem,
  rev: number,
  set: Partial<DatasetItem>,
  remove: (keyof DatasetItem)[] = [],
): Promise<Item<DatasetItem>> {
  try {
    return await deps.table.update<DatasetItem>(keyOf.dataset(dataset.datasetId), {
      set: { ...set, changed: deps.now().toISOString() },
      remove,
      when: [{ attribute: 'rev', is: 'equal', value: rev }],
    })
  } catch (e) {
    throw e instanceof ConditionFailed ? changedMeanwhile() : e
  }
}

/** Names of the parts of a policy that differ. */
const parts = (before: DatasetPolicy, after: DatasetPolicy): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((k) => canonical([before[k as keyof DatasetPolicy]]) !== canonical([after[k as keyof DatasetPolicy]]))
    .map((k) => `policy.${k}`)
    .sort()

/**
 * Everything of a policy that lives outside the dataset's own item: its budget's limit, and whether discovery finds it.
 * Brings both in line with what the dataset says, so that the same call again repairs what a crash has left.
 */
export async function followPolicy(
  deps: Pick<Deps, 'table' | 'pause' | 'random'>,
  dataset: DatasetItem,
): Promise<void> {
  await setLimit(deps, dataset.datasetId, dataset.policy)
  if (!dataset.policy.listed || dataset.state === 'retired') await unpoint(deps, dataset.datasetId)
}

export const change: Implementation<Routes['change']> = async (
  { dataset: before, caller, subject, body: { rev, ...fields } },
  deps,
) => {
  if (before.rev !== rev) throw changedMeanwhile()
  if (before.state === 'retired') throw new Failure('wrong-state', 'A retired dataset stays as it is.')
  const policy = fields.policy as DatasetPolicy | undefined
  if (policy) checkPolicy(deps, before.policy, policy)
  const set = Object.fromEntries(
    Object.entries(fields).filter(
      ([k, v]) => v !== undefined && canonical([v]) !== canonical([before[k as keyof DatasetItem]]),
    ),
  )
  const budget = policy ? await checkLimit(deps, before.datasetId, policy) : { changes: false }
  let after = before
  if (Object.keys(set).length > 0 || budget.changes) {
    const object = `dataset ${before.datasetId}`
    const changed = [
      ...Object.keys(set).filter((k) => k !== 'policy'),
      ...(policy ? parts(before.policy, policy) : []),
    ].sort()
    await record(deps, before.organisationId, whoOf(caller), [
      ...(changed.length > 0 ? [{ act: 'dataset.changed' as const, object, detail: { fields: changed } }] : []),
      ...(policy && budget.changes
        ? [
            {
              act: 'budget.raised' as const,
              object,
              detail: {
                epsilon: policy.budget.epsilon,
                delta: policy.budget.delta,
                from: before.policy.budget.epsilon,
              },
            },
          ]
        : []),
    ])
    if (policy?.listed) await point(deps, before)
    if (Object.keys(set).length > 0) after = await update(deps, before, rev, set as Partial<DatasetItem>)
  }
  if (policy) await followPolicy(deps, after)
  return toDataset(deps, after, { ...subject, userId: caller.userId })
}

export const retire: Implementation<Routes['retire']> = async ({ dataset: before, caller, subject, body }, deps) => {
  if (before.state === 'retired') throw new Failure('wrong-state', 'The dataset is retired already.')
  if (before.rev !== body.rev) throw changedMeanwhile()
  await record(deps, before.organisationId, whoOf(caller), [
    { act: 'dataset.retired', object: `dataset ${before.datasetId}`, detail: { version: before.version } },
  ])
  const after = await update(deps, before, body.rev, { state: 'retired' })
  await unpoint(deps, before.datasetId)
  return toDataset(deps, after, { ...subject, userId: caller.userId })
}
