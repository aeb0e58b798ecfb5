/**
 * What the host's process does about errors that nobody caught, and how it says that it is alive: to keeper.mjs, where
 * that started it.
 */
import type { Host } from './host.ts'
import { placeOf } from './last-words.ts'

/** The keeper starts a host again that ends with this. */
const brokenCode = 70
const beatMilliseconds = 1000

/** The other side of a connection went away: its own request is over, and nothing else is touched. */
const goneAway = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'])

/** Sends the keeper a sign of life every second from the main loop, and where it can read what the loop is at. */
function beat(doing: string): void {
  if (process.env['CLOISTER_KEPT'] !== '1') return
  const send = (message: object): void => {
    if (process.connected) process.send!(message, undefined, undefined, () => {})
  }
  send({ doing })
  setInterval(() => send({ beat: true }), beatMilliseconds).unref()
}

/**
 * From here on the process outlasts what one request can do to it. A promise that failed with nobody listening has hurt
 * its own request alone: it is logged. After an error that was thrown where nobody could catch it nothing can be relied
 * on: it is logged, and the process ends, to be started again. Nothing that was acknowledged is lost by that.
 */
export function outlast({ deps, lastWords }: Pick<Host, 'deps' | 'lastWords'>): void {
  beat(lastWords.file)
  const say = (kind: string, thrown: unknown): void => {
    const { error, at } = placeOf(thrown)
    deps.log('error', { at: kind, error, where: at, code: (thrown as { code?: string } | undefined)?.code })
  }
  process.on('unhandledRejection', (error) => say('rejection', error))
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    say('exception', error)
    if (goneAway.has(error.code ?? '')) return
    lastWords.exception(error)
    process.exit(brokenCode)
  })
}
