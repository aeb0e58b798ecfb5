/**
 * Which datasets `GET /api/discovery` may name: pointers under one index key. A pointer is a hint; what it points at
 * decides.
 */
import { answersOn } from '../../domain/datasets/asking.ts'
import { type Item, type Page } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, indexKeyOf, keyOf } from '../kernel/items.ts'
import { today } from './view.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

const { byTime } = indexKeyOf.datasetListed

/**
 * Puts a dataset where discovery looks. Written before the dataset is published or listed, so that a crash in between
 * hides nothing.
 */
export async function point(
  deps: Pick<Deps, 'table'>,
  dataset: Pick<DatasetItem, 'datasetId' | 'created'>,
): Promise<void> {
  await createIfAbsent(deps, {
    ...keyOf.datasetListed(dataset.datasetId),
    ...byTime(dataset),
    datasetId: dataset.datasetId,
  })
}

/** Takes the pointer away, once the dataset itself says that it is not to be named. */
export const unpoint = (deps: Pick<Deps, 'table'>, datasetId: string): Promise<void> =>
  deps.table.remove(keyOf.datasetListed(datasetId))

/** At most so many are named. */
const atMost = 500

/** Datasets that answer today and whose custodian lists them, in the order they were made. */
export async function namedPublicly(deps: Pick<Deps, 'table' | 'now'>): Promise<Item<DatasetItem>[]> {
  const out: Item<DatasetItem>[] = []
  for (let after: string | undefined; ;) {
    const page: Page<{ datasetId: string }> = await deps.table.query(byTime.partition(), {
      index: true,
      limit: 100,
      after,
    })
    const found = await Promise.all(page.items.map((p) => deps.table.get<DatasetItem>(keyOf.dataset(p.datasetId))))
    out.push(
      ...(found.filter((s) => s !== undefined && s.policy.listed && answersOn(s, today(deps))) as Item<DatasetItem>[]),
    )
    if (page.next === undefined || out.length >= atMost) return out.slice(0, atMost)
    after = page.next
  }
}
