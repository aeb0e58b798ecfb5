/**
 * Server-sent events by fetch, which unlike EventSource sends a token and says what went wrong. Comes back by itself
 * after a lost connection, from where it was.
 */
import { type Answered, type Params, type QueryInput, type Route } from '../contracts/route.ts'
import { type ClientOptions, ProblemError, problemOf, urlOf } from './api.ts'

/** What a streaming route is asked with. */
export interface StreamInput<R extends Route> {
  params: { [K in keyof Params<R>]: string | number }
  query?: QueryInput<R>
  /** The id of the last event that was seen: the stream goes on after it. */
  after?: string | number
  signal?: AbortSignal
  /** Told when a connection stands, and when it was lost and is tried again. */
  connection?: (state: 'open' | 'lost') => void
}
/** An event, and the id from which the stream would go on after it. */
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
 *
 * @throws What reading the body throws.
 */
export async function* parseEvents(
  body: AsyncIterable<Uint8Array>,
  retry: (milliseconds: number) => void = () => {},
): AsyncGenerator<Raw> {
  let event: Raw = { id: undefined, event: 'message', data: '' }
  let hasData = false
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (hasData) yield event
      event = { id: undefined, event: 'message', data: '' }
      hasData = false
      continue
    }
    const { field, value } = fieldOf(line)
    if (field === 'data') {
      event.data = hasData ? `${event.data}\n${value}` : value
      hasData = true
    } else if (field === 'event') event.event = value
    else if (field === 'id') event.id = value
    else if (field === 'retry' && /^\d+$/.test(value)) retry(Number(value))
  }
}

/** Whole lines, without what ends them. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    rest += decoder.decode(part, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
}

/** What a line says of an event; one space after the colon is no part of the value, and a comment has no name. */
function fieldOf(line: string): { field: string; value: string } {
  const colon = line.indexOf(':')
  if (colon < 0) return { field: line, value: '' }
  return { field: line.slice(0, colon), value: line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1) }
}

const pause = (milliseconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
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

/** Opens one connection. Throws `ProblemError` when the server refuses it. */
async function connect<R extends Route>(
  options: ClientOptions,
  route: R,
  input: StreamInput<R>,
  after: string | undefined,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const token = await options.token()
  const { params, query } = input as { params: Record<string, string>; query?: Record<string, unknown> }
  const response = await (options.fetch ?? fetch)(urlOf(options.baseUrl, route.path, { params, query: query ?? {} }), {
    headers: {
      accept: 'text/event-stream',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(after === undefined ? {} : { 'last-event-id': after }),
    },
    signal,
  })
  if (!response.ok || !response.body) throw problemOf(response.status, await response.text())
  return response.body
}

/** Whether asking again cannot help: the token has ended, the thing is gone. */
const isFinal = (error: unknown): boolean =>
  error instanceof ProblemError && error.status >= 400 && error.status < 500 && error.status !== 429

/**
 * Events of a streaming route until its `end`, across any number of connections; ends early when `signal` fires. A lost
 * connection and a failing server are tried again, after pauses that grow up to three seconds.
 *
 * @throws {ProblemError} when the server refuses (the token has ended, the thing is gone).
 */
export async function* readEvents<R extends Route & { stream: 'events' }>(
  options: ClientOptions,
  route: R,
  input: StreamInput<R>,
): AsyncGenerator<ReceivedEvent<Answered<R>>> {
  let after = input.after === undefined ? undefined : String(input.after)
  let retry = 1000
  const { signal, connection } = input
  for (let failures = 0; !signal?.aborted;) {
    const cut = new AbortController()
    try {
      const either = signal ? AbortSignal.any([signal, cut.signal]) : cut.signal
      const body = await connect(options, route, input, after, either)
      connection?.('open')
      failures = 0
      const events = parseEvents(
        watched(body, () => cut.abort()),
        (milliseconds) => {
          retry = milliseconds
        },
      )
      for await (const { id, event, data } of events) {
        if (event === 'end') return
        if (event === 'error') throw problemOf(500, data)
        if (id !== undefined) after = id
        yield { id: id ?? '', data: route.response.parse(JSON.parse(data)) as Answered<R> }
      }
    } catch (e) {
      if (signal?.aborted) return
      if (isFinal(e)) throw e
    } finally {
      cut.abort()
    }
    if (signal?.aborted) return
    connection?.('lost')
    await pause(Math.min(longestPause, retry * 2 ** failures++) * (0.5 + Math.random() / 2), signal)
  }
}
