/** A study's runs in figures: pure arithmetic over rows without content. */
import { type RunState, runLife, runStates, staleAfterSeconds } from './life.ts'

export interface RunFacts {
  state: RunState
  condition: string
  preview: boolean
  started: string
  last: string
  ended?: string | undefined
  received: number
  produced: number
  position: number
  conflicts: number
  endSeq?: number | undefined
}

/**
 * The state of a run as of `now`: a live run that has been silent for longer than `staleAfterSeconds` is stale, whether
 * or not somebody has written that down yet.
 */
export const stateAt = (r: Pick<RunFacts, 'state' | 'last'>, now: Date): RunState =>
  r.state === 'live' && now.getTime() - Date.parse(r.last) > staleAfterSeconds * 1000 ? 'stale' : r.state

/** How many records were made, as far as the page has said, and are not stored. 0 for a run whose data was deleted. */
export const missingOf = (r: Pick<RunFacts, 'state' | 'received' | 'produced' | 'endSeq'>): number =>
  runLife[r.state].hasData ? Math.max(0, (r.endSeq ?? r.produced) - r.received) : 0

export interface Figures {
  runs: number
  byState: Record<RunState, number>
  byCondition: { condition: string; states: Record<RunState, number> }[]
  arrivals: { at: string; started: number; completed: number }[]
  bucketSeconds: number
  medianSeconds?: number
  dropOut: { position: number; reached: number }[]
  loss: { sent: number; acknowledged: number; missing: number }
  lastArrival?: string
  previews: number
  conflicts: number
}

const noneOfEach = (): Record<RunState, number> =>
  Object.fromEntries(runStates.map((s) => [s, 0])) as Record<RunState, number>
const bucketSizes = [60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 28 * 86_400]
const maxBuckets = 96
const maxPositions = 100

function arrivals(runs: readonly RunFacts[]): Pick<Figures, 'arrivals' | 'bucketSeconds'> {
  const seconds = runs
    .flatMap((r) => [Date.parse(r.started), ...(r.state === 'completed' && r.ended ? [Date.parse(r.ended)] : [])])
    .map((ms) => ms / 1000)
  const [low, high] = seconds.reduce(([a, b], s) => [Math.min(a, s), Math.max(b, s)], [Infinity, -Infinity])
  const bucketSeconds = bucketSizes.find((b) => (high - low) / b < maxBuckets - 1) ?? bucketSizes.at(-1)!
  if (seconds.length === 0) return { arrivals: [], bucketSeconds }
  const bucketOf = (iso: string): number => Math.floor(Date.parse(iso) / 1000 / bucketSeconds)
  const at = new Map<number, { started: number; completed: number }>()
  for (let bucket = Math.floor(low / bucketSeconds); bucket <= Math.floor(high / bucketSeconds); bucket++)
    at.set(bucket, { started: 0, completed: 0 })
  for (const run of runs) {
    at.get(bucketOf(run.started))!.started++
    if (run.state === 'completed' && run.ended) at.get(bucketOf(run.ended))!.completed++
  }
  return {
    arrivals: [...at].map(([b, n]) => ({ at: new Date(b * bucketSeconds * 1000).toISOString(), ...n })),
    bucketSeconds,
  }
}

function dropOut(runs: readonly RunFacts[]): Figures['dropOut'] {
  if (runs.length === 0) return []
  const highest = runs.reduce((n, r) => Math.max(n, r.position), 0)
  const step = Math.max(1, Math.ceil(highest / maxPositions))
  const reachedBin = new Array<number>(Math.floor(highest / step) + 2).fill(0)
  for (const run of runs) reachedBin[Math.floor(run.position / step)]!++
  let reached = runs.length
  return reachedBin.slice(0, -1).map((leaving, bin) => {
    const row = { position: bin * step, reached }
    reached -= leaving
    return row
  })
}

/** The median of numbers in ascending order; undefined when there are none. */
function medianOf(ordered: readonly number[]): number | undefined {
  if (ordered.length === 0) return undefined
  return (ordered[(ordered.length - 1) >> 1]! + ordered[ordered.length >> 1]!) / 2
}

/**
 * Figures of all runs that are not previews, as of `now`: counts, arrivals in buckets of `bucketSeconds` (fewer than
 * 96), the median duration in whole seconds, and how many runs reached each position. Aborted and withdrawn runs count
 * by state, and their records nowhere.
 */
export function figures(all: readonly RunFacts[], now: Date): Figures {
  const runs = all.filter((r) => !r.preview).map((r) => ({ ...r, state: stateAt(r, now) }))
  const byState = noneOfEach()
  const conditions = new Map<string, Record<RunState, number>>()
  for (const run of runs) {
    byState[run.state]++
    const states = conditions.get(run.condition) ?? noneOfEach()
    states[run.state]++
    conditions.set(run.condition, states)
  }
  const kept = runs.filter((r) => runLife[r.state].hasData)
  const durations = kept
    .filter((r) => r.state === 'completed')
    .map((r) => (Date.parse(r.ended ?? r.last) - Date.parse(r.started)) / 1000)
    .sort((a, b) => a - b)
  const medianSeconds = medianOf(durations)
  const lastArrival = runs.reduce((latest, r) => (r.last > latest ? r.last : latest), '')
  return {
    runs: runs.length,
    byState,
    byCondition: [...conditions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([condition, states]) => ({ condition, states })),
    ...arrivals(runs),
    ...(medianSeconds === undefined ? {} : { medianSeconds: Math.round(medianSeconds) }),
    dropOut: dropOut(kept),
    loss: {
      sent: kept.reduce((n, r) => n + Math.max(r.produced, r.received), 0),
      acknowledged: kept.reduce((n, r) => n + r.received, 0),
      missing: kept.reduce((n, r) => n + missingOf(r), 0),
    },
    ...(lastArrival ? { lastArrival } : {}),
    previews: all.length - runs.length,
    conflicts: runs.reduce((n, r) => n + r.conflicts, 0),
  }
}
