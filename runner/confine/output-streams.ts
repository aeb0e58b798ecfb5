/** What a confined program writes: kept up to a limit, or passed on as it comes. */

/** A stream that is read to its end. */
export interface ReadStream {
  /** What was kept of it, as UTF-8. */
  text(): string
  bytes(): Buffer
  /** Whether there was more than is kept. */
  full(): boolean
  /** Resolves when the stream is over, however it ends. */
  done: Promise<void>
}

const overOf = (stream: NodeJS.ReadableStream | null): Promise<void> =>
  stream
    ? new Promise((resolve) => {
        stream.once('close', resolve).on('error', () => resolve())
      })
    : Promise.resolve()

/** What a stream said, up to `most` bytes; the rest is read and dropped, so that the writer does not wait. */
export function keep(stream: NodeJS.ReadableStream | null, most: number): ReadStream {
  const parts: Buffer[] = []
  let size = 0
  let over = false
  stream?.on('data', (part: Buffer) => {
    if (size + part.length > most) over = true
    if (size >= most) return
    parts.push(part.subarray(0, most - size))
    size += Math.min(part.length, most - size)
  })
  return {
    text: () => Buffer.concat(parts).toString('utf8'),
    bytes: () => Buffer.concat(parts),
    full: () => over,
    done: overOf(stream),
  }
}

/** Passes on what a stream says as it comes. The reader takes its time, and then the writer waits. */
export function pass(stream: NodeJS.ReadableStream | null, to: (part: Buffer) => void): ReadStream {
  stream?.on('data', to)
  return { text: () => '', bytes: () => Buffer.alloc(0), full: () => false, done: overOf(stream) }
}
