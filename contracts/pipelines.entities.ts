/** What the table keeps of pipelines and experiments; their runs are jobs (contracts/jobs.entities.ts). */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    PIPELINE: true
    EXPERIMENT: true
  }
}

export const pipelineEntities = {
  pipeline: entity('PIPELINE', {
    what: 'pipeline',
    key: { pk: 'PIPELINE#{pipelineId}', sk: 'PIPELINE' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'PIPELINE#{created}#{pipelineId}' } },
    owner: 'organisation',
    objects: { 'protected/pipelines/{pipelineId}/blobs/': ['unnamed'] },
    deletedBy: { kept: 'runs name it; it can be put away' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
  pipelineVersion: entity('PIPELINE', {
    what: 'pipeline version (definition, list of files)',
    key: { pk: 'PIPELINE#{pipelineId}', sk: 'VERSION#{version:6}' },
    owner: 'organisation',
    deletedBy: { kept: 'runs name it' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Its inputs may be uploads, what was released, or artifacts of other runs. */
  experiment: entity('EXPERIMENT', {
    what: 'experiment',
    key: { pk: 'EXPERIMENT#{experimentId}', sk: 'EXPERIMENT' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'EXPERIMENT#{created}#{experimentId}' } },
    owner: 'person',
    objects: {
      'protected/experiments/{experimentId}/blobs/': ['unnamed', 'experiment-deleted'],
      'protected/experiments/{experimentId}/inputs/': ['unnamed', 'experiment-deleted'],
    },
    deletedBy: ['experiment-deleted'],
    backedUp: 'kept',
    descendsFrom: ['PIPELINE', 'DATASET', 'JOB'],
  }),
  /** Point at uploads, some of which nothing may name. */
  pipelineUploads: entity('PIPELINE', {
    what: 'uploads of a pipeline’s code',
    key: { pk: 'PIPELINE#{pipelineId}', sk: 'UPLOADS' },
    index: { byTime: { gpk: 'PIPELINE#UPLOADS', gsk: '{at}#{pipelineId}' } },
    owner: 'platform',
    deletedBy: { kept: 'one a pipeline, out of the index while nothing is to do' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  experimentUploads: entity('EXPERIMENT', {
    what: 'uploads of an experiment',
    key: { pk: 'EXPERIMENT#{experimentId}', sk: 'UPLOADS' },
    index: { byTime: { gpk: 'EXPERIMENT#UPLOADS', gsk: '{at}#{experimentId}' } },
    owner: 'platform',
    deletedBy: ['experiment-deleted'],
    backedUp: 'derived',
    descendsFrom: [],
  }),
  runQueue: entity('JOB', {
    what: 'whose turn it is, of pipeline runs',
    key: { pk: 'JOB#queue', sk: 'QUEUE' },
    owner: 'platform',
    deletedBy: { kept: 'one for all' },
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
}
