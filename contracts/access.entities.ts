/** What the table keeps of people and organisations. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    USER: true
    ORG: true
    INVITE: true
    TOKEN: true
    DEVICE: true
    HEALTH: true
  }
}

export const accessEntities = {
  person: entity('USER', {
    what: 'person',
    key: { pk: 'USER#{userId}', sk: 'PROFILE' },
    index: { byEmail: { gpk: 'USER#email#{emailHash}', gsk: 'PROFILE#{userId}' } },
    owner: 'person',
    deletedBy: [],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  loginFailures: entity('USER', {
    what: 'failed sign-ins',
    key: { pk: 'USER#{userId}', sk: 'LOGIN-FAILURES' },
    owner: 'platform',
    deletedBy: [],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  organisation: entity('ORG', {
    what: 'organisation',
    key: { pk: 'ORG#{organisationId}', sk: 'ORG' },
    owner: 'organisation',
    deletedBy: [],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** One change at a time; the item stays, empty, between two changes. */
  roleChange: entity('ORG', {
    what: 'change of roles in hand',
    key: { pk: 'ORG#{organisationId}', sk: 'PEOPLE' },
    owner: 'platform',
    deletedBy: [],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  member: entity('ORG', {
    what: 'member',
    key: { pk: 'ORG#{organisationId}', sk: 'MEMBER#{userId}' },
    index: { ofPerson: { gpk: 'USER#{userId}', gsk: 'ORG#{organisationId}' } },
    owner: 'organisation',
    deletedBy: ['membership-ended'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Once it was accepted it leaves the index, not the table. */
  invitation: entity('INVITE', {
    what: 'invitation',
    key: { pk: 'INVITE#{invitationId}', sk: 'INVITE' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'INVITE#{created}' } },
    owner: 'organisation',
    deletedBy: ['revocation'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  token: entity('TOKEN', {
    what: 'access token',
    key: { pk: 'TOKEN#{tokenId}', sk: 'TOKEN' },
    index: { ofPerson: { gpk: 'USER#{userId}', gsk: 'TOKEN#{created}' } },
    owner: 'person',
    deletedBy: ['revocation'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Worth nothing after ten minutes, but nothing takes it away. */
  device: entity('DEVICE', {
    what: 'device login',
    key: { pk: 'DEVICE#{userCode}', sk: 'DEVICE' },
    owner: 'person',
    deletedBy: [],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  health: entity('HEALTH', {
    what: 'when the store last showed that it takes writes',
    key: { pk: 'HEALTH#store', sk: 'HEALTH' },
    owner: 'platform',
    deletedBy: [],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
}
