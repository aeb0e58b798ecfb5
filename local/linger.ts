/**
 * An answer that is given before its request has come whole. A system that closes a connection on which bytes lie
 * unread resets it, and the other side may lose what it had not read yet: so the rest is read for a moment, and thrown
 * away.
 */
import type { IncomingMessage } from 'node:http'

/** More than the largest body of a route: who sends one that is allowed always gets to read why it was refused. */
const mostBytes = 8 * 1024 * 1024
const mostMilliseconds = 2000

/** Resolves when the request has come to its end, or enough of it was thrown away. */
export function drained(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const count = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > mostBytes) over()
    }
    const over = (): void => {
      clearTimeout(timer)
      request.off('data', count)
      request.pause()
      resolve()
    }
    const timer = setTimeout(over, mostMilliseconds)
    request.on('data', count).once('end', over).once('close', over).once('error', over)
    request.resume()
  })
}
