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
