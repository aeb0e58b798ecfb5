/** What the table keeps of the audit chain. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    AUDIT: true
  }
}

export const auditEntities = {
  auditEvent: entity('AUDIT', {
    what: 'audit event',
    key: { pk: 'AUDIT#{organisationId}', sk: '{seq:12}' },
    owner: 'organisation',
    deletedBy: [],
    backedUp: 'kept',
    descendsFrom: [],
  }),
}
