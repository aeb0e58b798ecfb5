/** Resolves the resource a route names and decides who may; everything a stranger may not see is `not-found`. */
import { may, type Permission, recentLoginSeconds, type Subject } from '../../domain/access/permissions.ts'
import type { Access } from '../../contracts/route.ts'
import type { Item } from '../../ports/table.ts'
import type { Caller } from './caller.ts'
import type { Deps } from './deps.ts'
import { Failure, notFound } from './failure.ts'
import { hashNow } from './hash.ts'
import {
  type DatasetItem,
  type ExperimentItem,
  type JobItem,
  keyOf,
  type MemberItem,
  type OrganisationItem,
  type PipelineItem,
  type PipelineRunFacts,
  type RunItem,
  type StudyItem,
  type StudyPersonItem,
  type SynthesisItem,
} from './items.ts'

export interface InOrganisation {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  organisation: Item<OrganisationItem>
}
export interface InStudy {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  study: Item<StudyItem>
}
export interface InRun extends InStudy {
  run: Item<RunItem>
}

function decide(
  deps: Deps,
  caller: Caller,
  subject: Subject,
  a: { permission: Permission; recentLogin?: true },
  visible: boolean,
): void {
  if (!may(subject, a.permission)) {
    if (!visible) throw notFound()
    throw new Failure(
      'forbidden',
      caller.token
        ? 'The token’s scopes or your rights do not include this. Make a token with more scopes, or ask somebody who manages sharing.'
        : 'Your role or rights do not include this. Ask somebody who manages people or sharing.',
      undefined,
      { permission: a.permission },
    )
  }
  if (a.recentLogin && deps.now().getTime() / 1000 - caller.loginAt > recentLoginSeconds)
    throw new Failure(
      'login-too-old',
      `This needs a sign-in at most ${recentLoginSeconds / 60} minutes old. Sign in again and repeat it.`,
      undefined,
      { maxAgeSeconds: recentLoginSeconds },
    )
}

/** Membership is read from the table each time, so that a revoked role is gone at once. */
export async function inOrganisation(
  deps: Deps,
  caller: Caller,
  organisationId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InOrganisation> {
  const [member, organisation] = await Promise.all([
    deps.table.get<MemberItem>(keyOf.member(organisationId, caller.userId)),
    deps.table.get<OrganisationItem>(keyOf.organisation(organisationId)),
  ])
  if (!member || !organisation) throw notFound()
  const subject: Subject = { roles: member.roles, scopes: caller.token?.scopes }
  decide(deps, caller, subject, a, true)
  return { caller, member, organisation, subject }
}

export async function inStudy(
  deps: Deps,
  caller: Caller,
  studyId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InStudy> {
  const [study, person] = await Promise.all([
    deps.table.get<StudyItem>(keyOf.study(studyId)),
    deps.table.get<StudyPersonItem>(keyOf.studyPerson(studyId, caller.userId)),
  ])
  if (!study) throw notFound()
  const member = await deps.table.get<MemberItem>(keyOf.member(study.organisationId, caller.userId))
  if (!member) throw notFound()
  const everything: Subject = { roles: member.roles, rights: person?.rights }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, a, may(everything, 'study.read'))
  return { caller, member, study, subject }
}

export async function inRun(
  deps: Deps,
  caller: Caller,
  runId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InRun> {
  const run = await deps.table.get<RunItem>(keyOf.run(runId))
  if (!run) throw notFound()
  return { ...(await inStudy(deps, caller, run.studyId, a)), run }
}

export interface InDataset {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  dataset: Item<DatasetItem>
}
export interface InJob {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  job: Item<JobItem>
}

/** Members of the dataset's organisation see it once it was published; before, its custodians alone. */
export async function inDataset(
  deps: Deps,
  caller: Caller,
  datasetId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InDataset> {
  const dataset = await deps.table.get<DatasetItem>(keyOf.dataset(datasetId))
  if (!dataset) throw notFound()
  const member = await deps.table.get<MemberItem>(keyOf.member(dataset.organisationId, caller.userId))
  if (!member) throw notFound()
  const subject: Subject = { roles: member.roles, scopes: caller.token?.scopes }
  const visible = may({ roles: member.roles }, dataset.version > 0 ? 'dataset.read' : 'dataset.manage')
  if (!visible) throw notFound()
  decide(deps, caller, subject, a, visible)
  return { caller, member, dataset, subject }
}

/** Who asked it, and those whom a role in the dataset's organisation entitles. */
export async function inJob(
  deps: Deps,
  caller: Caller,
  jobId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InJob> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  // A pipeline run has addresses of its own; as a question to a dataset it is a job like others.
  if (!job || (job.kind === 'pipeline' && job.datasetId === '')) throw notFound()
  const member = await deps.table.get<MemberItem>(keyOf.member(job.organisationId, caller.userId))
  if (!member) throw notFound()
  const everything: Subject = { roles: member.roles, owner: job.userId === caller.userId }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, a, may(everything, 'job.read') || may(everything, 'job.check'))
  return { caller, member, job, subject }
}

export interface InSynthesis {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  synthesis: Item<SynthesisItem>
}

/** Its custodians; once it is shared, members of the organisation. */
export async function inSynthesis(
  deps: Deps,
  caller: Caller,
  synthesisId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InSynthesis> {
  const synthesis = await deps.table.get<SynthesisItem>(keyOf.synthesis(synthesisId))
  if (!synthesis) throw notFound()
  const member = await deps.table.get<MemberItem>(keyOf.member(synthesis.organisationId, caller.userId))
  if (!member) throw notFound()
  const everything: Subject = { roles: member.roles, shared: synthesis.shared }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, a, may(everything, 'synthesis.read'))
  return { caller, member, synthesis, subject }
}

export interface InPipeline {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  pipeline: Item<PipelineItem>
}
export interface InExperiment {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
  experiment: Item<ExperimentItem>
}
export interface InPipelineRun extends InExperiment {
  job: Item<JobItem & { run: PipelineRunFacts }>
}

/** Members of its organisation. */
export async function inPipeline(
  deps: Deps,
  caller: Caller,
  pipelineId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InPipeline> {
  const pipeline = await deps.table.get<PipelineItem>(keyOf.pipeline(pipelineId))
  if (!pipeline) throw notFound()
  const member = await deps.table.get<MemberItem>(keyOf.member(pipeline.organisationId, caller.userId))
  if (!member) throw notFound()
  const subject: Subject = { roles: member.roles, scopes: caller.token?.scopes }
  decide(deps, caller, subject, a, may({ roles: member.roles }, 'pipeline.read'))
  return { caller, member, subject, pipeline }
}

/** Whoever set it up; once it is shared, others of the organisation. */
export async function inExperiment(
  deps: Deps,
  caller: Caller,
  experimentId: string,
  a: { permission: Permission; recentLogin?: true },
  of: Partial<Subject> = {},
): Promise<InExperiment> {
  const experiment = await deps.table.get<ExperimentItem>(keyOf.experiment(experimentId))
  if (!experiment) throw notFound()
  const member = await deps.table.get<MemberItem>(keyOf.member(experiment.organisationId, caller.userId))
  if (!member) throw notFound()
  const everything: Subject = {
    roles: member.roles,
    owner: experiment.userId === caller.userId,
    shared: experiment.shared,
    ...of,
  }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, a, may(everything, 'experiment.read'))
  return { caller, member, subject, experiment }
}

/** A run is seen by whom its experiment is seen. */
export async function inPipelineRun(
  deps: Deps,
  caller: Caller,
  jobId: string,
  a: { permission: Permission; recentLogin?: true },
): Promise<InPipelineRun> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  if (!job?.run) throw notFound()
  return {
    ...(await inExperiment(deps, caller, job.run.experimentId, a, { confidential: job.datasetId !== '' })),
    job: job as InPipelineRun['job'],
  }
}

/** The participant's page: a run's own token and nothing else. An unknown run and a wrong token answer the same. */
export async function withRunToken(
  deps: Deps,
  runId: string,
  authorization: string | undefined,
): Promise<{ run: Item<RunItem> }> {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1]
  const run = token === undefined ? undefined : await deps.table.get<RunItem>(keyOf.run(runId))
  if (!run || hashNow(token!) !== run.tokenHash)
    throw new Failure('run-token-invalid', 'Records are accepted only with the token this run was started with.')
  return { run }
}

/** The access kinds, as the kernel dispatches them. */
export async function resolve(
  deps: Deps,
  access: Access,
  params: Record<string, string>,
  caller: Caller | undefined,
  authorization: string | undefined,
): Promise<object> {
  if (access.kind === 'anyone') return {}
  if (access.kind === 'run-token') return withRunToken(deps, params['runId']!, authorization)
  if (!caller) throw new Failure('sign-in-required', 'Your session has ended or the token is not valid. Sign in again.')
  switch (access.kind) {
    case 'person':
      return { caller }
    case 'organisation':
      return inOrganisation(deps, caller, params['organisationId']!, access)
    case 'study':
      return inStudy(deps, caller, params['studyId']!, access)
    case 'run':
      return inRun(deps, caller, params['runId']!, access)
    case 'dataset':
      return inDataset(deps, caller, params['datasetId']!, access)
    case 'job':
      return inJob(deps, caller, params['jobId']!, access)
    case 'synthesis':
      return inSynthesis(deps, caller, params['synthesisId']!, access)
    case 'pipeline':
      return inPipeline(deps, caller, params['pipelineId']!, access)
    case 'experiment':
      return inExperiment(deps, caller, params['experimentId']!, access)
    case 'pipeline-run':
      return inPipelineRun(deps, caller, params['jobId']!, access)
  }
}
