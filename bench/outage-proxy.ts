/**
 * A forward proxy between the bench's browser and the host: adds latency, and loses or delays replies after the host
 * has done its work.
 */
import { createServer, request, type Server } from 'node:http'

export interface Weather {
  /** Added to every request before it reaches the host. */
  latencyMs: number
  /** Every n-th answer to an append does not come in time; 0: all do. */
  lateEvery: number
  /** How late; undefined: the connection is cut instead of answered. */
  lateMs: number | undefined
}

/** Starts the proxy on the loopback interface. `appends()` counts answers to appends that went through in time. */
export async function startProxy(
  port: number,
  weather: Weather,
): Promise<{ appends: () => number; late: () => number; close: () => Promise<void> }> {
  let answered = 0
  let late = 0
  let seen = 0
  const wait = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms))
  const server: Server = createServer((incoming, outgoing) => {
    const cut = (): void => {
      incoming.socket.destroy()
    }
    const chunks: Buffer[] = []
    incoming
      .on('error', cut)
      .on('data', (c: Buffer) => chunks.push(c))
      .on('end', () => {
        void (async () => {
          const isAppend = incoming.method === 'POST' && (incoming.url ?? '').endsWith('/records')
          await wait(weather.latencyMs)
          const forwarded = request(
            incoming.url!,
            { method: incoming.method!, headers: { ...incoming.headers, connection: 'close' } },
            (answer) => {
              const parts: Buffer[] = []
              answer
                .on('error', cut)
                .on('data', (c: Buffer) => parts.push(c))
                .on('end', () => {
                  void (async () => {
                    if (isAppend && weather.lateEvery > 0 && ++seen % weather.lateEvery === 0) {
                      late++
                      if (weather.lateMs === undefined) {
                        cut()
                        return
                      }
                      await wait(weather.lateMs)
                    } else if (isAppend) answered++
                    outgoing.writeHead(answer.statusCode!, answer.headers).end(Buffer.concat(parts))
                  })()
                })
            },
          )
          // A host that is down looks like one: no answer, a closed connection.
          forwarded.on('error', cut).end(Buffer.concat(chunks))
        })()
      })
  })
  server.on('clientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    appends: () => answered,
    late: () => late,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
