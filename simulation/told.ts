/** What the platform has acknowledged to the people of a history: what the laws hold it to. */

/** A participant's run as the participant knows it. */
export interface ToldRun {
  who: string
  code: string
  nonce: string
  runId?: string
  /** Hash of every record that the server acknowledged, by its number. */
  acked: Map<number, string>
  /** How it ended, once the server has said so. */
  ended?: 'completed' | 'aborted' | 'withdrawn'
  /** The server refused the start for good. */
  refused?: string
  /** The device had lost something that it never sent, and said so. */
  short?: true
  /** The page was reloaded once. */
  reloaded?: true
  /** And somebody came back to it. */
  returned?: true
  /** A researcher asked to have it withdrawn, or was told that it is. */
  taken?: 'asked' | 'done'
  /** The browser was closed for ever. */
  left?: true
}
/** A question as its analyst knows it. */
export interface ToldJob {
  who: string
  key: string
  jobId?: string
  /** The server refused it for good. */
  refused?: string
  /** The state at the end, once it was seen. */
  seen?: string
}

export interface Told {
  runs: ToldRun[]
  jobs: ToldJob[]
  /** Other acknowledged acts, as a word and the item that they must have left or taken away. */
  acts: { what: string; check: () => string | undefined }[]
}

/** Nothing yet. */
export const nothingTold = (): Told => ({ runs: [], jobs: [], acts: [] })
