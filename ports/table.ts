/** The one table. Every write is one item with a condition; there are no transactions. */

/** Where an item is: its partition and its place there. Made by the entities' declarations (contracts/entity.ts). */
export interface Key {
  pk: string
  sk: string
}
/**
 * What the store keeps: JSON values and byte strings are not mixed in; sets are arrays. `gpk`/`gsk` put an item into
 * the index. `goneAt` is the second (since 1970) from which it is of no use to anybody: the store removes it some time
 * after.
 */
export type Item<T = Record<string, unknown>> = T & Key & { gpk?: string; gsk?: string; rev?: number; goneAt?: number }

/** A condition on one attribute of the item as it stands before the write; a missing attribute meets only `missing`. */
export type Condition =
  | { attribute: string; is: 'equal' | 'different' | 'at-most' | 'at-least'; value: string | number | boolean }
  | { attribute: string; is: 'missing' | 'present' }

/** What `update` does to an item, all of it or nothing. Members of `set` that are undefined are left out. */
export interface Change {
  set?: Record<string, unknown>
  /** Numbers to add (a missing attribute counts as 0). */
  add?: Record<string, number>
  remove?: string[]
  /** All must hold, and the item must exist; otherwise `update` throws `ConditionFailed`. */
  when?: Condition[]
}

/** Which items of a partition, and how many. */
export interface QueryOptions {
  /** Sort keys starting with this. */
  prefix?: string
  /** Sort keys from (inclusive) and to (inclusive). Not together with `prefix`. */
  from?: string
  to?: string
  /** Query the index: `pk` is a `gpk`, sort keys are `gsk`. Eventually consistent. */
  index?: true
  backwards?: true
  limit?: number
  /** `next` of the page before. */
  after?: string
  /** Only these attributes (with the keys). */
  attributes?: string[]
}
/** Items in the order of their sort keys; `next` leads to those after them. */
export interface Page<T> {
  items: Item<T>[]
  next?: string
}

/**
 * Every method may be called again after an error that is none of those below: the write then may have been made. Keys
 * are compared by their UTF-8 bytes. `ItemRefused` is thrown for what no table keeps: a key that is empty or longer
 * than 2,048 bytes (sort keys: 1,024), an item of more than 400 KB or 32 levels, a number of more than 125 digits, a
 * change of the key or of one attribute in two ways.
 */
export interface Table {
  /** The item as it is now (strongly consistent), with all attributes or some; undefined when there is none. */
  get<T>(key: Key, attributes?: string[]): Promise<Item<T> | undefined>
  /** First write wins: throws `AlreadyExists` when the key is taken. Sets rev 1. */
  create<T extends object>(item: Item<T>): Promise<Item<T>>
  /** Replaces the item if its rev is still `rev`, and sets rev + 1. Throws `ConditionFailed` otherwise. */
  replace<T extends object>(item: Item<T>, rev: number): Promise<Item<T>>
  /**
   * Changes attributes in place, adds 1 to rev and answers the item as it then is. Throws `ConditionFailed` when a
   * condition does not hold or the item does not exist.
   */
  update<T>(key: Key, change: Change): Promise<Item<T>>
  /**
   * Removes the item; nothing happens when it is not there. Throws `ConditionFailed` when it is there and not all of
   * `when` hold: another may have come to its place meanwhile (a `rev` alone does not tell it, it may have the same).
   */
  remove(key: Key, when?: Condition[]): Promise<void>
  /**
   * One page. Strongly consistent except with `index`. `next` is opaque; it may lead to an empty last page. Throws
   * `InvalidCursor` for an `after` that is not of a page before.
   */
  query<T>(pk: string, options?: QueryOptions): Promise<Page<T>>
}

/** The key is taken: an earlier write stands, also one of the same call that was sent twice. */
export class AlreadyExists extends Error {
  override name = 'AlreadyExists'
}
/** The item is not as the write expected it, or is not there: read it again. */
export class ConditionFailed extends Error {
  override name = 'ConditionFailed'
}
/** No table keeps such an item, or has such a key: nothing was written. */
export class ItemRefused extends Error {
  override name = 'ItemRefused'
}
/** What the store gives back is not what was written. The message names the kind of item, and no value. */
export class ItemDamaged extends Error {
  override name = 'ItemDamaged'
}
/** `after` did not come from a page of the same query. */
export class InvalidCursor extends Error {
  override name = 'InvalidCursor'
}

/** The items of all pages of a query, one after the other. Throws as `Table.query` does. */
export async function* queryAll<T>(table: Table, pk: string, options: QueryOptions = {}): AsyncGenerator<Item<T>> {
  let after = options.after
  do {
    const page = await table.query<T>(pk, { ...options, ...(after === undefined ? {} : { after }) })
    yield* page.items
    after = page.next
  } while (after !== undefined)
}
