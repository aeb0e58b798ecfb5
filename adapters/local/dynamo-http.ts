/**
 * DynamoDB's protocol to the embedded store over plain HTTP. The store is on the same machine, answers in a fraction of
 * a millisecond and checks no signature: what the SDK does for a request (signing, endpoint rules, schema walks) would
 * cost several times what the store itself does.
 */
import { Agent, type IncomingMessage, request } from 'node:http'

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
const toAttributes = (o: object): Record<string, Attribute> =>
  Object.fromEntries(
    Object.entries(o)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [k, toAttribute(v)]),
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
const fromAttributes = (m: Record<string, Attribute>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(m).map(([k, a]) => [k, fromAttribute(a)]))

const plainIn = ['Item', 'Key', 'ExpressionAttributeValues', 'ExclusiveStartKey']
const plainOut = ['Item', 'Attributes', 'LastEvaluatedKey']

/** An operation's input with plain values, as the protocol wants it. */
const encoded = (input: object): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(input).map(([k, v]) => [k, plainIn.includes(k) ? toAttributes(v as object) : (v as unknown)]),
    ),
  )

function decoded(text: string): object {
  const out = JSON.parse(text) as Record<string, unknown>
  for (const k of plainOut) if (out[k]) out[k] = fromAttributes(out[k] as Record<string, Attribute>)
  if (out['Items']) out['Items'] = (out['Items'] as Record<string, Attribute>[]).map(fromAttributes)
  return out
}

// The store wants to see credentials and looks at none.
const unsigned = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
}
const requestMilliseconds = 10_000
/** A store that died is back within a second or two (local/store.ts); waits double from here. */
const attempts = 8
const firstWaitMilliseconds = 25

/** Something is wrong with the way to the store, not with the request. */
class Unreached extends Error {
  override name = 'StoreUnreached'
}

/**
 * A function that sends an operation to the store at `endpoint`, and again while the store cannot be reached. Failures
 * carry DynamoDB's names.
 */
export function storeAt(
  endpoint: string,
): <Output extends object>(operation: string, input: object) => Promise<Output> {
  const { hostname, port } = new URL(endpoint)
  const agent = new Agent({ keepAlive: true, maxSockets: 128, timeout: requestMilliseconds })

  const once = (operation: string, body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const lost = (e: Error): void => reject(new Unreached((e as NodeJS.ErrnoException).code ?? e.name))
      const answered = (answer: IncomingMessage): void => {
        let text = ''
        answer
          .setEncoding('utf8')
          .on('data', (d: string) => {
            text += d
          })
          .once('error', lost)
          .once('end', () => {
            if (answer.statusCode === 200) return resolve(text)
            if (answer.statusCode! >= 500) return reject(new Unreached(String(answer.statusCode)))
            const type = /"__type":"[^"#]*#?([A-Za-z]+)"/.exec(text)?.[1]
            // Only the name: a message could quote a value.
            reject(Object.assign(new Error(`The store refused ${operation}`), { name: type ?? 'StoreError' }))
          })
      }
      const sent = request(
        {
          hostname,
          port,
          method: 'POST',
          path: '/',
          agent,
          headers: {
            ...unsigned,
            'x-amz-target': `DynamoDB_20120810.${operation}`,
            'content-length': Buffer.byteLength(body),
          },
        },
        answered,
      )
      sent
        .once('error', lost)
        .once('timeout', () => sent.destroy(new Error('timeout')))
        .end(body)
    })

  return async <Output extends object>(operation: string, input: object): Promise<Output> => {
    const body = encoded(input)
    for (let attempt = 1; ; attempt++) {
      try {
        return decoded(await once(operation, body)) as Output
      } catch (e) {
        if (!(e instanceof Unreached) || attempt >= attempts) throw e
        await new Promise((r) => setTimeout(r, firstWaitMilliseconds * 2 ** (attempt - 1) * (0.5 + Math.random())))
      }
    }
  }
}
