/** What the table keeps of synthetic data. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    SYN: true
  }
}

export const synthesisEntities = {
  /** Expired, it keeps its card and what it was made of. */
  synthesis: entity('SYN', {
    what: 'synthesis',
    key: { pk: 'SYN#{synthesisId}', sk: 'SYNTHESIS' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'SYNTHESIS#{created}#{synthesisId}' } },
    owner: 'organisation',
    objects: {
      'protected/synthesis/{synthesisId}/': { kept: 'its card is explained by it' },
      'released/synthesis/{synthesisId}/{jobId}/': ['expiry'],
      'released/synthesis/{synthesisId}/evaluation-{jobId}.json': { kept: 'it was released' },
    },
    deletedBy: { kept: 'expired, its card still says what was made of what' },
    backedUp: 'kept',
    descendsFrom: ['DATASET'],
  }),
  /** Points at a synthesis whose files go on a day. */
  synthesisDue: entity('SYN', {
    what: 'synthesis with a day on which its files go',
    key: { pk: 'SYN#{synthesisId}', sk: 'DUE' },
    index: { byDay: { gpk: 'SYN#DUE', gsk: '{expires}#{synthesisId}' } },
    owner: 'platform',
    deletedBy: ['done'],
    backedUp: 'derived',
    descendsFrom: [],
  }),
}
