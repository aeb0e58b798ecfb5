/** Datasets as the catalogue shows them: declared things, never a value. */
import type { z } from 'zod'
import type { Dataset } from '../../contracts/datasets.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import { whyNot } from '../../domain/datasets/asking.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { type BudgetItem, type DatasetItem, type DatasetVersionItem, keyOf } from '../kernel/items.ts'
import { toBudget } from './budget.ts'

/** The day in UTC, as policies name days. */
export const today = (deps: Pick<Deps, 'now'>): string => deps.now().toISOString().slice(0, 10)

export const changedMeanwhile = (): Failure =>
  new Failure(
    'changed-meanwhile',
    'Somebody changed this dataset after you loaded it. Load it again, look at what changed, and repeat.',
  )

/** An entry of the catalogue, as this person may see it. `who` carries the token's scopes, if any. */
export async function toDataset(
  deps: Pick<Deps, 'table' | 'now'>,
  s: Item<DatasetItem>,
  who: Subject & { userId: string },
): Promise<z.input<typeof Dataset>> {
  const [budget, version] = await Promise.all([
    deps.table.get<BudgetItem>(keyOf.budget(s.datasetId)),
    s.version > 0
      ? deps.table.get<Pick<DatasetVersionItem, 'data'>>(keyOf.datasetVersion(s.datasetId, s.version), ['data'])
      : undefined,
  ])
  const why = whyNot(s, who, today(deps))
  const problem =
    s.problem &&
    `${s.problem.file}${s.problem.line === undefined ? '' : `, line ${s.problem.line}`}: ${s.problem.reason}`
  return {
    datasetId: s.datasetId,
    organisationId: s.organisationId,
    name: s.name,
    title: s.title,
    description: s.description,
    state: s.state,
    version: s.version,
    created: s.created,
    changed: s.changed,
    rev: s.rev!,
    ...(version ? { schema: version.data.schema } : {}),
    policy: s.policy,
    budget: toBudget(budget, s.policy),
    ...(s.declaredSubjects ? { declaredSubjects: s.declaredSubjects } : {}),
    mayAnalyse: why === undefined,
    why,
    ...(s.study ? { study: s.study } : {}),
    ...(problem && may({ roles: who.roles }, 'dataset.manage') ? { problem } : {}),
  }
}
