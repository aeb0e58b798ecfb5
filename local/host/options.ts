/** What a host is told, and what it answers when it runs. */
import { fileURLToPath } from 'node:url'
import type { StepDeps } from '../../functions/workflow/job-kind.ts'
import type { CampusSettings } from '../campus-login.ts'
import type { Languages } from '../languages.ts'
import type { LastWords } from '../last-words.ts'
import type { MailServer } from '../mail.ts'
import type { Reach } from '../reach.ts'

/** Folder of the program's own files. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface HostOptions {
  /** Where it listens on this machine. */
  port: number
  /** How others reach it; by default not at all (local/reach.ts). */
  reach?: Reach
  /** Folder of all data; made if missing. */
  home: string
  /** Where letters are handed over; by default they stay in the home (local/mail.ts). */
  mailServer?: MailServer | undefined
  /** Whether everybody must have a second factor. */
  secondFactor?: boolean
  /** Says nothing while starting. */
  quiet?: boolean
  /** Whether to make the demo organisation in a new home; by default where nobody else reaches the host. */
  demo?: boolean
  /** Addresses of those who may found organisations, besides those whose account says so. */
  founders?: readonly string[]
  /** Runs of pipelines at once; by default as many as there are processors, at least two. */
  runs?: number
  /** The campus' own sign-in. */
  campus?: CampusSettings
  /** Who has it may read `/metrics`; without one there is no such page. */
  metricsToken?: string
  /** Asks for the passphrase of a sealed home; by default as `unlock` does. */
  passphrase?: () => Promise<string>
  /** Called when the platform cannot go on; by default the process ends with an error. */
  lost?: (why: string) => void
}

export interface Host {
  /** Which languages have a confinement here. Nobody waits for the answer before the first script is to run. */
  languages: Languages
  /** Process ids of the runners that are at work. */
  runners: () => number[]
  mainOrigin: string
  studyOrigin: string
  home: string
  deps: StepDeps
  demo: boolean
  /** Where letters that stayed here are read; whoever has this address reads them. */
  letters: string | undefined
  lastWords: LastWords
  /** Reads the certificate again, where there is one. */
  renewCertificate: () => void
  close: () => Promise<void>
}
