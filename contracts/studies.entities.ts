/** What the table keeps of studies. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    STUDY: true
    LINK: true
  }
}

export const studyEntities = {
  /** Uploaded assets belong to the organisation: they are shared between studies and stay when one is deleted. */
  study: entity('STUDY', {
    what: 'study',
    key: { pk: 'STUDY#{studyId}', sk: 'STUDY' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'STUDY#{created}#{studyId}' } },
    owner: 'organisation',
    objects: { 'assets/blobs/{organisationId}/': ['unnamed'] },
    deletedBy: ['study-deleted'],
    backedUp: 'kept',
    descendsFrom: ['STUDY'],
  }),
  studyPerson: entity('STUDY', {
    what: 'study person (rights)',
    key: { pk: 'STUDY#{studyId}', sk: 'PERSON#{userId}' },
    index: { ofPerson: { gpk: 'USER#{userId}', gsk: 'STUDY#{studyId}' } },
    owner: 'organisation',
    deletedBy: ['revocation', 'membership-ended', 'study-deleted'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Published files are known by their content: a copy of the study shows the same ones. */
  version: entity('STUDY', {
    what: 'study version',
    key: { pk: 'STUDY#{studyId}', sk: 'VERSION#{version:6}' },
    owner: 'organisation',
    objects: { 'assets/s/{contentHash}/': { kept: 'copies of the study show the same' } },
    deletedBy: ['study-deleted'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Points at an organisation’s uploads, some of which nothing may name. */
  studyUploads: entity('STUDY', {
    what: 'uploads of an organisation’s studies',
    key: { pk: 'STUDY#assets#{organisationId}', sk: 'UPLOADS' },
    index: { byTime: { gpk: 'STUDY#UPLOADS', gsk: '{at}#{organisationId}' } },
    owner: 'platform',
    deletedBy: { kept: 'one an organisation, out of the index while nothing is to do' },
    backedUp: 'derived',
    descendsFrom: [],
  }),
  /** Points at a deleted study, some of whose runs and links the index may not have shown yet. */
  studyRest: entity('STUDY', {
    what: 'what a deleted study may have left',
    key: { pk: 'STUDY#{studyId}', sk: 'REST' },
    index: { byTime: { gpk: 'STUDY#REST', gsk: '{at}#{studyId}' } },
    owner: 'platform',
    deletedBy: ['done'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  link: entity('LINK', {
    what: 'link',
    key: { pk: 'LINK#{code}', sk: 'LINK' },
    index: { ofStudy: { gpk: 'STUDY#{studyId}', gsk: 'LINK#{created}#{code}' } },
    owner: 'organisation',
    deletedBy: ['study-deleted'],
    backedUp: 'kept',
    descendsFrom: ['STUDY'],
  }),
}
