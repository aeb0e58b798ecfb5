/** The life of a job, as a table: guard, tests, docs and portal read it. */
export const jobStates = [
  'queued',
  'running',
  'checking',
  'held',
  'succeeded',
  'blocked',
  'failed',
  'cancelled',
] as const
export type JobState = (typeof jobStates)[number]

interface Row {
  to: readonly JobState[]
  live: boolean
  meaning: string
}
/**
 * `live`: something is still going to happen. `checking` goes back to `running` only when a crash made it start again.
 */
export const jobLife: Record<JobState, Row> = {
  queued: {
    to: ['running', 'failed', 'cancelled'],
    live: true,
    meaning: 'Waiting for its turn, or for an approval',
  },
  running: { to: ['checking', 'blocked', 'failed', 'cancelled'], live: true, meaning: 'Cohort, then computation' },
  checking: {
    to: ['running', 'held', 'succeeded', 'blocked', 'failed', 'cancelled'],
    live: true,
    meaning: 'The privacy gate reads the output',
  },
  held: { to: ['succeeded', 'blocked', 'failed', 'cancelled'], live: true, meaning: 'Output checkers look at it' },
  succeeded: { to: [], live: false, meaning: 'Released' },
  blocked: { to: [], live: false, meaning: 'The gate or the checkers let nothing out' },
  failed: { to: [], live: false, meaning: 'It did not come to an output' },
  cancelled: { to: [], live: false, meaning: 'Stopped by a person' },
}

export const jobKinds = ['query', 'script', 'registration', 'synthesis', 'pipeline'] as const
export type JobKind = (typeof jobKinds)[number]
export const jobSteps = ['prepare', 'compute', 'check', 'settle'] as const
export type JobStep = (typeof jobSteps)[number]

/** May a job in `from` become `to`? Staying is always allowed: every step is safe to run twice. */
export const mayBecome = (from: JobState, to: JobState): boolean => from === to || jobLife[from].to.includes(to)

/** How often the workflow starts a job: once, and again after a crash. */
export const maximumAttempts = 3
/** Two approvals release an output that is under review, two rejections block it. */
export const votesNeeded = 2
