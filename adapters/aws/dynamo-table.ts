/**
 * The table port in DynamoDB's operations, whoever sends them: the SDK in AWS (table.ts), a plain HTTP client to the
 * embedded store (adapters/local/dynamo-http.ts). What is decided here, keys, conditions and expressions, is the same
 * in both.
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
  type Table,
} from '../../ports/table.ts'

export type Operation = 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query'
export interface Output {
  Item?: Record<string, unknown>
  Attributes?: Record<string, unknown>
  Items?: Record<string, unknown>[]
  LastEvaluatedKey?: Record<string, unknown>
}
/**
 * Sends one operation. Items, keys and expression values are plain JSON values on both sides (undefined members are
 * left out); failures are errors named as DynamoDB names them, e.g. `ConditionalCheckFailedException`.
 */
export type Send = (operation: Operation, input: { TableName: string } & Record<string, unknown>) => Promise<Output>

/** Collects attribute names and values under placeholders, so that no name is ever a reserved word. */
class Expression {
  readonly names: Record<string, string> = {}
  readonly values: Record<string, unknown> = {}
  readonly #known = new Map<string, string>()
  name(attribute: string): string {
    let n = this.#known.get(attribute)
    if (n === undefined) {
      n = `#n${this.#known.size}`
      this.#known.set(attribute, n)
      this.names[n] = attribute
    }
    return n
  }
  value(v: unknown): string {
    const k = `:v${Object.keys(this.values).length}`
    this.values[k] = v
    return k
  }
  /** What goes into a command; DynamoDB refuses empty maps. */
  parts(): { ExpressionAttributeNames?: Record<string, string>; ExpressionAttributeValues?: Record<string, unknown> } {
    return {
      ...(Object.keys(this.names).length ? { ExpressionAttributeNames: this.names } : {}),
      ...(Object.keys(this.values).length ? { ExpressionAttributeValues: this.values } : {}),
    }
  }
}

const comparison = { equal: '=', different: '<>', 'at-most': '<=', 'at-least': '>=' } as const

function condition(x: Expression, c: Condition): string {
  const n = x.name(c.attribute)
  if (!('value' in c)) return c.is === 'missing' ? `attribute_not_exists(${n})` : `attribute_exists(${n})`
  // DynamoDB finds a missing attribute different from everything; the port does not.
  return `${c.is === 'different' ? `attribute_exists(${n}) AND ` : ''}${n} ${comparison[c.is]} ${x.value(c.value)}`
}

const projection = (x: Expression, attributes: string[] | undefined): { ProjectionExpression?: string } =>
  attributes ? { ProjectionExpression: [...new Set(['pk', 'sk', ...attributes])].map((a) => x.name(a)).join(', ') } : {}

const named = (e: unknown, name: string): boolean => e instanceof Error && e.name === name

/** The keys after the partition's, in a fixed order: a cursor cannot name another partition. */
const cursorKeys = (index: boolean): string[] => (index ? ['pk', 'sk', 'gsk'] : ['sk'])

const toCursor = (last: Record<string, unknown>, index: boolean): string =>
  Buffer.from(JSON.stringify(cursorKeys(index).map((k) => last[k]))).toString('base64url')

function fromCursor(cursor: string, pk: string, index: boolean): Record<string, string> {
  const keys = cursorKeys(index)
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    parts = undefined
  }
  if (!Array.isArray(parts) || parts.length !== keys.length || parts.some((p) => typeof p !== 'string' || p === ''))
    throw new InvalidCursor('not a cursor of this query')
  return { [index ? 'gpk' : 'pk']: pk, ...Object.fromEntries(keys.map((k, i) => [k, parts[i] as string])) }
}

function keyCondition(x: Expression, pk: string, o: QueryOptions): string {
  const [hash, range] = o.index ? ['gpk', 'gsk'] : ['pk', 'sk']
  const first = `${x.name(hash)} = ${x.value(pk)}`
  const r = (): string => x.name(range)
  if (o.prefix !== undefined && o.prefix !== '') return `${first} AND begins_with(${r()}, ${x.value(o.prefix)})`
  if (o.from !== undefined && o.to !== undefined)
    return `${first} AND ${r()} BETWEEN ${x.value(o.from)} AND ${x.value(o.to)}`
  if (o.from !== undefined) return `${first} AND ${r()} >= ${x.value(o.from)}`
  if (o.to !== undefined) return `${first} AND ${r()} <= ${x.value(o.to)}`
  return first
}

function updateExpression(x: Expression, change: Change): string {
  const sets = Object.entries(change.set ?? {}).filter(([, v]) => v !== undefined)
  const adds = { ...change.add, rev: 1 }
  return [
    sets.length ? `SET ${sets.map(([a, v]) => `${x.name(a)} = ${x.value(v)}`).join(', ')}` : '',
    `ADD ${Object.entries(adds)
      .map(([a, n]) => `${x.name(a)} ${x.value(n)}`)
      .join(', ')}`,
    change.remove?.length ? `REMOVE ${change.remove.map((a) => x.name(a)).join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** The one table, in DynamoDB's words (index name `index`, keys pk/sk and gpk/gsk). */
export function dynamoTable(TableName: string, send: Send): Table {
  const put = async <T extends object>(
    item: Item<T>,
    rev: number,
    x: Expression,
    when: string,
    Refused: typeof AlreadyExists | typeof ConditionFailed,
  ): Promise<Item<T>> => {
    const Item = { ...item, rev }
    try {
      await send('PutItem', { TableName, Item, ConditionExpression: when, ...x.parts() })
    } catch (e) {
      throw named(e, 'ConditionalCheckFailedException')
        ? new Refused(`${item.pk.slice(0, item.pk.indexOf('#'))} item`)
        : e
    }
    return Item
  }

  return {
    async get<T>(key: Key, attributes?: string[]): Promise<Item<T> | undefined> {
      const x = new Expression()
      const r = await send('GetItem', {
        TableName,
        Key: { pk: key.pk, sk: key.sk },
        ConsistentRead: true,
        ...projection(x, attributes),
        ...x.parts(),
      })
      return r.Item as Item<T> | undefined
    },
    create(item) {
      const x = new Expression()
      return put(item, 1, x, `attribute_not_exists(${x.name('pk')})`, AlreadyExists)
    },
    replace(item, rev) {
      const x = new Expression()
      return put(item, rev + 1, x, `${x.name('rev')} = ${x.value(rev)}`, ConditionFailed)
    },
    async update<T>(key: Key, change: Change): Promise<Item<T>> {
      const x = new Expression()
      const when = [`attribute_exists(${x.name('pk')})`, ...(change.when ?? []).map((c) => condition(x, c))].join(
        ' AND ',
      )
      const UpdateExpression = updateExpression(x, change)
      try {
        const r = await send('UpdateItem', {
          TableName,
          Key: { pk: key.pk, sk: key.sk },
          ConditionExpression: when,
          UpdateExpression,
          ReturnValues: 'ALL_NEW',
          ...x.parts(),
        })
        return r.Attributes as Item<T>
      } catch (e) {
        throw named(e, 'ConditionalCheckFailedException')
          ? new ConditionFailed(`${key.pk.slice(0, key.pk.indexOf('#'))} item`)
          : e
      }
    },
    async remove(key) {
      await send('DeleteItem', { TableName, Key: { pk: key.pk, sk: key.sk } })
    },
    async query<T>(pk: string, o: QueryOptions = {}): Promise<Page<T>> {
      const index = o.index === true
      const items: Item<T>[] = []
      let start = o.after === undefined ? undefined : fromCursor(o.after, pk, index)
      // A response ends at 1 MB even before `limit`; without a limit that is the page.
      do {
        const x = new Expression()
        const KeyConditionExpression = keyCondition(x, pk, o)
        const r = await send('Query', {
          TableName,
          KeyConditionExpression,
          ScanIndexForward: o.backwards !== true,
          ...(index ? { IndexName: 'index' } : { ConsistentRead: true }),
          ...(o.limit === undefined ? {} : { Limit: o.limit - items.length }),
          ...(start ? { ExclusiveStartKey: start } : {}),
          ...projection(x, o.attributes),
          ...x.parts(),
        }).catch((e: unknown) => {
          throw o.after !== undefined && named(e, 'ValidationException') ? new InvalidCursor('outside this query') : e
        })
        items.push(...((r.Items ?? []) as Item<T>[]))
        start = r.LastEvaluatedKey as Record<string, string> | undefined
      } while (start && o.limit !== undefined && items.length < o.limit)
      return { items, ...(start ? { next: toCursor(start, index) } : {}) }
    },
  }
}
