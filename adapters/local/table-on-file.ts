/** The table port on a file of SQLite: read in this thread, a little at a time, so that nothing else waits for long. */
import { InvalidCursor, type Item, type Key, type Page, type QueryOptions, type Table } from '../../ports/table.ts'
import { checkChange, checkKey, checkPartition } from './item-rules.ts'
import { type Outcome, refusals, type Span, type TableFile, type Write } from './table-file.ts'
import { type HashedRow, itemOf, rowOf } from './table-row.ts'

/** Characters that are read without a pause. */
const atOnce = 128 * 1024
/** A page without a limit ends after these many characters, as a response of DynamoDB does. */
const largestPage = 1024 * 1024
/** Makes a write durable, and answers what came of it. */
export type Commit = (write: Write) => Promise<Outcome>

/** The first text after all that start with `prefix`, by UTF-8 bytes; undefined when there is none. */
function after(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  while (points.length > 0) {
    const next = points.pop()! + 1
    // From the last before the surrogates to the first after them.
    if (next <= 0x10_ffff) return String.fromCodePoint(...points, next === 0xd800 ? 0xe000 : next)
  }
  return undefined
}

const picked = (item: Item, attributes: readonly string[] | undefined): Item => {
  if (!attributes) return item
  const wanted = new Set(['pk', 'sk', ...attributes])
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Item
}

const cursorOf = (row: HashedRow, index: boolean): string[] => (index ? [row.gsk!, row.pk, row.sk] : [row.sk])
const writtenCursor = (row: HashedRow, index: boolean): string =>
  Buffer.from(JSON.stringify(index ? [row.pk, row.sk, row.gsk] : [row.sk])).toString('base64url')

function readCursor(cursor: string, index: boolean): string[] {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    parts = undefined
  }
  if (!Array.isArray(parts) || parts.length !== (index ? 3 : 1) || parts.some((p) => typeof p !== 'string' || p === ''))
    throw new InvalidCursor('not a cursor of this query')
  const [first, ...others] = parts as [string, ...string[]]
  return index ? [others[1]!, first, others[0]!] : [first]
}

function spanOf(pk: string, options: QueryOptions): Span {
  const index = options.index === true
  checkPartition(pk, index)
  const { prefix = '', from, to } = options
  const bounds: Pick<Span, 'from' | 'to' | 'below'> =
    prefix === '' ? { from, to } : { from: prefix, below: after(prefix) }
  const cursor = options.after === undefined ? undefined : readCursor(options.after, index)
  const span = { pk, index, ...bounds, backwards: options.backwards === true, after: cursor }
  if (cursor && !isWithin(cursor[0]!, span)) throw new InvalidCursor('outside this query')
  return span
}

const isWithin = (sortKey: string, { from, to, below }: Span): boolean => {
  const against = (bound: string): number => Buffer.compare(Buffer.from(sortKey), Buffer.from(bound))
  return (
    (from === undefined || against(from) >= 0) &&
    (to === undefined || against(to) <= 0) &&
    (below === undefined || against(below) < 0)
  )
}

const breath = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** One page of a span: up to `limit` rows, or without a limit up to the size of a page. */
async function pageOf(
  table: TableFile,
  span: Span,
  limit: number | undefined,
): Promise<{ rows: HashedRow[]; more: boolean }> {
  const rows: HashedRow[] = []
  let size = 0
  let next = span
  for (;;) {
    let taken = 0
    let stopped = false
    for (const row of table.rows(next)) {
      if (limit === undefined ? size > largestPage : rows.length >= limit) return { rows, more: true }
      if (taken > atOnce) {
        stopped = true
        break
      }
      rows.push(row)
      const length = (row.plain ?? row.value).length + row.pk.length + row.sk.length
      size += length
      taken += length
    }
    if (!stopped) return { rows, more: false }
    next = { ...span, after: cursorOf(rows.at(-1)!, span.index) }
    await breath()
  }
}

/** The table port on a file that this thread reads, and that `commit` writes. */
export function tableOn(reader: TableFile, commit: Commit): Table {
  const written = async (write: Write): Promise<HashedRow | undefined> => {
    const { row, refused, why } = await commit(write)
    if (refused) throw new refusals[refused](why)
    return row
  }
  return {
    async get<T>(key: Key, attributes?: string[]) {
      checkKey(key)
      const row = reader.get(key.pk, key.sk)
      return row && (picked(itemOf(row), attributes) as Item<T>)
    },
    async create(item) {
      const made = { ...item, rev: 1 }
      await written({ does: 'create', row: rowOf(made as Item) })
      return made
    },
    async replace(item, rev) {
      const made = { ...item, rev: rev + 1 }
      await written({ does: 'replace', row: rowOf(made as Item), rev })
      return made
    },
    async update<T>({ pk, sk }: Key, change: Parameters<Table['update']>[1]) {
      checkKey({ pk, sk })
      checkChange(change)
      return itemOf((await written({ does: 'update', pk, sk, change: JSON.stringify(change) }))!) as Item<T>
    },
    async remove({ pk, sk }, when = []) {
      checkKey({ pk, sk })
      await written({ does: 'remove', pk, sk, ...(when.length > 0 ? { when } : {}) })
    },
    async query<T>(pk: string, options: QueryOptions = {}): Promise<Page<T>> {
      const span = spanOf(pk, options)
      const { rows, more } = await pageOf(reader, span, options.limit)
      const items = rows.map((row) => picked(itemOf(row), options.attributes) as Item<T>)
      return { items, ...(more ? { next: writtenCursor(rows.at(-1)!, span.index) } : {}) }
    },
  }
}
