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
  ItemRefused,
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
    let placeholder = this.#known.get(attribute)
    if (placeholder === undefined) {
      placeholder = `#n${this.#known.size}`
      this.#known.set(attribute, placeholder)
      this.names[placeholder] = attribute
    }
    return placeholder
  }
  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.values).length}`
    this.values[placeholder] = value
    return placeholder
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

function condition(expression: Expression, wanted: Condition): string {
  const name = expression.name(wanted.attribute)
  if (!('value' in wanted))
    return wanted.is === 'missing' ? `attribute_not_exists(${name})` : `attribute_exists(${name})`
  // DynamoDB finds a missing attribute different from everything; the port does not.
  return `${wanted.is === 'different' ? `attribute_exists(${name}) AND ` : ''}${name} ${comparison[wanted.is]} ${expression.value(wanted.value)}`
}

const projection = (x: Expression, attributes: string[] | undefined): { ProjectionExpression?: string } =>
  attributes ? { ProjectionExpression: [...new Set(['pk', 'sk', ...attributes])].map((a) => x.name(a)).join(', ') } : {}

const named = (e: unknown, name: string): boolean => e instanceof Error && e.name === name

/** What DynamoDB does not take is refused without its words, which could quote a value. */
const refusedAs = (e: unknown): unknown =>
  named(e, 'ValidationException') ? new ItemRefused('the store does not take it') : e

const failedOf = ({ pk }: Key): ConditionFailed => new ConditionFailed(`${pk.slice(0, pk.indexOf('#'))} item`)

const nothingBetween = ({ from, to }: QueryOptions): boolean =>
  from !== undefined && to !== undefined && Buffer.compare(Buffer.from(from), Buffer.from(to)) > 0

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

function keyCondition(expression: Expression, pk: string, options: QueryOptions): string {
  const [hash, range] = options.index ? ['gpk', 'gsk'] : ['pk', 'sk']
  const first = `${expression.name(hash)} = ${expression.value(pk)}`
  const rangeName = (): string => expression.name(range)
  if (options.prefix !== undefined && options.prefix !== '')
    return `${first} AND begins_with(${rangeName()}, ${expression.value(options.prefix)})`
  if (options.from !== undefined && options.to !== undefined)
    return `${first} AND ${rangeName()} BETWEEN ${expression.value(options.from)} AND ${expression.value(options.to)}`
  if (options.from !== undefined) return `${first} AND ${rangeName()} >= ${expression.value(options.from)}`
  if (options.to !== undefined) return `${first} AND ${rangeName()} <= ${expression.value(options.to)}`
  return first
}

function updateExpression(expression: Expression, change: Change): string {
  const sets = Object.entries(change.set ?? {}).filter(([, v]) => v !== undefined)
  const adds = { ...change.add, rev: 1 }
  return [
    sets.length ? `SET ${sets.map(([a, v]) => `${expression.name(a)} = ${expression.value(v)}`).join(', ')}` : '',
    `ADD ${Object.entries(adds)
      .map(([a, n]) => `${expression.name(a)} ${expression.value(n)}`)
      .join(', ')}`,
    change.remove?.length ? `REMOVE ${change.remove.map((a) => expression.name(a)).join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** The one table, in DynamoDB's words (index name `index`, keys pk/sk and gpk/gsk). */
export function dynamoTable(TableName: string, send: Send): Table {
  const put = async <T extends object>(
    item: Item<T>,
    rev: number,
    expression: Expression,
    when: string,
    Refused: typeof AlreadyExists | typeof ConditionFailed,
  ): Promise<Item<T>> => {
    const Item = { ...item, rev }
    try {
      await send('PutItem', { TableName, Item, ConditionExpression: when, ...expression.parts() })
    } catch (e) {
      throw named(e, 'ConditionalCheckFailedException')
        ? new Refused(`${item.pk.slice(0, item.pk.indexOf('#'))} item`)
        : refusedAs(e)
    }
    return Item
  }

  return {
    async get<T>(key: Key, attributes?: string[]): Promise<Item<T> | undefined> {
      const expression = new Expression()
      const output = await send('GetItem', {
        TableName,
        Key: { pk: key.pk, sk: key.sk },
        ConsistentRead: true,
        ...projection(expression, attributes),
        ...expression.parts(),
      }).catch((error: unknown) => {
        throw refusedAs(error)
      })
      return output.Item as Item<T> | undefined
    },
    create(item) {
      const expression = new Expression()
      return put(item, 1, expression, `attribute_not_exists(${expression.name('pk')})`, AlreadyExists)
    },
    replace(item, rev) {
      const expression = new Expression()
      return put(item, rev + 1, expression, `${expression.name('rev')} = ${expression.value(rev)}`, ConditionFailed)
    },
    async update<T>(key: Key, change: Change): Promise<Item<T>> {
      const expression = new Expression()
      const when = [
        `attribute_exists(${expression.name('pk')})`,
        ...(change.when ?? []).map((c) => condition(expression, c)),
      ].join(' AND ')
      const UpdateExpression = updateExpression(expression, change)
      try {
        const output = await send('UpdateItem', {
          TableName,
          Key: { pk: key.pk, sk: key.sk },
          ConditionExpression: when,
          UpdateExpression,
          ReturnValues: 'ALL_NEW',
          ...expression.parts(),
        })
        return output.Attributes as Item<T>
      } catch (e) {
        throw named(e, 'ConditionalCheckFailedException') ? failedOf(key) : refusedAs(e)
      }
    },
    async remove(key, when = []) {
      const expression = new Expression()
      const asExpected = when.map((one) => condition(expression, one)).join(' AND ')
      const only =
        asExpected === ''
          ? {}
          : {
              ConditionExpression: `attribute_not_exists(${expression.name('pk')}) OR (${asExpected})`,
              ...expression.parts(),
            }
      try {
        await send('DeleteItem', { TableName, Key: { pk: key.pk, sk: key.sk }, ...only })
      } catch (e) {
        throw named(e, 'ConditionalCheckFailedException') ? failedOf(key) : refusedAs(e)
      }
    },
    async query<T>(pk: string, options: QueryOptions = {}): Promise<Page<T>> {
      // DynamoDB would refuse to look.
      if (nothingBetween(options)) return { items: [] }
      const index = options.index === true
      const items: Item<T>[] = []
      let start = options.after === undefined ? undefined : fromCursor(options.after, pk, index)
      // A response ends at 1 MB even before `limit`; without a limit that is the page.
      do {
        const expression = new Expression()
        const KeyConditionExpression = keyCondition(expression, pk, options)
        const output = await send('Query', {
          TableName,
          KeyConditionExpression,
          ScanIndexForward: options.backwards !== true,
          ...(index ? { IndexName: 'index' } : { ConsistentRead: true }),
          ...(options.limit === undefined ? {} : { Limit: options.limit - items.length }),
          ...(start ? { ExclusiveStartKey: start } : {}),
          ...projection(expression, options.attributes),
          ...expression.parts(),
        }).catch((error: unknown) => {
          throw options.after !== undefined && named(error, 'ValidationException')
            ? new InvalidCursor('outside this query')
            : refusedAs(error)
        })
        items.push(...((output.Items ?? []) as Item<T>[]))
        start = output.LastEvaluatedKey as Record<string, string> | undefined
      } while (start && options.limit !== undefined && items.length < options.limit)
      return { items, ...(start ? { next: toCursor(start, index) } : {}) }
    },
  }
}
