/** The life of a study, as a table. */
export const studyStates = ['draft', 'live', 'paused', 'closed'] as const
export type StudyState = (typeof studyStates)[number]

interface Row {
  to: readonly StudyState[]
  collects: boolean
  meaning: string
}
export const studyLife: Record<StudyState, Row> = {
  draft: { to: ['live'], collects: false, meaning: 'Being prepared; only preview links work' },
  live: { to: ['paused', 'closed'], collects: true, meaning: 'Participants can start' },
  paused: { to: ['live', 'closed'], collects: false, meaning: 'No new participants; runs already started go on' },
  closed: { to: ['live'], collects: false, meaning: 'Finished; no new participants' },
}

/** Whether a study may go from one state to another; going live needs a published version. */
export const mayMove = (from: StudyState, to: StudyState, version: number): boolean =>
  studyLife[from].to.includes(to) && (to !== 'live' || version > 0)

/**
 * Where a study's participant page comes from: `platform` (this project's page), `jatos` (an existing JATOS server
 * keeps running it and its results are brought over), `hybrid` (both at once while a lab moves). The JATOS adapters
 * come later; until then the switch is kept on the study, and links of a `jatos` study cannot be made here, because its
 * participants belong on the JATOS server.
 */
export const runtimes = ['platform', 'jatos', 'hybrid'] as const
export type Runtime = (typeof runtimes)[number]
export const runtimeMeaning: Record<Runtime, string> = {
  platform: 'Cloister runs the study and keeps its results sealed',
  jatos: 'A JATOS server runs the study; no links are made here',
  hybrid: 'Both: links made here run here, JATOS links go on there',
}
/** Whether links of a study can be made here. */
export const makesLinks = (runtime: Runtime): boolean => runtime !== 'jatos'
