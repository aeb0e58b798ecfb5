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

/** The dataset is not as the caller loaded it. */
export const changedMeanwhile = (): Failure =>
  new Failure(
    'changed-meanwhile',
    'Somebody changed this dataset after you loaded it. Load it again, look at what changed, and repeat.',
  )

const inWords = ({ file, line, reason }: NonNullable<DatasetItem['problem']>): string =>
  `${file}${line === undefined ? '' : `, line ${line}`}: ${reason}`

/** An entry of the catalogue, as this person may see it. `who` carries the token's scopes, if any. */
export async function toDataset(
  deps: Pick<Deps, 'table' | 'now'>,
  dataset: Item<DatasetItem>,
  who: Subject & { userId: string },
): Promise<z.input<typeof Dataset>> {
  const [budget, version] = await Promise.all([
    deps.table.get<BudgetItem>(keyOf.budget(dataset.datasetId)),
    dataset.version > 0
      ? deps.table.get<Pick<DatasetVersionItem, 'data'>>(keyOf.datasetVersion(dataset.datasetId, dataset.version), [
          'data',
        ])
      : undefined,
  ])
  const why = whyNot(dataset, who, today(deps))
  const problem = dataset.problem && inWords(dataset.problem)
  return {
    datasetId: dataset.datasetId,
    organisationId: dataset.organisationId,
    name: dataset.name,
    title: dataset.title,
    description: dataset.description,
    state: dataset.state,
    version: dataset.version,
    created: dataset.created,
    changed: dataset.changed,
    rev: dataset.rev!,
    schema: version?.data.schema,
    policy: dataset.policy,
    budget: toBudget(budget, dataset.policy),
    ...(dataset.declaredSubjects ? { declaredSubjects: dataset.declaredSubjects } : {}),
    mayAnalyse: why === undefined,
    why,
    study: dataset.study,
    problem: may({ roles: who.roles }, 'dataset.manage') ? problem : undefined,
  }
}
