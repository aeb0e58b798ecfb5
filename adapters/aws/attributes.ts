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
export function toAttribute(v: unknown): Attribute {
  if (typeof v === 'string') return { S: v }
  if (typeof v === 'number') {
    if (!Number.isFinite(v)) throw new RangeError('The table keeps no NaN or infinity')
    return { N: String(v) }
  }
  if (typeof v === 'boolean') return { BOOL: v }
  if (v === null || v === undefined) return { NULL: true }
  if (Array.isArray(v)) return { L: v.map(toAttribute) }
  if (typeof v === 'object') return { M: toAttributes(v) }
  throw new TypeError(`The table keeps no ${typeof v}`)
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
export function fromAttribute(a: Attribute): unknown {
  if ('S' in a) return a.S
  if ('N' in a) return Number(a.N)
  if ('BOOL' in a) return a.BOOL
  if ('L' in a) return a.L.map(fromAttribute)
  if ('M' in a) return fromAttributes(a.M)
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
