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
    objects: { 'protected/pipelines/{pipelineId}/blobs/': [] },
    deletedBy: [],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  pipelineVersion: entity('PIPELINE', {
    what: 'pipeline version (definition, list of files)',
    key: { pk: 'PIPELINE#{pipelineId}', sk: 'VERSION#{version:6}' },
    owner: 'organisation',
    deletedBy: [],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Its inputs may be uploads, what was released, or artifacts of other runs. Deleting it leaves the objects. */
  experiment: entity('EXPERIMENT', {
    what: 'experiment',
    key: { pk: 'EXPERIMENT#{experimentId}', sk: 'EXPERIMENT' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'EXPERIMENT#{created}#{experimentId}' } },
    owner: 'person',
    objects: {
      'protected/experiments/{experimentId}/blobs/': [],
      'protected/experiments/{experimentId}/inputs/': [],
    },
    deletedBy: ['experiment-deleted'],
    backedUp: 'kept',
    descendsFrom: ['PIPELINE', 'DATASET', 'JOB'],
  }),
  runQueue: entity('JOB', {
    what: 'whose turn it is, of pipeline runs',
    key: { pk: 'JOB#queue', sk: 'QUEUE' },
    owner: 'platform',
    deletedBy: [],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
}
