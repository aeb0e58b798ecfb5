/**
 * JSON values as DynamoDB's attributes, and back, for both adapters of the table: the SDK's own marshaller assigns
 * members to plain objects, so that one called `__proto__` is lost or refused, and takes an object with a member called
 * `constructor` for an instance of a class.
 */

/** A value in DynamoDB's JSON. What the table port keeps is JSON, so these are all there are. */
type Attribute =
  | { S: string }
  | { N: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: Attribute[] }
  | { M: Record<string, Attribute> }

/** A JSON value as an attribute; undefined members are left out, as JSON does. Throws on what JSON cannot carry. */
export function toAttribute(value: unknown): Attribute {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('The table keeps no NaN or infinity')
    return { N: String(value) }
  }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null || value === undefined) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map(toAttribute) }
  if (value instanceof Date) throw new TypeError('The table keeps no dates')
  if (typeof value === 'object') return { M: toAttributes(value) }
  throw new TypeError(`The table keeps no ${typeof value}`)
}

/**
 * Neither the SDK nor the embedded store can carry the one name that JavaScript assigns to the prototype: it is kept
 * with a mark before it, and a name that looks like that with one more.
 */
const nameInStore = (name: string): string => (/^\u0001*__proto__$/.test(name) ? `\u0001${name}` : name)
const nameOutside = (name: string): string => (/^\u0001+__proto__$/.test(name) ? name.slice(1) : name)

const toAttributes = (values: object): Record<string, Attribute> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [nameInStore(name), toAttribute(value)]),
  )

/** The JSON value of an attribute. */
export function fromAttribute(attribute: Attribute): unknown {
  if ('S' in attribute) return attribute.S
  if ('N' in attribute) return Number(attribute.N)
  if ('BOOL' in attribute) return attribute.BOOL
  if ('L' in attribute) return attribute.L.map(fromAttribute)
  if ('M' in attribute) return fromAttributes(attribute.M)
  return null
}
const fromAttributes = (attributes: Record<string, Attribute>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).map(([name, a]) => [nameOutside(name), fromAttribute(a)]))

const plainIn = ['Item', 'Key', 'ExpressionAttributeValues', 'ExclusiveStartKey']
const plainOut = ['Item', 'Attributes', 'LastEvaluatedKey']

/**
 * An operation's input with plain values, as DynamoDB takes it. Throws RangeError or TypeError on what JSON cannot
 * carry.
 */
export const encodeInput = (input: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      plainIn.includes(name) ? toAttributes(value as object) : (value as unknown),
    ]),
  )

/** An operation's output as DynamoDB gives it, with plain values. */
export function decodeOutput<T extends object>(output: Record<string, unknown>): T {
  const plain = { ...output }
  for (const name of plainOut) {
    if (plain[name]) plain[name] = fromAttributes(plain[name] as Record<string, Attribute>)
  }
  if (plain['Items']) plain['Items'] = (plain['Items'] as Record<string, Attribute>[]).map(fromAttributes)
  return plain as T
}
