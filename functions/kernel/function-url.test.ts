import { PassThrough } from 'node:stream'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { expect, it } from 'vitest'
import { pipelines } from '../../contracts/pipelines.ts'
import type { Event } from './handler.ts'
import { credentialHeader, type Out, type Ready, streamed, type StreamingRuntime } from './function-url.ts'

type Streamed = (event: APIGatewayProxyEventV2, out: Out, context: Context) => Promise<void>
const event = (path: string, headers: Record<string, string> = {}, method = 'GET'): APIGatewayProxyEventV2 => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers,
  isBase64Encoded: false,
  requestContext: {
    accountId: 'a',
    apiId: 'url',
    domainName: 'x',
    domainPrefix: 'x',
    requestId: 'r1',
    routeKey: '$default',
    stage: '$default',
    time: '',
    timeEpoch: 0,
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '1', userAgent: '' },
  },
})

/** Calls a streamed function as the runtime does. */
async function call(
  ready: () => Promise<Ready>,
  asked: APIGatewayProxyEventV2,
): Promise<{ status: number; headers: Record<string, string>; text: string }> {
  let said: { statusCode: number; headers: Record<string, string> } | undefined
  const runtime: StreamingRuntime = {
    streamifyResponse: (h) => h,
    HttpResponseStream: {
      from: (out, metadata) => {
        said = metadata
        return out
      },
    },
  }
  const out = new PassThrough()
  const parts: Buffer[] = []
  out.on('data', (p: Buffer) => parts.push(p))
  await (streamed(runtime, pipelines, 'pipelinestream', ready, () => {}) as Streamed)(asked, out, {} as Context)
  return { status: said!.statusCode, headers: said!.headers, text: Buffer.concat(parts).toString() }
}

it('verifies the caller’s own token, tells the handler which route and run, and passes pieces on as they come', async () => {
  const seen: Event[] = []
  const ready = (): Promise<Ready> =>
    Promise.resolve({
      verify: ({ headers }) =>
        Promise.resolve(
          headers['authorization'] === 'Bearer good'
            ? { isAuthorized: true, context: { userId: 'u1' } }
            : { isAuthorized: false },
        ),
      handler: (event) => {
        seen.push(event)
        return Promise.resolve({
          statusCode: 200,
          headers: { 'content-type': 'text/event-stream' },
          stream: (async function* () {
            yield 'one'
            yield 'two'
          })(),
        })
      },
    })
  const path = '/api/pipeline-runs/job_abc/log/events'
  expect(await call(ready, event(path, { [credentialHeader]: 'Bearer good', 'last-event-id': '7' }))).toEqual({
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    text: 'onetwo',
  })
  expect(seen[0]).toMatchObject({
    routeKey: 'GET /api/pipeline-runs/{jobId}/log/events',
    pathParameters: { jobId: 'job_abc' },
    requestContext: { authorizer: { lambda: { userId: 'u1' } } },
  })
  // The header that CloudFront signs with is nobody's credential here.
  for (const headers of [{}, { authorization: 'Bearer good' }, { [credentialHeader]: 'Bearer bad' }] as Record<
    string,
    string
  >[])
    expect((await call(ready, event(path, headers))).status).toBe(401)
  for (const asked of [
    event('/api/pipeline-runs/job_abc/log'),
    event('/api/pipeline-runs/a/b/log/events'),
    event(path, {}, 'POST'),
  ])
    expect((await call(ready, asked)).status).toBe(404)
  expect(seen).toHaveLength(1)
})

it('answers for its own failures, and is made ready again by the next request', async () => {
  let tries = 0
  const ready = (): Promise<Ready> => {
    tries++
    return Promise.reject(new Error('the settings are not to be had'))
  }
  for (const n of [1, 2]) {
    const { status, text } = await call(ready, event('/api/pipeline-runs/job_abc/log/events'))
    expect([status, text.includes('settings'), tries]).toEqual([500, false, n])
  }
})
