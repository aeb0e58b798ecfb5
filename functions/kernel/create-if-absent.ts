import { AlreadyExists, type Item } from '../../ports/table.ts'
import type { Deps } from './deps.ts'

/** Writes an item unless it is there already, and answers the one that stands: the first. */
export async function createOrFirst<T extends object>(deps: Pick<Deps, 'table'>, item: Item<T>): Promise<Item<T>> {
  if (await createIfAbsent(deps, item)) return { ...item, rev: 1 }
  return (await deps.table.get<T>(item)) ?? item
}

/** Writes an item unless it is there already: the first write stands. Answers whether this call wrote it. */
export async function createIfAbsent<T extends object>(deps: Pick<Deps, 'table'>, item: Item<T>): Promise<boolean> {
  try {
    await deps.table.create(item)
    return true
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
    return false
  }
}
