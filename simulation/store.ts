/**
 * The items of a table as DynamoDB keeps them: strongly consistent by their key, and in the index each as it was some
 * time ago. Everything here is immediate; who calls decides when.
 */
import {
  AlreadyExists,
  type Change,
  type Condition,
  ConditionFailed,
  InvalidCursor,
  type Item,
  type Key,
  type Page,
  type QueryOptions,
} from '../ports/table.ts'
import { changed, checkChange, checkItem, checkKey, checkPartition, meets } from '../adapters/local/item-rules.ts'

type Stored = Item<Record<string, unknown>>
/** An item as the index shows it from `at` on; without one, it shows it no longer. */
interface Shown {
  at: number
  item: Stored | undefined
}
/** Told of every write: how the item was, and how it is. */
export type Watcher = (before: Stored | undefined, after: Stored | undefined) => void

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const member of Object.values(value)) frozen(member)
  return value
}
/** As JSON keeps it, so that nobody holds on to what is stored. */
const copied = (item: object): Stored => frozen(JSON.parse(JSON.stringify(item)) as Stored)
/** The partition of the index in which an item stands: it needs both keys. */
const placeOfIndex = (item: Stored | undefined): string | undefined => (item?.gsk === undefined ? undefined : item.gpk)
const nameOf = (key: Key): string => `${key.pk}\n${key.sk}`

function selected(item: Stored, attributes: readonly string[] | undefined): Stored {
  if (!attributes) return item
  const names = ['pk', 'sk', ...attributes].filter((name) => Object.hasOwn(item, name))
  return Object.fromEntries(names.map((name) => [name, item[name]])) as Stored
}

const largestPage = 1_000_000
const cursorKeys = (index: boolean): string[] => (index ? ['gsk', 'pk', 'sk'] : ['sk'])
const cursorOf = (item: Stored, index: boolean): string =>
  Buffer.from(JSON.stringify(cursorKeys(index).map((name) => item[name]))).toString('base64url')
function placeOf(cursor: string, index: boolean): string[] {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown
    if (
      Array.isArray(parts) &&
      parts.length === cursorKeys(index).length &&
      parts.every((p) => typeof p === 'string' && p)
    )
      return parts as string[]
  } catch {
    /* Not one of ours, like what follows. */
  }
  throw new InvalidCursor('not a cursor of this query')
}
/** Beyond these, the order of UTF-16 and that of UTF-8 part. */
const farLetters = /[\ud800-\uffff]/
function compareTexts(one: string, other: string): number {
  if (one === other) return 0
  if (farLetters.test(one) || farLetters.test(other)) return Buffer.compare(Buffer.from(one), Buffer.from(other))
  return one < other ? -1 : 1
}
function compare(one: readonly string[], other: readonly string[]): number {
  for (const [index, part] of one.entries()) {
    const order = compareTexts(part, other[index]!)
    if (order !== 0) return order
  }
  return 0
}

/** One table. */
export class ItemStore {
  readonly #partitions: Map<string, Map<string, Stored>>
  /** By `gpk`: what the index shows of each item there, oldest first. */
  readonly #index: Map<string, Map<string, Shown[]>>
  watch: Watcher | undefined

  constructor(from?: ItemStore) {
    this.#partitions = new Map(from ? [...from.#partitions].map(([pk, items]) => [pk, new Map(items)]) : [])
    this.#index = new Map(
      from
        ? [...from.#index].map(([gpk, items]) => [gpk, new Map([...items].map(([k, shown]) => [k, [shown.at(-1)!]]))])
        : [],
    )
  }

  /** Every item there is. */
  *all(): Generator<Stored> {
    for (const items of this.#partitions.values()) yield* items.values()
  }

  get(key: Key, attributes?: readonly string[]): Stored | undefined {
    checkKey(key)
    const item = this.#partitions.get(key.pk)?.get(key.sk)
    return item && selected(item, attributes)
  }

  create(item: Item<object>, shownAt: number): Stored {
    if (this.get(item)) throw new AlreadyExists('item')
    return this.#put({ ...item, rev: 1 }, shownAt)
  }

  replace(item: Item<object>, rev: number, shownAt: number): Stored {
    if (this.get(item)?.rev !== rev) throw new ConditionFailed('item')
    return this.#put({ ...item, rev: rev + 1 }, shownAt)
  }

  update(key: Key, change: Change, shownAt: number): Stored {
    checkChange(change)
    const before = this.get(key)
    if (!before || !(change.when ?? []).every((condition) => meets(before, condition)))
      throw new ConditionFailed('item')
    return this.#put(changed(before, change), shownAt)
  }

  remove(key: Key, when: readonly Condition[], shownAt: number): void {
    const before = this.get(key)
    if (!before) return
    if (!when.every((condition) => meets(before, condition))) throw new ConditionFailed('item')
    this.#partitions.get(key.pk)!.delete(key.sk)
    this.#show(before, undefined, shownAt)
    this.watch?.(before, undefined)
  }

  query(pk: string, options: QueryOptions, now: number): Page<Record<string, unknown>> {
    const index = options.index === true
    checkPartition(pk, index)
    const sort = index ? 'gsk' : 'sk'
    const placed = (item: Stored): string[] => cursorKeys(index).map((name) => item[name] as string)
    const start = options.after === undefined ? undefined : placeOf(options.after, index)
    const isWithin = (at: string): boolean => {
      if (options.prefix !== undefined && !at.startsWith(options.prefix)) return false
      if (options.from !== undefined && compareTexts(at, options.from) < 0) return false
      return options.to === undefined || compareTexts(at, options.to) <= 0
    }
    if (start && !isWithin(start[0]!)) throw new InvalidCursor('outside of this query')
    const direction = options.backwards ? -1 : 1
    const found = (index ? this.#shown(pk, now) : [...(this.#partitions.get(pk)?.values() ?? [])])
      .filter((item) => isWithin(item[sort] as string))
      .filter((item) => !start || direction * compare(placed(item), start) > 0)
      .sort((one, other) => direction * compare(placed(one), placed(other)))
    const items: Stored[] = []
    let size = 0
    for (const item of found) {
      if (items.length === options.limit || (options.limit === undefined && size > largestPage)) break
      size += options.limit === undefined && found.length > 3 ? JSON.stringify(item).length : 0
      items.push(item)
    }
    // As the service does: a page that its limit filled may lead to an empty one.
    const more = items.length < found.length || (items.length > 0 && items.length === options.limit)
    return {
      items: items.map((item) => selected(item, options.attributes)),
      ...(more ? { next: cursorOf(items.at(-1)!, index) } : {}),
    }
  }

  #put(item: Item, shownAt: number): Stored {
    checkItem(item)
    const after = copied(item)
    let partition = this.#partitions.get(after.pk)
    if (!partition) this.#partitions.set(after.pk, (partition = new Map()))
    const before = partition.get(after.sk)
    partition.set(after.sk, after)
    this.#show(before, after, shownAt)
    this.watch?.(before, after)
    return after
  }

  #show(before: Stored | undefined, after: Stored | undefined, at: number): void {
    for (const gpk of new Set([placeOfIndex(before), placeOfIndex(after)])) {
      if (gpk === undefined) continue
      let items = this.#index.get(gpk)
      if (!items) this.#index.set(gpk, (items = new Map()))
      const name = nameOf((after ?? before)!)
      const shown = items.get(name) ?? []
      // An item's changes show in their order, however late each is.
      shown.push({ at: Math.max(at, shown.at(-1)?.at ?? 0), item: placeOfIndex(after) === gpk ? after : undefined })
      items.set(name, shown)
    }
  }

  #shown(gpk: string, now: number): Stored[] {
    const out: Stored[] = []
    for (const shown of this.#index.get(gpk)?.values() ?? []) {
      while (shown.length > 1 && shown[1]!.at <= now) shown.shift()
      if (shown[0]!.at <= now && shown[0]!.item) out.push(shown[0]!.item)
    }
    return out
  }
}
