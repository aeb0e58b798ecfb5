/** What the table keeps of the audit chain. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    AUDIT: true
  }
}

export const auditEntities = {
  auditEvent: entity('AUDIT', {
    what: 'audit event, or several written at once (by the number of the first)',
    key: { pk: 'AUDIT#{organisationId}', sk: '{seq:12}' },
    owner: 'organisation',
    deletedBy: { kept: 'a chain with a link missing proves nothing' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** There while several writers meet: whoever comes next writes all that wait as one block. */
  auditWaiting: entity('AUDIT', {
    what: 'audit events that wait for their place in the chain',
    key: { pk: 'AUDIT#waiting#{organisationId}', sk: '{entryId}' },
    owner: 'platform',
    deletedBy: ['done'],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
}
