/** What the table keeps of jobs, of whatever kind: runs of pipelines are jobs. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    JOB: true
  }
}

export const jobEntities = {
  job: entity('JOB', {
    what: 'job',
    key: { pk: 'JOB#{jobId}', sk: 'JOB' },
    index: {
      ofDataset: { gpk: 'DATASET#{datasetId}', gsk: 'JOB#{created}#{jobId}' },
      /** A run of a pipeline stands with its experiment. */
      ofExperiment: { gpk: 'EXPERIMENT#{experimentId}', gsk: 'RUN#{created}#{jobId}' },
    },
    owner: 'person',
    objects: {
      'protected/jobs/{jobId}/ask.json': ['job-forgotten'],
      'protected/jobs/{jobId}/log.json': { kept: 'part of what the job was' },
      'protected/jobs/{jobId}/kept.json': { kept: 'part of what the job was' },
      'protected/jobs/{jobId}/study.json': { kept: 'part of what the job was' },
      'protected/jobs/{jobId}/inputs/': ['job-ended'],
      'quarantine/jobs/{jobId}/': ['job-ended', 'bucket-rule'],
      'released/jobs/{jobId}/': { kept: 'it was released' },
      'released/runs/{jobId}/': { kept: 'other runs may begin with its artifacts' },
    },
    deletedBy: { kept: 'whoever asked answers for it, and so does what was released' },
    backedUp: 'kept',
    descendsFrom: ['DATASET', 'SYN', 'PIPELINE', 'EXPERIMENT'],
  }),
  /** Points at a job from its owner's side. */
  jobOwner: entity('JOB', {
    what: 'a job from its owner’s side',
    key: { pk: 'JOB#{jobId}', sk: 'OWNER' },
    index: {
      asked: { gpk: 'USER#{userId}', gsk: 'JOB#{created}#{jobId}' },
      pipelineRun: { gpk: 'USER#{userId}', gsk: 'RUN#{created}#{jobId}' },
    },
    owner: 'platform',
    deletedBy: { kept: 'as long as its job' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  /** Points at a run of a pipeline from its dataset's side: indexed as jobs are. */
  jobDataset: entity('JOB', {
    what: 'a pipeline run from its dataset’s side',
    key: { pk: 'JOB#{jobId}', sk: 'DATASET' },
    index: { ofDataset: { gpk: 'DATASET#{datasetId}', gsk: 'JOB#{created}#{jobId}' } },
    owner: 'platform',
    deletedBy: { kept: 'as long as its job' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  /**
   * There while the job is live: indexed by owner and time, so that counting a person's is one short query. Pipeline
   * runs stand apart, with a queue of their own; those that only wait to be forgotten come last and count for nobody.
   */
  jobLive: entity('JOB', {
    what: 'live job',
    key: { pk: 'JOB#{jobId}', sk: 'LIVE' },
    index: {
      asked: { gpk: 'JOB#LIVE', gsk: '{userId}#{created}#{jobId}' },
      pipelineRun: { gpk: 'JOB#LIVE', gsk: 'run:{userId}#{created}#{jobId}' },
      /** A held run waits for people, not for its turn. */
      heldRun: { gpk: 'JOB#LIVE', gsk: 'held:{userId}#{created}#{jobId}' },
      over: { gpk: 'JOB#LIVE', gsk: '~over#{created}#{jobId}' },
    },
    owner: 'platform',
    deletedBy: ['job-ended', 'job-forgotten'],
    backedUp: 'derived',
    descendsFrom: [],
  }),
  /** Names the jobs that hold one of a person's places, so that a limit is a condition of a write. */
  jobPlaces: entity('JOB', {
    what: 'a person’s places for jobs that are not over',
    key: { pk: 'JOB#places#{userId}', sk: '{line}' },
    owner: 'platform',
    deletedBy: { kept: 'one a person and kind, and small' },
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  /** Made when checkers are due. What waits for them (1) is read before what they have decided (0), newest first. */
  jobHeld: entity('JOB', {
    what: 'output that checkers wait for',
    key: { pk: 'JOB#{jobId}', sk: 'HELD' },
    index: {
      ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'HELD#{waiting:1}#{at}#{jobId}' },
    },
    owner: 'platform',
    deletedBy: { kept: 'as long as its job' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  vote: entity('JOB', {
    what: 'a checker’s vote',
    key: { pk: 'JOB#{jobId}', sk: 'VOTE#{userId}' },
    owner: 'organisation',
    deletedBy: { kept: 'whoever let an output out answers for it' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
}
