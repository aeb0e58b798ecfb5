/**
 * CloudWatch Logs as far as this platform uses it: GetLogEvents over the real protocol, with its pages, tokens and
 * bounds.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Stored {
  timestamp: number
  message: string
}
interface Ask {
  logStreamName: string
  nextToken?: string
  startTime?: number
  endTime?: number
  startFromHead?: boolean
  limit?: number
}

export interface LogsServer {
  endpoint: string
  put(stream: string, events: Stored[]): void
  requests(): number
  close(): Promise<void>
}

/** Starts it; `page` is how many events an answer holds at most, whatever was asked. */
export async function startLogsServer(page: number): Promise<LogsServer> {
  const streams = new Map<string, Stored[]>()
  let requests = 0
  const answer = (ask: Ask): { status: number; body: object } => {
    const all = streams.get(ask.logStreamName)
    if (!all)
      return {
        status: 400,
        body: { __type: 'ResourceNotFoundException', message: 'The specified log stream does not exist.' },
      }
    const most = Math.min(page, ask.limit ?? 10_000)
    const within = (event: Stored): boolean =>
      (ask.startTime === undefined || event.timestamp >= ask.startTime) &&
      (ask.endTime === undefined || event.timestamp < ask.endTime)
    // Tokens name a place in the stream; their direction is in their first letter.
    const first = all.findIndex(within)
    const last = all.findLastIndex(within)
    const begin = first < 0 ? all.length : first
    let from: number
    if (ask.nextToken?.startsWith('f/')) from = Number(ask.nextToken.slice(2))
    else if (ask.nextToken?.startsWith('b/')) from = Math.max(0, Number(ask.nextToken.slice(2)) - most)
    else from = ask.startFromHead ? begin : Math.max(begin, last + 1 - most)
    const to = ask.nextToken?.startsWith('b/')
      ? Number(ask.nextToken.slice(2))
      : Math.min(all.length, from + most, !ask.nextToken && last >= 0 ? last + 1 : all.length)
    return {
      status: 200,
      body: {
        events: all.slice(from, Math.max(from, to)).map((e) => ({ ...e, ingestionTime: e.timestamp })),
        nextForwardToken: `f/${Math.max(from, to)}`,
        nextBackwardToken: `b/${from}`,
      },
    }
  }
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      requests++
      const known = request.headers['x-amz-target'] === 'Logs_20140328.GetLogEvents'
      const { status, body } = known
        ? answer(JSON.parse(Buffer.concat(parts).toString()) as Ask)
        : { status: 400, body: { __type: 'UnknownOperationException' } }
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put: (stream, events) => {
      streams.set(stream, [...(streams.get(stream) ?? []), ...events])
    },
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
