/** What the table keeps of participants' runs. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    RUN: true
  }
}

export const runEntities = {
  assignment: entity('STUDY', {
    what: 'assignment counter',
    key: { pk: 'STUDY#{studyId}', sk: 'ASSIGN#{version:6}' },
    owner: 'platform',
    deletedBy: ['study-deleted'],
    backedUp: 'kept',
    descendsFrom: ['RUN'],
  }),
  /** Withdrawn, it stays as a tombstone without key, pseudonym and records. */
  run: entity('RUN', {
    what: 'run',
    key: { pk: 'RUN#{runId}', sk: 'RUN' },
    /** Once its start is finished. */
    index: { ofStudy: { gpk: 'STUDY#{studyId}', gsk: 'RUN#{started}#{runId}' } },
    owner: 'participant',
    objects: { 'sealed/runs/{runId}/': ['withdrawal', 'unnamed', 'study-deleted'] },
    deletedBy: ['start-refused', 'study-deleted'],
    backedUp: 'kept',
    descendsFrom: ['STUDY', 'LINK'],
  }),
  /** Points at a run that the sweep must look at. */
  due: entity('RUN', {
    what: 'run the sweep must look at',
    key: { pk: 'RUN#{runId}', sk: 'DUE' },
    index: { byTime: { gpk: 'RUN#DUE', gsk: '{at}#{runId}' } },
    owner: 'platform',
    deletedBy: ['done', 'start-refused'],
    backedUp: 'derived',
    descendsFrom: [],
  }),
  /** By it a sweep knows that the clock it goes by stood later before. */
  sweepVisit: entity('RUN', {
    what: 'when the sweep came last',
    key: { pk: 'RUN#sweep', sk: 'VISIT' },
    owner: 'platform',
    deletedBy: { kept: 'one for all' },
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  /** How many and which: each is counted once, however often its link is asked for. */
  runObjects: entity('RUN', {
    what: 'sealed objects that a run was given links for',
    key: { pk: 'RUN#{runId}', sk: 'OBJECTS' },
    owner: 'platform',
    deletedBy: ['withdrawal', 'study-deleted'],
    backedUp: 'derived',
    descendsFrom: [],
  }),
  chunk: entity('RUN', {
    what: 'sealed chunk (by the number of its first record)',
    key: { pk: 'RUN#{runId}', sk: 'C#{first:10}' },
    owner: 'participant',
    deletedBy: ['withdrawal', 'study-deleted'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
}
