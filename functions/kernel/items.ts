/** What the table keeps, entity by entity; their keys are declared in contracts/ (docs/architecture.md, section 3). */
import { accessEntities } from '../../contracts/access.entities.ts'
import { auditEntities } from '../../contracts/audit.entities.ts'
import { datasetEntities } from '../../contracts/datasets.entities.ts'
import { indexesOf, keysOf } from '../../contracts/entity.ts'
import { jobEntities } from '../../contracts/jobs.entities.ts'
import { pipelineEntities } from '../../contracts/pipelines.entities.ts'
import { runEntities } from '../../contracts/runs.entities.ts'
import { studyEntities } from '../../contracts/studies.entities.ts'
import { synthesisEntities } from '../../contracts/synthesis.entities.ts'
import type { RuleRole } from '../../domain/access/group-rules.ts'
import type { Role, Scope, StudyRight } from '../../domain/access/permissions.ts'
import type { Condition } from '../../domain/runs/assignment.ts'
import type { LinkKind } from '../../domain/studies/links.ts'
import type { Runtime, StudyState } from '../../domain/studies/life.ts'
import type { RunState } from '../../domain/runs/life.ts'

import type { DatasetPolicy, Language, ReleaseMode } from '../../domain/datasets/policy.ts'
import type { DatasetState } from '../../domain/datasets/life.ts'
import type { Finding } from '../../domain/release/policy.ts'
import type { JobProblem } from '../../domain/release/job-codes.ts'
import type { Cohort } from '../../domain/datasets/cohort.ts'
import type { JobKind, JobState, JobStep } from '../../domain/jobs/life.ts'
import type { Confinement } from '../../domain/release/run-report.ts'
import type { PipelineDefinition, PipelineRuntime, Resources } from '../../domain/pipelines/definition.ts'
import type { Values } from '../../domain/pipelines/parameters.ts'
import type { SynthesisState } from '../../domain/synthesis/life.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import type { StoredData } from '../../ports/engine.ts'

export interface PersonProfile {
  userId: string
  name: string
  email: string
  seen: string
}
export interface OrganisationItem {
  organisationId: string
  name: string
  kid: string
  created: string
  /** Open only to sign-ins by two factors. */
  secondFactor?: true
}
export interface MemberItem {
  organisationId: string
  organisation: string
  userId: string
  roles: Role[]
  /** Those of `roles` that a rule gave (contracts/access.ts, `groupRules`). */
  byRule?: Role[]
  /** Of this time that they belong: rights on studies count for the time that they were given in. */
  membership?: string
  since: string
}
export interface GroupRuleItem {
  ruleId: string
  organisationId: string
  group: string
  role: RuleRole
  /** An admin; a rule counts for as long as they are one. */
  madeBy: string
  created: string
}
export interface InvitationItem {
  invitationId: string
  organisationId: string
  email: string
  roles: Role[]
  created: string
  expires: string
  invitedBy: string
}
/** A key of a request that starts something (functions/kernel/intent.ts). */
export interface IntentItem {
  /** Of what came with the key: the same key for something else is refused. */
  bodyHash: string
  /** What ids and secrets of what is made follow from; the latter with the installation's key. */
  seed: string
  /** Another request came with it. */
  others?: true
  done?: true
  answer?: string
}
export interface TokenItem {
  tokenId: string
  userId: string
  name: string
  scopes: Scope[]
  hash: string
  created: string
  expires: string
  loginAt: number
  /** It was made in a sign-in by two factors. */
  secondFactor?: true
  lastUsed?: string
  madeBy: 'portal' | 'device'
}
export interface DeviceItem {
  userCode: string
  secretHash: string
  name: string
  scopes: Scope[]
  created: string
  expires: string
  state: 'pending' | 'approved' | 'collected'
  userId?: string
  loginAt?: number
  secondFactor?: true
  days?: number
}
export interface StudyItem {
  studyId: string
  organisationId: string
  title: string
  description: string
  state: StudyState
  runtime: Runtime
  redirectHosts: string[]
  version: number
  created: string
  changed: string
  /** Since when somebody is deleting it: nothing of it changes any more, and no run comes to light. */
  deleting?: string
}
export interface StudyPersonItem {
  studyId: string
  organisationId: string
  userId: string
  rights: StudyRight[]
  /** The membership in which they were given (`MemberItem`); others of the same person have none of them. */
  membership?: string
  since: string
}
/**
 * The configuration lies in the object store at `s/<contentHash>/.cloister/version.json`; the item keeps what lists
 * show.
 */
export interface VersionItem {
  studyId: string
  version: number
  contentHash: string
  kind: 'timeline' | 'web'
  note: string
  published: string
  publishedBy: string
  assets: number
  bytes: number
  conditions?: Condition[]
}
export interface LinkItem {
  code: string
  studyId: string
  organisationId: string
  kind: LinkKind
  label: string
  created: string
  expires: string
  quota?: number
  started: number
  revoked: boolean
  usedBy?: string
  completionUrl?: string
  abortUrl?: string
  outsideIdParameter?: string
  pseudonym?: string
  /** Sealed objects of its runs, and their bytes: missing before the first. */
  objects?: number
  objectBytes?: number
  /** The newest of them, some of which their run may not name yet: none is counted twice. */
  taking?: TakenObject[]
  /** The newest runs that were counted in `started`, so that a retried start is not counted again. */
  recent?: string[]
}
export interface RunItem {
  runId: string
  studyId: string
  organisationId: string
  code: string
  version: number
  contentHash: string
  condition: string
  seed: number
  preview: boolean
  pseudonym?: string
  state: RunState
  started: string
  last: string
  ended?: string
  kid: string
  wrappedKey?: string
  tokenHash: string
  through: number
  received: number
  produced: number
  position: number
  bytes: number
  conflicts: number
  endSeq?: number
  endHash?: string
  /** Bytes of the chunks that begin at or before `through`. */
  bytesThrough?: number
  /** When its counters were brought up to date, by the clock of whoever did it. */
  counted?: string
  /** When the sweep looks at it, as far as it was planned while records came. */
  look?: string
  /** Links for sealed objects were given. */
  objects?: true
  /** Changes of its slot so far: odd while the run holds one (domain/runs/assignment.ts). */
  slot?: number
  /** The start is not finished: no link, no slot and no index entry yet. */
  pending?: true
  withdrawn?: string
}
/** When the sweep last came: a clock that was set back since is noticed by it. */
export interface SweepVisitItem {
  at: string
}
/** A sealed object that a link has counted and its run may not have yet. */
export interface TakenObject {
  runId: string
  sha256: string
  size: number
}
/** Sealed objects that a run was given links for: the SHA-256 of each, and their bytes together. */
export interface RunObjectsItem {
  asked: string[]
  bytes: number
}
export interface ChunkItem {
  first: number
  last: number
  records: {
    op: string
    part: string
    jwe: string
    object?: { sha256: string; size: number }
    end?: { last: number; hash: string }
  }[]
  hashes: string[]
  bytes: number
  at: string
  /** Grows with every chunk of a run: what was stored first stands where chunks overlap. */
  order: number
  produced: number
  position: number
  /** Of the run's end record, when it is in this chunk. */
  end?: { last: number; hash: string }
  /** SHA-256 of the objects that its records name; chunks stored by 0.1.0 do not say. */
  objects?: string[]
}

/** A dataset; its published schema and stored tables lie in its version items. */
export interface DatasetItem {
  datasetId: string
  organisationId: string
  name: string
  title: string
  description: string
  declaredSubjects?: string
  state: DatasetState
  /** The published version; 0 before the first. */
  version: number
  policy: DatasetPolicy
  created: string
  changed: string
  /** The job that reads or stores its files now, or did last. */
  readingJob?: string
  /** What that job was asked to do (functions/stores/registration-job.ts). */
  readingAct?: 'read' | 'store' | 'from-study'
  problem?: { file: string; line?: number; reason: string }
  study?: string
  /** Of the request that made it, when that had a key: its repeat finds it. */
  intent?: string
}
/** `hash` is over the stored tables' hashes and the schema. */
export interface DatasetVersionItem {
  datasetId: string
  version: number
  data: StoredData
  files: { path: string; sha256: string; size: number }[]
  hash: string
  outside: Record<string, number>
  published: string
  publishedBy: string
  /** The job that stored it. */
  jobId: string
  /**
   * Set when the files are too many for an item: they are listed in this object of the bucket `protected`, and `files`
   * holds those of the tables alone (functions/datasets/files.ts).
   */
  filesKey?: string
}
/** Nano-rho, integers; a live reservation is the attribute `hold_<jobId>` (domain/privacy/ledger.ts). */
export interface BudgetItem {
  datasetId: string
  limit: number
  available: number
  spent: number
}
export interface ChargeItem {
  datasetId: string
  jobId: string
  userId: string
  what: 'reserved' | 'committed' | 'returned'
  nanoRho: number
  at: string
}
export interface ApprovalItem {
  datasetId: string
  pin: string
  jobId: string
  by: string
  at: string
}
/**
 * A table of a dataset's synthetic twin: the synthesis, the job that made it, and the path of the real table's file.
 */
export interface TwinTable {
  synthesisId: string
  madeBy: string
  table: string
  file: string
  epsilon: number
}
export interface JobItem {
  jobId: string
  kind: JobKind
  title: string
  state: JobState
  waiting?: 'turn' | 'approval' | 'checkers' | 'answer'
  organisationId: string
  datasetId: string
  datasetVersion: number
  userId: string
  language?: Language
  mode?: ReleaseMode
  purpose: string
  cohort: Cohort
  epsilon?: number
  pin: string
  /** Of the Ask, in the bucket `protected`; the job's key tells a repeated request from another one. */
  askHash: string
  created: string
  ended?: string
  /** Grows when the workflow starts it again after a crash; its execution is named by both. */
  attempt: number
  /** The attempt of which a step is at work; absent while it waits for a place. */
  working?: number
  /** How many attempts went down with a step at work. */
  strikes?: number
  steps: Partial<Record<JobStep, { started: string; ended?: string; failed?: true }>>
  problem?: JobProblem
  findings?: Finding[]
  confinement?: Confinement | 'duckdb'
  /**
   * What the steps have decided; settling makes it the state. `drawn` names the one decision whose noise counts
   * (functions/release/decision.ts).
   */
  outcome?: 'succeeded' | 'blocked' | 'failed' | 'held'
  drawn?: string
  /** Nano-rho reserved for it, until it is committed or given back. */
  charge?: number
  charged?: 'reserved' | 'committed' | 'returned'
  /** Counted by the platform; never shown to the analyst as it is. The fingerprint stands for the set of them. */
  subjects?: number
  fingerprint?: string
  released?: string
  questions?: { by: 'checker' | 'analyst'; text: string; at: string }[]
  votes?: number
  /** Tried on these synthetic tables instead of the data. */
  twin?: TwinTable[]
  /** Of kind `pipeline`. */
  run?: PipelineRunFacts
}
/** What makes a pipeline run what it is, and what it came to. Everything above `began` never changes. */
export interface PipelineRunFacts {
  experimentId: string
  pipelineId: string
  pipeline: string
  version: number
  number: number
  codeHash: string
  /** Defaults filled in. */
  parameters: Values
  resources: Resources
  inputs: { name: string; files: number; bytes: number; hash: string }[]
  /** The dataset's input. */
  dataset?: string
  againOf?: string
  sweep?: { id: string; label: string }
  /** Its turn has come: the workflow may start it. */
  granted?: string
  began?: string
  finished?: string
  seconds?: number
  exitCode?: number
  signal?: string
  missing?: string
  cpuSeconds?: number
  peakMemoryBytes?: number
  image?: string
  metrics?: { name: string; value: number; step?: number }[]
  steps?: { name: string; at: string }[]
  artifacts?: number
  bytes?: number
  leftOut?: number
}
export interface PipelineItem {
  pipelineId: string
  organisationId: string
  name: string
  title: string
  description: string
  runtime: PipelineRuntime
  version: number
  parameters: number
  archived: boolean
  created: string
  changed: string
}
export interface PipelineVersionItem {
  pipelineId: string
  version: number
  definition: PipelineDefinition
  files: { path: string; size: number; sha256: string }[]
  codeHash: string
  note: string
  published: string
  publishedBy: string
}
/**
 * A file of an input: uploaded or written out of a release (then in the experiment's own blobs), or an artifact of
 * another run where that lies.
 */
export interface ExperimentFile {
  path: string
  size: number
  sha256: string
  from: 'upload' | 'release' | 'run'
  jobId?: string
  slot?: number
}
export interface ExperimentItem {
  experimentId: string
  organisationId: string
  pipelineId: string
  version: number
  userId: string
  title: string
  description: string
  parameters: Record<string, unknown>
  resources: Partial<Resources>
  /** Files lie in the object `experiments/<id>/inputs-<hash>.json`, as there may be thousands. */
  inputs: { name: string; hash: string; files: number; bytes: number; datasetId?: string }[]
  shared: boolean
  archived: boolean
  created: string
  changed: string
  runs: number
  last?: string
  /** It is about to go: nothing begins in it any more. */
  deleted?: true
}
/** The one item that says whose turn it is. */
export interface RunQueueItem {
  turn: number
  atWork: { run: string; owner: string; turn: number }[]
  served: Record<string, number>
}
/** Which jobs hold a place of a person, with the time at which each took it (domain/jobs/places.ts). */
export interface JobPlacesItem {
  line: 'questions' | 'runs'
  held: Record<string, string>
}
export interface VoteItem {
  jobId: string
  userId: string
  vote: 'approve' | 'reject'
  comment: string
  at: string
}
/** What a person was already told of a dataset: the sets of subjects behind released cells (differencing). */
export interface ReleasedItem {
  datasetId: string
  version: number
  userId: string
  jobId: string
  at: string
  /** Nothing was told: these sets were refused because they were too near to others. */
  refused?: true
  cells: {
    subjects: number
    fingerprint: string
    /** Of the subjects alone, where the fingerprint is of rows. */
    people?: string
    selection: string
    /** What picks the set, as a digest; empty when no condition of the asker’s own making does. */
    asked?: string
  }[]
}

/**
 * A synthetic table in the making or made. Its plan lies here; card and files in the bucket `released`, what only the
 * custodian may see in `protected`.
 */
export interface SynthesisItem {
  synthesisId: string
  organisationId: string
  datasetId: string
  datasetVersion: number
  table: string
  userId: string
  title: string
  state: SynthesisState
  plan?: SynthesisPlan
  planHash?: string
  /** The job that makes it, or made it. */
  jobId?: string
  /** Every job that was to make it, by plan, oldest first: what one of them paid for is not paid again. */
  attempts: {
    planHash: string
    jobId: string
  }[]
  upload?: { path: string; size: number; sha256: string }
  /** The job that read the upload. */
  readingJob?: string
  created: string
  changed: string
  expires?: string
  shared: boolean
  /** Jobs that compared it with the real table. */
  evaluations: string[]
}

const entities = {
  ...accessEntities,
  ...studyEntities,
  ...runEntities,
  ...datasetEntities,
  ...jobEntities,
  ...pipelineEntities,
  ...synthesisEntities,
  ...auditEntities,
}

/**
 * The key of every item, from the declarations: `keyOf.version(studyId, 3)` takes the fields in the order in which the
 * templates name them; `.partition` and `.prefix` are for queries, `.read` is the way back.
 */
export const keyOf = keysOf(entities)

/**
 * The place of every item in the index, from the declarations: `indexKeyOf.study.ofOrganisation(study)` takes the item
 * or whatever has the fields; `.partition`, `.prefix` and `.read` as with keys.
 */
export const indexKeyOf = indexesOf(entities)
