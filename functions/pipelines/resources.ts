/** How what routes of pipelines are about is found: a definition, an experiment, a run. */
import type { Needs } from '../../contracts/route.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import type { Item } from '../../ports/table.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { notFound } from '../kernel/failure.ts'
import { type ExperimentItem, type JobItem, keyOf, type PipelineItem, type PipelineRunFacts } from '../kernel/items.ts'
import { type AsMember, decide, memberOf } from '../kernel/resources.ts'

export interface InPipeline extends AsMember {
  pipeline: Item<PipelineItem>
}
export interface InExperiment extends AsMember {
  experiment: Item<ExperimentItem>
}
export interface InPipelineRun extends InExperiment {
  job: Item<JobItem & { run: PipelineRunFacts }>
}
declare module '../kernel/resources.ts' {
  interface Contexts {
    pipeline: InPipeline
    experiment: InExperiment
    'pipeline-run': InPipelineRun
  }
}

/** Members of its organisation. */
export async function inPipeline(deps: Deps, caller: Caller, pipelineId: string, needs: Needs): Promise<InPipeline> {
  const pipeline = await deps.table.get<PipelineItem>(keyOf.pipeline(pipelineId))
  if (!pipeline) throw notFound()
  const member = await memberOf(deps, caller, pipeline.organisationId)
  const subject: Subject = { roles: member.roles, scopes: caller.token?.scopes }
  decide(deps, caller, subject, needs, may({ roles: member.roles }, 'pipeline.read'))
  return { caller, member, subject, pipeline }
}

/** Whoever set it up; once it is shared, others of the organisation. `of` says more of whoever asks. */
export async function inExperiment(
  deps: Deps,
  caller: Caller,
  experimentId: string,
  needs: Needs,
  of: Partial<Subject> = {},
): Promise<InExperiment> {
  const experiment = await deps.table.get<ExperimentItem>(keyOf.experiment(experimentId))
  if (!experiment) throw notFound()
  const member = await memberOf(deps, caller, experiment.organisationId)
  const everything: Subject = {
    roles: member.roles,
    owner: experiment.userId === caller.userId,
    shared: experiment.shared,
    ...of,
  }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, needs, may(everything, 'experiment.read'))
  return { caller, member, subject, experiment }
}

/** A run is seen by whom its experiment is seen. */
export async function inPipelineRun(deps: Deps, caller: Caller, jobId: string, needs: Needs): Promise<InPipelineRun> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  if (!job?.run) throw notFound()
  const confidential = job.datasetId !== ''
  const within = await inExperiment(deps, caller, job.run.experimentId, needs, { confidential })
  return { ...within, job: job as InPipelineRun['job'] }
}
