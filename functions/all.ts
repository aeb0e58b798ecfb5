/** Every function by its area and name, for a host that runs them in one process. */
import type { LambdaHandler } from './kernel/handler.ts'
import type { createCompute } from './workflow/compute.ts'
import type { WorkflowDeps } from './workflow/job-kind.ts'

export type Creator = (deps: WorkflowDeps) => LambdaHandler

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
  'jobs/jobs': async () => (await import('./jobs/jobs.ts')).createJobs,
  'jobs/reviews': async () => (await import('./jobs/reviews.ts')).createReviews,
  'synthesis/synthesis': async () => (await import('./synthesis/synthesis.ts')).createSynthesis,
  'pipelines/pipelines': async () => (await import('./pipelines/pipelines.ts')).createPipelines,
  'pipelines/pipelinelog': async () => (await import('./pipelines/pipelinelog.ts')).createPipelinelog,
  'pipelines/pipelinestream': async () => (await import('./pipelines/pipelinestream.ts')).createPipelinestream,
  'audit/audit': async () => (await import('./audit/audit.ts')).createAudit,
}

/** A step of the workflow: told which job, it finds out for itself where the job stands. */
export type StepCreator = (deps: WorkflowDeps) => (input: { jobId: string; attempt: number }) => Promise<object>

/** The functions that contracts/workflow.asl.json names, for the same host. */
export const steps: Record<'prepare' | 'query' | 'registration' | 'check' | 'settle', () => Promise<StepCreator>> & {
  compute: () => Promise<typeof createCompute>
} = {
  prepare: async () => (await import('./workflow/prepare.ts')).createPrepare,
  compute: async () => (await import('./workflow/compute.ts')).createCompute,
  query: async () => (await import('./jobs/query.ts')).createQuery,
  registration: async () => (await import('./datasets/registration/register.ts')).createRegistration,
  check: async () => (await import('./workflow/check.ts')).createCheck,
  settle: async () => (await import('./workflow/settle.ts')).createSettle,
}
