/** Every function by its area and name, for a host that runs them in one process. */
import type { Deps } from './kernel/deps.ts'
import type { LambdaHandler } from './kernel/handler.ts'

export type Creator = (deps: Deps) => LambdaHandler

/** Loaded when asked for, as in AWS: one function's module says nothing about the others'. */
export const creators: Record<string, () => Promise<Creator>> = {
  'access/access': async () => (await import('./access/access.ts')).createAccess,
  'studies/studies': async () => (await import('./studies/studies.ts')).createStudies,
  'runs/ingest': async () => (await import('./runs/ingest.ts')).createIngest,
  'runs/withdraw': async () => (await import('./runs/withdraw.ts')).createWithdraw,
  'runs/runs': async () => (await import('./runs/runs.ts')).createRuns,
  'runs/opening': async () => (await import('./runs/opening.ts')).createOpening,
  'datasets/catalogue': async () => (await import('./datasets/catalogue.ts')).createCatalogue,
  'datasets/datasets': async () => (await import('./datasets/datasets.ts')).createDatasets,
  'audit/audit': async () => (await import('./audit/audit.ts')).createAudit,
}
