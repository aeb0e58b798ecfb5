/**
 * Pure work whose time a request can drive up: done where it holds up nobody else, with an end. A host that serves
 * everybody with one loop has threads for it (local/aside.ts). A Lambda has one request at a time, and none.
 */
import { schemaFaults } from '../../domain/datasets/schema-rules.ts'
import { adviseScript } from '../../domain/jobs/advice.ts'
import { definitionFaults } from '../../domain/pipelines/definition.ts'
import { validateConfiguration } from '../../domain/studies/configuration-validation.ts'

export const heavyWork = { adviseScript, definitionFaults, schemaFaults, validateConfiguration }
export type HeavyWork = typeof heavyWork
type Name = keyof HeavyWork

/** Does a piece of work elsewhere. Rejects with the problem `payload-too-large` when it came to no end in time. */
export type Aside = <N extends Name>(name: N, ...input: Parameters<HeavyWork[N]>) => Promise<ReturnType<HeavyWork[N]>>
