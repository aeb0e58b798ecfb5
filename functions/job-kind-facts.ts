/**
 * The facts of the same kinds as in job-kinds.ts, without their steps: for functions that submit, show or end jobs and
 * walk none through the workflow.
 */
import type { JobKind } from '../domain/jobs/life.ts'
import { registrationFacts } from './datasets/registration/registration-kind.ts'
import { queryFacts, scriptFacts } from './jobs/question-facts.ts'
import { pipelineFacts } from './pipelines/pipeline-facts.ts'
import { synthesisFacts } from './synthesis/synthesis-facts.ts'
import type { JobKindFacts } from './workflow/job-kind.ts'

export const kindFacts = {
  query: queryFacts,
  script: scriptFacts,
  registration: registrationFacts,
  synthesis: synthesisFacts,
  pipeline: pipelineFacts,
} satisfies Record<JobKind, JobKindFacts>
