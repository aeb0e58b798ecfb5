import { useEffect, useState } from 'react'
import { readEvents } from '../../../../../clients/events.ts'
import { areas } from '../../../../../contracts/index.ts'
import { api, reach } from '../../session/session.ts'
import { type Line, LogBuffer, type Placed } from './log-buffer.ts'

/** Records in one page of the log. */
const pageOf = 1000
/** The page is drawn again at most this often, in milliseconds. */
const drawEvery = 100

/** What of the log is here; another object after every change, though the lines are one growing list. */
export interface Shown {
  lines: readonly Line[]
  /** Something was written before the first line. */
  hasEarlier: boolean
}
export interface Log {
  shown: Shown
  error: unknown
  /** The connection is gone; it is sought again by itself. */
  lost: boolean
  /** Loads the page before; answers how many lines it brought. */
  loadEarlier: () => Promise<number>
}

const stateOf = (buffer: LogBuffer): Shown => ({ lines: buffer.lines, hasEarlier: buffer.first > 0 })

/**
 * The log of a run: its newest page, then each record as it is written, until the run has ended. `heard` is told after
 * every change.
 */
export function useLog(jobId: string, heard: (buffer: LogBuffer) => void): Log {
  const [buffer] = useState(() => new LogBuffer())
  const [shown, setShown] = useState<Shown>({ lines: [], hasEarlier: false })
  const [error, setError] = useState<unknown>()
  const [lost, setLost] = useState(false)
  useEffect(() => {
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        setShown(stateOf(buffer))
        heard(buffer)
      }, drawEvery)
    }
    const read = async (): Promise<void> => {
      const tail = await api.pipelines.log({
        params: { jobId },
        query: { limit: pageOf, tail: 'true' },
        signal: gone.signal,
      })
      buffer.begin(tail.first)
      buffer.append(tail.records as Placed[])
      show()
      if (tail.ended) return
      const events = readEvents(reach, areas.pipelines.routes.logEvents, {
        params: { jobId },
        query: {},
        after: buffer.next,
        signal: gone.signal,
        connection: (state) => setLost(state === 'lost'),
      })
      for await (const event of events) {
        buffer.append([event.data as Placed])
        show()
      }
    }
    read().catch((failure: unknown) => {
      if (!gone.signal.aborted) setError(failure)
    })
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [jobId, buffer, heard])
  const loadEarlier = async (): Promise<number> => {
    const page = await api.pipelines.log({
      params: { jobId },
      query: { from: buffer.first, limit: pageOf, tail: 'true' },
    })
    const held = buffer.lines.length
    buffer.prepend(page.records as Placed[], page.first)
    setShown(stateOf(buffer))
    return buffer.lines.length - held
  }
  return { shown, error, lost, loadEarlier }
}
