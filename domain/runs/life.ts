/** The life of a run, as a table. */
export const runStates = ['live', 'stale', 'incomplete', 'completed', 'aborted', 'withdrawn'] as const
export type RunState = (typeof runStates)[number]

interface Row {
  to: readonly RunState[]
  takesRecords: boolean
  holdsSlot: boolean
  hasData: boolean
  meaning: string
}
/** `takesRecords`: new sequence numbers are accepted; `holdsSlot`: counts towards its condition's load. */
export const runLife: Record<RunState, Row> = {
  live: {
    to: ['stale', 'incomplete', 'completed', 'aborted', 'withdrawn'],
    takesRecords: true,
    holdsSlot: true,
    hasData: true,
    meaning: 'Started, records may arrive',
  },
  stale: {
    to: ['live', 'incomplete', 'completed', 'aborted', 'withdrawn'],
    takesRecords: true,
    holdsSlot: false,
    hasData: true,
    meaning: 'Nothing heard for a while; its slot was given back',
  },
  incomplete: {
    to: ['completed', 'aborted', 'withdrawn'],
    takesRecords: true,
    holdsSlot: true,
    hasData: true,
    meaning: 'Finished in the browser, some records have not arrived yet',
  },
  completed: {
    to: ['withdrawn'],
    takesRecords: false,
    holdsSlot: true,
    hasData: true,
    meaning: 'Everything has arrived',
  },
  aborted: {
    to: ['withdrawn'],
    takesRecords: false,
    holdsSlot: false,
    hasData: false,
    meaning: 'Ended by the participant; its data was deleted',
  },
  withdrawn: {
    to: [],
    takesRecords: false,
    holdsSlot: false,
    hasData: false,
    meaning: 'Withdrawn; its key was destroyed',
  },
}

/** A live run without a sign of life for this long is stale. */
export const staleAfterSeconds = 60 * 60
/** While records come, counters are brought up to date at most this often: an append is one read and one put. */
export const countEverySeconds = 2
/** So soon after a count the sweep looks at the run: what came since is counted then, however quiet it has become. */
export const lookAfterSeconds = 60
/** A link to send a sealed object works this long: it is asked for just before it is used. */
export const sealedLinkSeconds = 15 * 60
/** An object may still be on its way this long after its link has ended; then a second purge finds it. */
export const lateObjectSeconds = sealedLinkSeconds + 60 * 60
/** No look is ever planned further ahead than this: one that is was planned by a clock that went wrong. */
export const furthestLookSeconds = Math.max(staleAfterSeconds, lateObjectSeconds)

/**
 * Whether the counters, brought up to date at one instant (ISO 8601), are old at another. By what lies between them, in
 * whichever direction: a clock that was set back must not freeze them.
 */
export const countIsOld = (counted: string, now: Date): boolean =>
  Math.abs(now.getTime() - Date.parse(counted)) > countEverySeconds * 1000

/** Whether a look is planned that comes soon; one that is past, or too far ahead, was planned by another clock. */
export function looksSoon(look: string | undefined, now: Date): boolean {
  if (look === undefined) return false
  const ahead = Date.parse(look) - now.getTime()
  return ahead > 0 && ahead <= lookAfterSeconds * 1000
}

/** When a run that was last heard of at `last` (ISO 8601) counts as stale; never later than from now on. */
export const staleAt = (last: string, now: Date): Date =>
  new Date(Math.min(Date.parse(last), now.getTime()) + staleAfterSeconds * 1000)
