/**
 * The one table of kinds of jobs. Each kind is an object beside its own area (functions/workflow/job-kind.ts says what
 * it must answer); a new kind is an entry here, one in job-kind-facts.ts, and its name in domain/jobs/life.ts. Wiring
 * hands the table to the workflow.
 */
import type { JobKind } from '../domain/jobs/life.ts'
import { registration } from './datasets/registration/registration-kind.ts'
import { query, script } from './jobs/question-kinds.ts'
import { pipeline } from './pipelines/pipeline-kind.ts'
import { synthesis } from './synthesis/synthesis-kind.ts'
import type { JobKindSteps } from './workflow/job-kind.ts'

export const kinds = { query, script, registration, synthesis, pipeline } satisfies Record<JobKind, JobKindSteps>
