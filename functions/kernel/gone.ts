/**
 * Items with an end: from then on they are as if they were not there, whenever the store removes them. DynamoDB may
 * take two days for it.
 */
import { AlreadyExists, type Item, type Table } from '../../ports/table.ts'
import type { Deps } from './deps.ts'

const daySeconds = 24 * 60 * 60

/** The end of an item that is of use until an instant (ISO 8601), and is shown as past for some days more. */
export const goneAfter = (iso: string, days: number): { goneAt: number } => ({
  goneAt: Math.ceil(Date.parse(iso) / 1000) + days * daySeconds,
})

const withEnd = (attributes: string[] | undefined): string[] | undefined => attributes && [...attributes, 'goneAt']

/** A table that answers nothing whose time has come, and lets its key be taken anew. */
export function withoutGone({ table, now }: Pick<Deps, 'table' | 'now'>): Table {
  const isGone = ({ goneAt }: Item<object>): boolean => goneAt !== undefined && goneAt * 1000 <= now().getTime()
  return {
    async get<T>(key: { pk: string; sk: string }, attributes?: string[]) {
      const found = await table.get<T>(key, withEnd(attributes))
      return found && isGone(found as Item<object>) ? undefined : found
    },
    async create<T extends object>(item: Item<T>) {
      try {
        return await table.create(item)
      } catch (e) {
        // Only what has an end can be in the place of something gone: nobody else reads twice.
        if (!(e instanceof AlreadyExists) || item.goneAt === undefined) throw e
        const held = await table.get<object>(item)
        if (!held || !isGone(held)) throw e
        return table.replace(item, held.rev!)
      }
    },
    replace: (item, rev) => table.replace(item, rev),
    update: (key, change) => table.update(key, change),
    remove: (key, when) => table.remove(key, when),
    async query<T>(pk: string, options = {}) {
      const { attributes } = options as { attributes?: string[] }
      const page = await table.query<T>(pk, attributes ? { ...options, attributes: withEnd(attributes)! } : options)
      return { ...page, items: page.items.filter((item) => !isGone(item as Item<object>)) }
    },
  }
}
