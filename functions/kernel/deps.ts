/** What a handler may reach, handed in: ports, clock, randomness, settings. */
import type { Language } from '../../domain/datasets/policy.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Keys } from '../../ports/keys.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import type { Table } from '../../ports/table.ts'
import type { Workflow } from '../../ports/workflow.ts'

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
  version: string
  /** Languages that this installation can run now; all when it is not said. */
  languages?: () => readonly Language[]
}

export interface Deps {
  table: Table
  objects: ObjectStore
  keys: Keys
  engine: Engine
  workflow: Workflow
  settings: Settings
  now: () => Date
  /** Cryptographically random bytes. */
  random: (bytes: number) => Uint8Array
  /** One JSON line; ids and codes only. */
  log: (event: string, fields: Record<string, string | number | boolean | undefined>) => void
}
