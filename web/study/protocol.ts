/**
 * What the study frame and the participant page say to each other.
 *
 * The study runs in `<iframe sandbox="allow-scripts ...">` without `allow-same-origin`, on the study origin: its origin
 * is opaque, so neither side can name the other by origin. The handshake therefore goes by window, and everything after
 * it over a private port:
 *
 * 1. The frame posts `hello` to `parent` with target `'*'` (it carries nothing).
 * 2. The page checks `event.source === iframe.contentWindow` and answers **once** for each load of the frame with
 *    `begin`, target `'*'`, transferring one `MessagePort`. The frame accepts only a message whose `source` is
 *    `parent`.
 * 3. On the port the frame sends requests, each with an `id` of its own (unique in this load). The page answers
 *    `{ id, ok: true }` when the request is **durably stored on the device**, or `{ id, error }` with a sentence.
 *    Requests are stored in the order in which they were sent. Notices have no `id` and no answer.
 *
 * A frame that is reloaded by the study itself says `hello` again and gets a new port and a `begin` with everything
 * finished so far; the page then closes the old port.
 */

/** Data of one trial, as jsPsych gives it, or whatever a web study hands to `record`. */
export type TrialData = Record<string, unknown>

/** frame → page, by window */
export interface Hello {
  cloister: 1
  hello: true
}

/** page → frame, by window, with one transferred port */
export interface BeginMessage {
  cloister: 1
  begin: Begin
}

export interface Begin {
  kind: 'timeline' | 'web'
  /** The version's configuration; always present for `kind: 'timeline'`. */
  configuration?: Record<string, unknown>
  /** Absolute address of the version's files, ending with a slash: `<studyOrigin>/s/<contentHash>/`. */
  assetsBase: string
  /** Name of the assigned condition; empty when the configuration declares none. */
  condition: string
  /** Variables of the assigned condition (its members other than `name` and `weight`). */
  variables: Record<string, unknown>
  /** Integer; all randomisation of the run follows from it. */
  seed: number
  /** The query of the participant's link. */
  parameters: Record<string, string>
  /** Data of the records of this run so far, in order (`record` requests only): empty on the first start. */
  finished: TrialData[]
  /** The newest `checkpoint`, when there is one. */
  checkpoint?: unknown
  /** BCP 47, e.g. `en` or `pt-BR`. */
  language: string
  /** True for a preview link: the player may show which part it is in. */
  preview?: boolean
}

/** frame → page, on the port; answered */
export type FrameRequest = { id: number } &
  /**
   * One finished trial (`trial` counts from 1 within the run) or one record of a web study. `part` defaults to `main`.
   */
  (
    | { type: 'record'; data: TrialData; part?: string; trial?: number }
    /** Replaces everything recorded before under `part`. */
    | { type: 'replace'; data: TrialData; part: string; trial?: number }
    /** State to give back in `begin.checkpoint` after a reload; only the newest counts. */
    | { type: 'checkpoint'; data: unknown }
    /** A file the participant made (a recording, a drawing). */
    | { type: 'file'; data: { name: string; blob: Blob }; part?: string; trial?: number }
    /** The study is over. With `data`, one last record is stored before the end. No request may follow. */
    | { type: 'finish'; data?: TrialData }
    /** The participant ends the study and takes the data back: the page deletes it. */
    | { type: 'abort'; data?: { reason?: string } }
  )

/** page → frame, on the port: the answer to a request */
export type FrameAnswer = { id: number; ok: true } | { id: number; error: string }

/** frame → page, on the port; not answered */
export type FrameNotice =
  /** Files fetched before the study starts. */
  | { type: 'loading'; done: number; total: number }
  /** The first screen stands. */
  | { type: 'ready' }
  /** Share of the study that is done, 0 to 1. */
  | { type: 'progress'; fraction: number }
  /** Trials finished so far in the run (for the drop-out curve). */
  | { type: 'trial'; position: number }
  /** The study cannot go on; `message` is for the participant page to show and carries no data. */
  | { type: 'failed'; message: string }

/** Anything the frame may send on the port. */
export type FrameMessage = FrameRequest | FrameNotice

/** Whether a window message is a frame's hello. */
export const isHello = (data: unknown): data is Hello =>
  typeof data === 'object' && data !== null && (data as Hello).cloister === 1 && (data as Hello).hello === true

/** Whether a port message asks for an answer. */
export const isRequest = (message: FrameMessage): message is FrameRequest => 'id' in message
