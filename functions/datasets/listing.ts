/**
 * Which datasets `GET /api/discovery` may name: pointers under one index key. A pointer is a hint; what it points at
 * decides.
 */
import { answersOn } from '../../domain/datasets/asking.ts'
import { AlreadyExists, type Item, type Page } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, keyOf } from '../kernel/items.ts'
import { today } from './view.ts'

const listed = 'DATASET#LISTED'

/**
 * Puts a dataset where discovery looks. Written before the dataset is published or listed, so that a crash in between
 * hides nothing.
 */
export async function point(d: Pick<Deps, 'table'>, s: Pick<DatasetItem, 'datasetId' | 'created'>): Promise<void> {
  try {
    await d.table.create({
      ...keyOf.datasetListed(s.datasetId),
      gpk: listed,
      gsk: `${s.created}#${s.datasetId}`,
      datasetId: s.datasetId,
    })
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
  }
}

/** Takes the pointer away, once the dataset itself says that it is not to be named. */
export const unpoint = (d: Pick<Deps, 'table'>, datasetId: string): Promise<void> =>
  d.table.remove(keyOf.datasetListed(datasetId))

/** At most so many are named. */
const atMost = 500

/** Datasets that answer today and whose custodian lists them, in the order they were made. */
export async function namedPublicly(d: Pick<Deps, 'table' | 'now'>): Promise<Item<DatasetItem>[]> {
  const out: Item<DatasetItem>[] = []
  for (let after: string | undefined; ;) {
    const page: Page<{ datasetId: string }> = await d.table.query(listed, {
      index: true,
      limit: 100,
      ...(after === undefined ? {} : { after }),
    })
    const found = await Promise.all(page.items.map((p) => d.table.get<DatasetItem>(keyOf.dataset(p.datasetId))))
    out.push(
      ...(found.filter((s) => s !== undefined && s.policy.listed && answersOn(s, today(d))) as Item<DatasetItem>[]),
    )
    if (page.next === undefined || out.length >= atMost) return out.slice(0, atMost)
    after = page.next
  }
}
