/**
 * DynamoDB's protocol to the embedded store over plain HTTP. The store is on the same machine, answers in a fraction of
 * a millisecond and checks no signature: what the SDK does for a request (signing, endpoint rules, schema walks) would
 * cost several times what the store itself does.
 */
import { Agent, type IncomingMessage, request } from 'node:http'
import { decodeOutput, encodeInput } from '../../aws/attributes.ts'

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
          .on('data', (part: string) => {
            text += part
          })
          .once('error', lost)
          .once('end', () => {
            if (answer.statusCode === 200) return resolve(text)
            if (answer.statusCode! >= 500) return reject(new Unreached(String(answer.statusCode)))
            const type = /"__type":"(?:[^"#]*#)?([A-Za-z]+)"/.exec(text)?.[1]
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
    const body = JSON.stringify(encodeInput(input))
    for (let attempt = 1; ; attempt++) {
      try {
        return decodeOutput<Output>(JSON.parse(await once(operation, body)) as Record<string, unknown>)
      } catch (e) {
        if (!(e instanceof Unreached) || attempt >= attempts) throw e
        await new Promise((r) => setTimeout(r, firstWaitMilliseconds * 2 ** (attempt - 1) * (0.5 + Math.random())))
      }
    }
  }
}
