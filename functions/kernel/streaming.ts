/**
 * Answers that come piece by piece: server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), with a sign of life while nothing happens.
 */
import type { Context } from 'aws-lambda'
import type { z } from 'zod'
import type { Deps } from './deps.ts'

/** `data` has no `event` of its own unless it says so; `id` is what the listener sends back to go on. */
export interface ServerEvent<T = unknown> {
  id?: string | number
  event?: 'end'
  data: T | Record<string, never>
}

/** A proxy in between closes what is silent for longer: CloudFront after 30 to 60 seconds. */
const heartbeatMilliseconds = 15_000
/** A function may run for 15 minutes: a stream ends before that, without an `end`, and the listener comes again. */
const longestMilliseconds = 14 * 60_000
/** How long a listener waits before it connects again. */
const retryMilliseconds = 1000

/**
 * Fires when nobody listens any more: what called the function says so in its context, or the function's time is nearly
 * over.
 */
export function streamSignal(context: Context): AbortSignal {
  const late = AbortSignal.timeout(longestMilliseconds)
  const { signal } = context as { signal?: AbortSignal }
  return signal ? AbortSignal.any([signal, late]) : late
}

/** One event's lines and the empty one that ends it. Data of an event without a name has the route's shape. */
function line({ event, id, data }: ServerEvent, shape: z.ZodType): string {
  const named = event ? `event: ${event}\n` : ''
  const placed = id === undefined ? '' : `id: ${id}\n`
  return `${named}${placed}data: ${JSON.stringify(event ? data : shape.parse(data))}\n\n`
}

/**
 * Batches of events as text. A batch is one piece, so that a thousand small events do not cost a thousand writes. When
 * the source fails after the answer has begun, the last event is `error` with what `failed` makes of it.
 */
export async function* eventText(
  batches: AsyncIterable<readonly ServerEvent[]>,
  shape: z.ZodType,
  signal: AbortSignal,
  failed: (e: unknown) => string,
  pause: Deps['pause'],
): AsyncGenerator<string> {
  const source = batches[Symbol.asyncIterator]()
  let heard = new AbortController()
  try {
    yield `retry: ${retryMilliseconds}\n\n`
    let next = source.next()
    while (!signal.aborted) {
      heard = new AbortController()
      const silence = pause(heartbeatMilliseconds, heard.signal).then(() => 'silence' as const)
      const came = await Promise.race([next, silence])
      heard.abort()
      if (came === 'silence') {
        yield ':\n\n'
        continue
      }
      if (came.done) return
      if (came.value.length > 0) yield came.value.map((e) => line(e, shape)).join('')
      next = source.next()
    }
  } catch (e) {
    yield `event: error\ndata: ${failed(e)}\n\n`
  } finally {
    heard.abort()
    void source.return?.().catch(() => undefined)
  }
}
