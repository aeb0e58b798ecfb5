/** What the table keeps of datasets: the catalogue, the budget, and what was told of each. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    DATASET: true
  }
}

export const datasetEntities = {
  dataset: entity('DATASET', {
    what: 'dataset',
    key: { pk: 'DATASET#{datasetId}', sk: 'DATASET' },
    index: {
      ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'DATASET#{created}#{datasetId}' },
      /** A file uploaded to make synthetic data of: not in the catalogue. */
      uploaded: { gpk: 'ORG#{organisationId}', gsk: 'UPLOAD#{created}#{datasetId}' },
    },
    owner: 'organisation',
    objects: {
      'protected/datasets/{datasetId}/blobs/': ['unnamed'],
      'protected/datasets/{datasetId}/reading.json': { kept: 'its schema is confirmed by it' },
    },
    deletedBy: { kept: 'what was released of it must stay explicable' },
    backedUp: 'kept',
    descendsFrom: ['STUDY'],
  }),
  datasetName: entity('DATASET', {
    what: 'a dataset’s name, taken',
    key: { pk: 'DATASET#name#{organisationId}#{name}', sk: 'NAME' },
    owner: 'organisation',
    deletedBy: { kept: 'a name stands for one dataset for ever' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  datasetVersion: entity('DATASET', {
    what: 'dataset version (schema, stored tables)',
    key: { pk: 'DATASET#{datasetId}', sk: 'VERSION#{version:6}' },
    owner: 'organisation',
    objects: { 'protected/datasets/{datasetId}/v{version}/': { kept: 'what was released of it must stay explicable' } },
    deletedBy: { kept: 'what was released of it must stay explicable' },
    backedUp: 'kept',
    descendsFrom: ['RUN'],
  }),
  /** Points at a dataset that discovery may name. */
  datasetListed: entity('DATASET', {
    what: 'dataset that discovery may name',
    key: { pk: 'DATASET#{datasetId}', sk: 'LISTED' },
    index: { byTime: { gpk: 'DATASET#LISTED', gsk: '{created}#{datasetId}' } },
    owner: 'platform',
    deletedBy: ['unlisted'],
    backedUp: 'derived',
    descendsFrom: [],
  }),
  /** Points at a dataset’s uploads, some of which nothing may name. */
  datasetUploads: entity('DATASET', {
    what: 'uploads of a dataset',
    key: { pk: 'DATASET#{datasetId}', sk: 'UPLOADS' },
    index: { byTime: { gpk: 'DATASET#UPLOADS', gsk: '{at}#{datasetId}' } },
    owner: 'platform',
    deletedBy: { kept: 'one a dataset, out of the index while nothing is to do' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  budget: entity('DATASET', {
    what: 'privacy budget, with its live reservations',
    key: { pk: 'DATASET#{datasetId}', sk: 'BUDGET' },
    owner: 'organisation',
    deletedBy: { kept: 'what was spent stays spent' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
  charge: entity('DATASET', {
    what: 'charge, for reading',
    key: { pk: 'DATASET#{datasetId}', sk: 'CHARGE#{at}#{jobId}#{what}' },
    owner: 'organisation',
    deletedBy: { kept: 'what was spent stays spent' },
    backedUp: 'kept',
    descendsFrom: ['JOB'],
  }),
  approval: entity('DATASET', {
    what: 'approval of one pinned analysis',
    key: { pk: 'DATASET#{datasetId}', sk: 'APPROVAL#{pin}' },
    owner: 'organisation',
    deletedBy: { kept: 'whoever approved it answers for it' },
    backedUp: 'kept',
    descendsFrom: ['JOB'],
  }),
  released: entity('DATASET', {
    what: 'what a person was told already (differencing)',
    key: { pk: 'DATASET#{datasetId}', sk: 'RELEASED#{userId}#{jobId}' },
    owner: 'organisation',
    deletedBy: { kept: 'differences are looked for among all that was told' },
    backedUp: 'kept',
    descendsFrom: ['JOB'],
  }),
  /** Where one item does not hold all the sets; the first part has no number. */
  releasedPart: entity('DATASET', {
    what: 'the same, further parts',
    key: { pk: 'DATASET#{datasetId}', sk: 'RELEASED#{userId}#{jobId}#{part:4}' },
    owner: 'organisation',
    deletedBy: { kept: 'differences are looked for among all that was told' },
    backedUp: 'kept',
    descendsFrom: ['JOB'],
  }),
}
