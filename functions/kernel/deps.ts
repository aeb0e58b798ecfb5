/** What a handler may reach, handed in: ports, clock, randomness, settings. */
import type { Language } from '../../domain/datasets/policy.ts'
import type { PipelineRuntime, Resources } from '../../domain/pipelines/definition.ts'
import type { Quota } from '../../domain/pipelines/fair.ts'
import type { Compute } from '../../ports/compute.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Keys } from '../../ports/keys.ts'
import type { Logs } from '../../ports/logs.ts'
import type { Mail } from '../../ports/mail.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { Table } from '../../ports/table.ts'
import type { Workflow } from '../../ports/workflow.ts'
import type { Memory } from './memory.ts'
import type { Aside } from './heavy-work.ts'

export interface Settings {
  /** Where the portal, participant pages and /api are, without a trailing slash. */
  mainOrigin: string
  studyOrigin: string
  issuer: string
  jwksUri: string
  clientId: string
  scope: string
  resource?: string
  logout?: string
  /** Page on which people look after how they sign in. */
  account?: string
  /** Client of that page, where it needs one of its own. */
  accountClientId?: string
  /** Sign-ins say by how many factors they were: those of the host do, Cognito's do not. */
  tellsFactors?: true
  /** Name of the campus' own sign-in, where there is one. */
  campus?: string
  version: string
  /** Whether the disk has room; of a place that has no disk to fill it is not said. */
  diskHasRoom?: () => Promise<boolean>
  /** The backup that this installation was restored from, while withdrawals since are not done again. */
  restored?: () => Promise<{ backup: string; withdrawals: 'unknown' | 'due' } | undefined>
  /** Languages that this installation can run now; all when it is not said. */
  languages?: () => readonly Language[]
  /**
   * For pipelines: places for runs at once (domain/pipelines/fair.ts), the most a run may have (no GPU unless it is
   * said), and runtimes that there are; the defaults of the domain when it is not said.
   */
  pipelines?: () => { quota?: Partial<Quota>; largest?: Partial<Resources>; runtimes?: readonly PipelineRuntime[] }
}

export interface Deps {
  table: Table
  objects: ObjectStore
  keys: Keys
  engine: Engine
  workflow: Workflow
  compute: Compute
  logs: Logs
  /** Undefined where nothing sends letters. */
  mail?: Mail | undefined
  settings: Settings
  now: () => Date
  /** Cryptographically random bytes. */
  random: (bytes: number) => Uint8Array
  /** Resolves after this time, or at once when `ended` fires. Never rejects, and keeps no process alive once ended. */
  pause: (milliseconds: number, ended?: AbortSignal) => Promise<void>
  /** What this process keeps between requests. */
  memory: Memory
  /**
   * Notes, outside of what a restore brings back, that a run's data is to go: a backup must not undo it. Resolves when
   * that is kept. Missing where a restore learns it otherwise.
   */
  noteGone?: (runId: string, as: 'aborted' | 'withdrawn') => Promise<void>
  /** Where heavy work is done that would hold up others; where there is none, it is done in place. */
  aside?: Aside
  /** One JSON line; ids and codes only. */
  log: (event: string, fields: Record<string, string | number | boolean | undefined>) => void
}
