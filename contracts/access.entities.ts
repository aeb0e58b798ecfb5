/** What the table keeps of people and organisations. */
import { entity } from './entity.ts'

declare module './entity.ts' {
  interface EntityPrefixes {
    INTENT: true
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
    deletedBy: { kept: 'grants and chains name people by it' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
  loginFailures: entity('USER', {
    what: 'failed sign-ins',
    key: { pk: 'USER#{userId}', sk: 'LOGIN-FAILURES' },
    owner: 'platform',
    deletedBy: ['expiry'],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  organisation: entity('ORG', {
    what: 'organisation',
    key: { pk: 'ORG#{organisationId}', sk: 'ORG' },
    owner: 'organisation',
    deletedBy: { kept: 'all that it owns hangs on it' },
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** One change at a time; the item stays, empty, between two changes. */
  roleChange: entity('ORG', {
    what: 'change of roles in hand',
    key: { pk: 'ORG#{organisationId}', sk: 'PEOPLE' },
    owner: 'platform',
    deletedBy: { kept: 'one an organisation, empty between two changes' },
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
  groupRule: entity('ORG', {
    what: 'rule that gives a group of the campus’ sign-in a role',
    key: { pk: 'ORG#{organisationId}', sk: 'GROUP-RULE#{ruleId}' },
    index: { ofInstallation: { gpk: 'ORG#group-rules', gsk: '{organisationId}#{ruleId}' } },
    owner: 'organisation',
    deletedBy: ['revocation'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  invitation: entity('INVITE', {
    what: 'invitation',
    key: { pk: 'INVITE#{invitationId}', sk: 'INVITE' },
    index: { ofOrganisation: { gpk: 'ORG#{organisationId}', gsk: 'INVITE#{created}' } },
    owner: 'organisation',
    deletedBy: ['revocation', 'expiry'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  token: entity('TOKEN', {
    what: 'access token',
    key: { pk: 'TOKEN#{tokenId}', sk: 'TOKEN' },
    index: { ofPerson: { gpk: 'USER#{userId}', gsk: 'TOKEN#{created}' } },
    owner: 'person',
    deletedBy: ['revocation', 'expiry'],
    backedUp: 'kept',
    descendsFrom: [],
  }),
  /** Of a span of ten minutes, by network and in all. */
  deviceStarts: entity('DEVICE', {
    what: 'device logins that were begun',
    key: { pk: 'DEVICE#starts#{span}#{from}', sk: 'STARTS' },
    owner: 'platform',
    deletedBy: ['expiry'],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  /** By a digest of caller, route and key. What is made follows from its seed, so that a repeat makes the same. */
  intent: entity('INTENT', {
    what: 'key of a request that starts something',
    key: { pk: 'INTENT#{digest}', sk: 'INTENT' },
    owner: 'person',
    deletedBy: ['expiry'],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  device: entity('DEVICE', {
    what: 'device login',
    key: { pk: 'DEVICE#{userCode}', sk: 'DEVICE' },
    owner: 'person',
    deletedBy: ['expiry'],
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
  health: entity('HEALTH', {
    what: 'when the store last showed that it takes writes',
    key: { pk: 'HEALTH#store', sk: 'HEALTH' },
    owner: 'platform',
    deletedBy: { kept: 'one for all' },
    backedUp: 'fleeting',
    descendsFrom: [],
  }),
}
