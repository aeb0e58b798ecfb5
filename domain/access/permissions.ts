/** Who may do what. Deny by default; handlers and portal read the same tables. */

export const roles = ['admin', 'custodian', 'researcher', 'analyst', 'checker', 'auditor'] as const
export type Role = (typeof roles)[number]

/** What each role is for, in a person's words. */
export const roleMeaning: Record<Role, string> = {
  admin: 'Manages people, roles and settings of the organisation',
  custodian: 'Answers for datasets and for every number that leaves',
  researcher: 'Makes studies, publishes and launches them',
  analyst: 'Asks questions of datasets it was given access to',
  checker: 'Checks outputs before they leave',
  auditor: 'Reads the audit chain',
}

/** Rights of one person on one study. The first two are given by default when somebody is added. */
export const studyRights = ['analyse', 'aggregates', 'edit', 'rows', 'pseudonyms', 'open', 'share', 'remove'] as const
export type StudyRight = (typeof studyRights)[number]
export const defaultStudyRights: readonly StudyRight[] = ['analyse', 'aggregates']

export const rightMeaning: Record<StudyRight, string> = {
  analyse: 'Run analyses',
  aggregates: 'See and download aggregates',
  edit: 'Change, publish and launch the study',
  rows: 'See the list of runs, without content',
  pseudonyms: 'See participants’ pseudonyms',
  open: 'Open full results',
  share: 'Manage sharing',
  remove: 'Remove people',
}

export type OrganisationPermission =
  | 'organisation.read'
  | 'people.read'
  | 'people.manage'
  | 'studies.list'
  | 'studies.create'
  | 'audit.read'
  | 'datasets.list'
  | 'datasets.create'
  | 'outputs.check'
  | 'syntheses.list'
  | 'syntheses.create'
  | 'pipelines.list'
  | 'pipelines.publish'
  | 'experiments.create'
export type StudyPermission =
  | 'study.read'
  | 'study.edit'
  | 'study.delete'
  | 'study.aggregates'
  | 'study.people'
  | 'study.share'
  | 'study.unshare'
  | 'runs.rows'
  | 'runs.open'
  | 'runs.withdraw'
/**
 * On one dataset: the catalogue entry, everything else of it, and asking questions (which its policy must allow as
 * well).
 */
export type DatasetPermission = 'dataset.read' | 'dataset.manage' | 'dataset.analyse'
/**
 * On one job: seeing it and its released results, steering it, and what only the custodian and the output checkers see.
 */
export type JobPermission = 'job.read' | 'job.steer' | 'job.approve' | 'job.inspect' | 'job.check'
/** On one synthetic table: whoever made it and the custodians steer it; others see it once it is shared. */
export type SynthesisPermission = 'synthesis.read' | 'synthesis.make'
/** On one pipeline: its definition and versions are the organisation's. */
export type PipelinePermission = 'pipeline.read' | 'pipeline.publish'
/**
 * On one experiment and its runs: whoever set it up (`owner`); others see it once it is shared. The log of a run on a
 * protected dataset is the custodian's alone.
 */
export type ExperimentPermission =
  | 'experiment.read'
  | 'experiment.edit'
  | 'experiment.run'
  | 'experiment.stop'
  | 'experiment.log'
export type Permission =
  | OrganisationPermission
  | StudyPermission
  | DatasetPermission
  | JobPermission
  | SynthesisPermission
  | PipelinePermission
  | ExperimentPermission

const byRole: Record<OrganisationPermission, readonly Role[]> = {
  'organisation.read': roles,
  'people.read': roles,
  'people.manage': ['admin'],
  'studies.list': roles,
  'studies.create': ['admin', 'researcher'],
  'audit.read': ['admin', 'custodian', 'auditor'],
  'datasets.list': roles,
  'datasets.create': ['custodian'],
  'outputs.check': ['checker'],
  'syntheses.list': roles,
  'syntheses.create': ['custodian'],
  'pipelines.list': roles,
  'pipelines.publish': ['researcher', 'custodian'],
  'experiments.create': ['researcher', 'analyst', 'custodian'],
}

const onPipeline: Record<PipelinePermission, readonly Role[]> = {
  'pipeline.read': roles,
  'pipeline.publish': ['researcher', 'custodian'],
}

/** Roles that the owner must still have, roles that a shared one is open to, and roles that may in any case. */
const onExperiment: Record<
  ExperimentPermission,
  { owner: readonly Role[]; shared: readonly Role[]; always: readonly Role[] }
> = {
  'experiment.read': {
    owner: roles,
    shared: ['researcher', 'analyst', 'custodian', 'admin', 'checker'],
    always: ['custodian', 'auditor'],
  },
  'experiment.edit': { owner: ['researcher', 'analyst', 'custodian'], shared: [], always: [] },
  'experiment.run': { owner: ['researcher', 'analyst', 'custodian'], shared: [], always: [] },
  'experiment.stop': { owner: roles, shared: [], always: ['custodian', 'admin'] },
  'experiment.log': {
    owner: roles,
    shared: ['researcher', 'analyst', 'custodian', 'admin', 'checker'],
    always: ['custodian', 'auditor'],
  },
}

/**
 * A dataset's permissions come from roles in its organisation; asking also needs the dataset's policy to name the
 * person (domain/datasets/policy.ts).
 */
const onDataset: Record<DatasetPermission, readonly Role[]> = {
  'dataset.read': roles,
  'dataset.manage': ['custodian'],
  'dataset.analyse': ['analyst', 'researcher', 'custodian'],
}

/** A job's permissions come from having asked it (`owner`), or from roles in the dataset's organisation. */
const onJob: Record<JobPermission, { owner: boolean; roles: readonly Role[] }> = {
  'job.read': { owner: true, roles: ['custodian', 'auditor'] },
  'job.steer': { owner: true, roles: ['custodian'] },
  'job.approve': { owner: false, roles: ['custodian'] },
  'job.inspect': { owner: false, roles: ['custodian'] },
  'job.check': { owner: false, roles: ['checker'] },
}

/** A synthetic table's permissions: roles in its organisation, for `shared` ones and for all. */
const onSynthesis: Record<SynthesisPermission, { shared: readonly Role[]; always: readonly Role[] }> = {
  'synthesis.read': { shared: ['analyst', 'researcher', 'admin', 'auditor', 'checker'], always: ['custodian'] },
  'synthesis.make': { shared: [], always: ['custodian'] },
}

/**
 * A study permission comes from a right on that study, or from a role in the study's organisation. Opening never comes
 * from a role.
 */
const byRight: Record<StudyPermission, { rights: readonly StudyRight[]; roles: readonly Role[] }> = {
  'study.read': { rights: studyRights, roles: ['admin', 'custodian', 'auditor'] },
  'study.edit': { rights: ['edit'], roles: [] },
  'study.delete': { rights: ['edit'], roles: [] },
  'study.aggregates': { rights: ['aggregates'], roles: [] },
  'study.people': { rights: studyRights, roles: ['admin', 'custodian', 'auditor'] },
  'study.share': { rights: ['share'], roles: ['admin'] },
  'study.unshare': { rights: ['remove'], roles: ['admin'] },
  'runs.rows': { rights: ['rows'], roles: [] },
  'runs.open': { rights: ['open'], roles: [] },
  'runs.withdraw': { rights: ['edit'], roles: ['custodian'] },
}

/** Scopes of a personal access token; a token never can more than its owner. */
export const scopes = [
  'studies:read',
  'studies:write',
  'runs:read',
  'runs:open',
  'people:read',
  'people:write',
  'audit:read',
  'datasets:read',
  'datasets:write',
  'jobs:read',
  'jobs:write',
  'outputs:check',
  'pipelines:read',
  'pipelines:write',
  'pipelines:run',
] as const
export type Scope = (typeof scopes)[number]
export const scopeMeaning: Record<Scope, string> = {
  'studies:read': 'Read studies, versions, links and figures',
  'studies:write': 'Create, publish and launch studies',
  'runs:read': 'Read the list of runs, without content',
  'runs:open': 'Open results (within 15 minutes of the sign-in that made the token)',
  'people:read': 'Read people and roles',
  'people:write': 'Invite people, change roles and sharing',
  'audit:read': 'Read and verify the audit chain',
  'datasets:read': 'Read the catalogue of datasets',
  'datasets:write': 'Register datasets and change their policies',
  'jobs:read': 'Read one’s analyses and released results',
  'jobs:write': 'Ask questions of datasets',
  'outputs:check': 'Check outputs',
  'pipelines:read': 'Read pipelines, experiments, runs and their logs',
  'pipelines:write': 'Publish pipelines and set up experiments',
  'pipelines:run': 'Start and stop runs',
}

const scopeOf: Record<Permission, Scope> = {
  'organisation.read': 'studies:read',
  'people.read': 'people:read',
  'people.manage': 'people:write',
  'studies.list': 'studies:read',
  'studies.create': 'studies:write',
  'audit.read': 'audit:read',
  'study.read': 'studies:read',
  'study.edit': 'studies:write',
  'study.delete': 'studies:write',
  'study.aggregates': 'studies:read',
  'study.people': 'people:read',
  'study.share': 'people:write',
  'study.unshare': 'people:write',
  'runs.rows': 'runs:read',
  'runs.open': 'runs:open',
  'runs.withdraw': 'studies:write',
  'datasets.list': 'datasets:read',
  'datasets.create': 'datasets:write',
  'outputs.check': 'outputs:check',
  'syntheses.list': 'datasets:read',
  'syntheses.create': 'datasets:write',
  'synthesis.read': 'datasets:read',
  'synthesis.make': 'datasets:write',
  'pipelines.list': 'pipelines:read',
  'pipelines.publish': 'pipelines:write',
  'experiments.create': 'pipelines:write',
  'pipeline.read': 'pipelines:read',
  'pipeline.publish': 'pipelines:write',
  'experiment.read': 'pipelines:read',
  'experiment.edit': 'pipelines:write',
  'experiment.run': 'pipelines:run',
  'experiment.stop': 'pipelines:run',
  'experiment.log': 'pipelines:read',
  'dataset.read': 'datasets:read',
  'dataset.manage': 'datasets:write',
  'dataset.analyse': 'jobs:write',
  'job.read': 'jobs:read',
  'job.steer': 'jobs:write',
  'job.approve': 'datasets:write',
  'job.inspect': 'datasets:write',
  'job.check': 'outputs:check',
}

/** Who is asking, as far as a decision needs to know. `scopes` is absent for a person at the portal. */
export interface Subject {
  roles: readonly Role[]
  rights?: readonly StudyRight[]
  scopes?: readonly Scope[]
  /** Of the job or experiment in question. */
  owner?: boolean
  /** The synthetic table or experiment in question is shared. */
  shared?: boolean
  /** The run in question has a protected dataset among its inputs. */
  confidential?: boolean
}

const hasOneOf = (who: Subject, allowed: readonly Role[]): boolean => who.roles.some((role) => allowed.includes(role))

function mayOnExperiment(who: Subject, permission: ExperimentPermission): boolean {
  if (permission === 'experiment.log' && who.confidential === true) return who.roles.includes('custodian')
  const rule = onExperiment[permission]
  return (
    hasOneOf(who, rule.always) ||
    (who.owner === true && hasOneOf(who, rule.owner)) ||
    (who.shared === true && hasOneOf(who, rule.shared))
  )
}

function mayOnSynthesis(who: Subject, permission: SynthesisPermission): boolean {
  const rule = onSynthesis[permission]
  return hasOneOf(who, rule.always) || (who.shared === true && hasOneOf(who, rule.shared))
}

function mayOnJob(who: Subject, permission: JobPermission): boolean {
  const rule = onJob[permission]
  return (rule.owner && who.owner === true) || hasOneOf(who, rule.roles)
}

/** Whoever is not, or no longer, a member has no role; rights on a study do not outlive membership. */
function mayOnStudy(who: Subject, permission: StudyPermission): boolean {
  if (who.roles.length === 0) return false
  const rule = byRight[permission]
  return hasOneOf(who, rule.roles) || (who.rights ?? []).some((right) => rule.rights.includes(right))
}

/**
 * Whether this person or token may do this. Deny by default: true only when a role or right grants it and the token's
 * scopes (if any) cover it.
 */
export function may(who: Subject, permission: Permission): boolean {
  if (who.scopes && !who.scopes.includes(scopeOf[permission])) return false
  if (permission in byRole) return hasOneOf(who, byRole[permission as OrganisationPermission])
  if (permission in onDataset) return hasOneOf(who, onDataset[permission as DatasetPermission])
  if (permission in onPipeline) return hasOneOf(who, onPipeline[permission as PipelinePermission])
  if (permission in onExperiment) return mayOnExperiment(who, permission as ExperimentPermission)
  if (permission in onSynthesis) return mayOnSynthesis(who, permission as SynthesisPermission)
  if (permission in onJob) return mayOnJob(who, permission as JobPermission)
  return mayOnStudy(who, permission as StudyPermission)
}

interface PermissionRow {
  permission: Permission
  roles: readonly Role[]
  rights: readonly (StudyRight | 'owner' | 'shared')[]
  scope: Scope
}

/** The rows of one table of rules; `read` says which roles and which rights one rule names. */
const rowsOf = <R>(
  rules: Readonly<Record<string, R>>,
  read: (rule: R) => Pick<PermissionRow, 'roles' | 'rights'>,
): PermissionRow[] =>
  Object.entries(rules).map(([name, rule]) => {
    const permission = name as Permission
    return { permission, ...read(rule), scope: scopeOf[permission] }
  })

const rolesAlone = (allowed: readonly Role[]): Pick<PermissionRow, 'roles' | 'rights'> => ({
  roles: allowed,
  rights: [],
})
const sharedIf = (shared: readonly Role[]): 'shared'[] => (shared.length > 0 ? ['shared'] : [])

/** A row for each permission, with the roles, rights and token scope that grant it: for documentation and tests. */
export const permissionTable = (): PermissionRow[] => [
  ...rowsOf(byRole, rolesAlone),
  ...rowsOf(byRight, (rule) => ({ roles: rule.roles, rights: rule.rights })),
  ...rowsOf(onDataset, rolesAlone),
  ...rowsOf(onJob, (rule) => ({ roles: rule.roles, rights: rule.owner ? ['owner'] : [] })),
  ...rowsOf(onPipeline, rolesAlone),
  ...rowsOf(onExperiment, (rule) => ({ roles: rule.always, rights: ['owner', ...sharedIf(rule.shared)] })),
  ...rowsOf(onSynthesis, (rule) => ({ roles: rule.always, rights: sharedIf(rule.shared) })),
]

/** Opening results needs a login at most this old. */
export const recentLoginSeconds = 15 * 60
