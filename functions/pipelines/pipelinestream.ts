/** A run's log as it grows, and as a file: both in pieces, so that no log of any size has to fit anywhere. */
import { encodeRecord, farthest, type PlacedRecord, textOf } from '../../domain/pipelines/log.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { largestPage, type LogPage } from '../../ports/logs.ts'
import type { Deps } from '../kernel/deps.ts'
import { lambda, type LambdaHandler, type Implementation } from '../kernel/handler.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { pipelines } from './area.ts'

type Routes = (typeof pipelines)['routes']

/** How often a silent log's run is looked at: it may have ended without a last word. */
const lookMilliseconds = 3000

/** Fires once the run is over, and has been for one look: what it wrote at its end is there by then. */
async function over(deps: Deps, jobId: string, done: AbortController, gone: AbortSignal): Promise<void> {
  for (let looks = 0; !gone.aborted && !done.signal.aborted;) {
    const job = await deps.table.get<JobItem>(keyOf.job(jobId), ['state'])
    if (!job || !jobLife[job.state].live) looks++
    if (looks > 1) return done.abort()
    await deps.pause(lookMilliseconds, AbortSignal.any([gone, done.signal]))
  }
}

/** All pages from a place to the end as it is now. */
async function* pages(deps: Deps, jobId: string, from: number, signal: AbortSignal): AsyncGenerator<LogPage> {
  for (let at = from; !signal.aborted;) {
    const page = await deps.logs.read(jobId, at, largestPage)
    if (page.records.length > 0) yield page
    if (page.ended || page.next <= at) return
    at = page.next
  }
}

const placeOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,16}$/.test(text) && Number(text) <= farthest ? Number(text) : undefined

const events: Implementation<Routes['logEvents']> = async function* (
  { params: { jobId }, query, lastEventId, signal },
  deps,
) {
  let at = placeOf(lastEventId) ?? query.from ?? 0
  const batch = (records: readonly PlacedRecord[]) => records.map((r) => ({ id: r.next, data: r }))
  const done = new AbortController()
  const watching = over(deps, jobId, done, signal)
  watching.catch(() => done.abort())
  try {
    for await (const page of deps.logs.follow(jobId, at, AbortSignal.any([signal, done.signal]))) {
      at = page.next
      yield batch(page.records)
    }
    if (signal.aborted) return
    for await (const page of pages(deps, jobId, at, signal)) yield batch(page.records)
    if (!signal.aborted) yield [{ event: 'end', data: {} }]
  } finally {
    done.abort()
  }
}

const download: Implementation<Routes['logDownload']> = async function* ({ params: { jobId }, query, signal }, deps) {
  for await (const { records } of pages(deps, jobId, 0, signal))
    yield records.map(query.format === 'text' ? textOf : ({ id: _, next: __, ...r }) => encodeRecord(r)).join('')
}

export const createPipelinestream = (deps: Deps): LambdaHandler =>
  lambda(pipelines, 'pipelinestream', deps, { logEvents: events, logDownload: download })
