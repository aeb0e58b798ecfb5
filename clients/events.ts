/**
 * Server-sent events by fetch, which unlike EventSource sends a token and says what went wrong. Comes back by itself
 * after a lost connection, from where it was.
 */
import { type Answered, fillPath, type Params, type QueryInput, type Route } from '../contracts/route.ts'
import { type ClientOptions, ProblemError, problemOf } from './api.ts'

export interface StreamInput<R extends Route> {
  params: { [K in keyof Params<R>]: string | number }
  query?: QueryInput<R>
  /** The id of the last event that was seen: the stream goes on after it. */
  after?: string | number
  signal?: AbortSignal
  /** Told when a connection stands, and when it was lost and is tried again. */
  connection?: (state: 'open' | 'lost') => void
}
export interface ReceivedEvent<T> {
  id: string
  data: T
}

interface Raw {
  id: string | undefined
  event: string
  data: string
}

/**
 * Events of a body (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream), and
 * `retry` in milliseconds when it was said.
 */
export async function* parseEvents(
  body: AsyncIterable<Uint8Array>,
  retry: (milliseconds: number) => void = () => {},
): AsyncGenerator<Raw> {
  const decoder = new TextDecoder()
  let rest = ''
  let now: Raw = { id: undefined, event: 'message', data: '' }
  let some = false
  for await (const part of body) {
    rest += decoder.decode(part, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!
    for (const whole of lines) {
      const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole
      if (line === '') {
        if (some) yield now
        now = { id: undefined, event: 'message', data: '' }
        some = false
        continue
      }
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
      if (field === 'data') {
        now.data = some ? `${now.data}\n${value}` : value
        some = true
      } else if (field === 'event') now.event = value
      else if (field === 'id') now.id = value
      else if (field === 'retry' && /^\d+$/.test(value)) retry(Number(value))
    }
  }
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })

/**
 * A silent server sends a comment every 15 seconds; one that sends nothing for this long is gone, whatever the
 * connection says.
 */
const silenceMilliseconds = 45_000
const longestPause = 3000

async function* watched(body: ReadableStream<Uint8Array>, cut: () => void): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    for (;;) {
      timer = setTimeout(cut, silenceMilliseconds)
      const { done, value } = await reader.read()
      clearTimeout(timer)
      if (done) return
      yield value
    }
  } finally {
    clearTimeout(timer)
    void reader.cancel().catch(() => undefined)
  }
}

/**
 * Events of a streaming route until its `end`, across any number of connections; ends early when `signal` fires. Throws
 * `ProblemError` when the server refuses (the token has ended, the thing is gone): a lost connection and a failing
 * server are tried again.
 */
export async function* readEvents<R extends Route & { stream: 'events' }>(
  o: ClientOptions,
  r: R,
  input: StreamInput<R>,
): AsyncGenerator<ReceivedEvent<Answered<R>>> {
  let after = input.after === undefined ? undefined : String(input.after)
  let retry = 1000
  const { signal, connection } = input
  for (let failures = 0; !signal?.aborted;) {
    const query = new URLSearchParams(
      Object.entries((input.query ?? {}) as Record<string, unknown>)
        .filter(([, v]) => v !== undefined)
        .map(([k, v]) => [k, String(v)]),
    )
    const cut = new AbortController()
    try {
      const token = await o.token()
      const response = await (o.fetch ?? fetch)(
        `${o.baseUrl}${fillPath(r.path, input.params as Record<string, string>)}${query.size ? `?${query}` : ''}`,
        {
          headers: {
            accept: 'text/event-stream',
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(after === undefined ? {} : { 'last-event-id': after }),
          },
          signal: signal ? AbortSignal.any([signal, cut.signal]) : cut.signal,
        },
      )
      if (!response.ok || !response.body) throw problemOf(response.status, await response.text())
      connection?.('open')
      failures = 0
      for await (const e of parseEvents(
        watched(response.body, () => cut.abort()),
        (ms) => {
          retry = ms
        },
      )) {
        if (e.event === 'end') return
        if (e.event === 'error') throw problemOf(500, e.data)
        if (e.id !== undefined) after = e.id
        yield { id: e.id ?? '', data: r.response.parse(JSON.parse(e.data)) as Answered<R> }
      }
    } catch (e) {
      if (signal?.aborted) return
      if (e instanceof ProblemError && e.status >= 400 && e.status < 500 && e.status !== 429) throw e
    } finally {
      cut.abort()
    }
    if (signal?.aborted) return
    connection?.('lost')
    await pause(Math.min(longestPause, retry * 2 ** failures++) * (0.5 + Math.random() / 2), signal)
  }
}
