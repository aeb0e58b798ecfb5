/** People: sessions, organisations, members, invitations, personal access tokens, device sign-in. */
import * as z from 'zod'
import { roles, scopes } from '../domain/access/permissions.ts'
import { area, route } from './route.ts'
import { Email, Instant, Name, Nothing, OrganisationId, page, PageQuery, Rev, TokenId, UserId } from './shapes.ts'

const RoleSet = z.array(z.enum(roles)).min(1).max(roles.length).transform((r) => [...new Set(r)])
export const Membership = z.object({ organisationId: OrganisationId, organisation: Name, roles: z.array(z.enum(roles)), since: Instant })
export const Me = z.object({
  userId: UserId, name: z.string(), email: z.string(),
  memberships: z.array(Membership),
  mayCreateOrganisation: z.boolean(),
  /** When the person last typed a password (or the token was made): opening results needs this to be recent. */
  loginAt: Instant,
  token: z.object({ tokenId: TokenId, scopes: z.array(z.enum(scopes)), expires: Instant }).optional().describe('Present when the request came with a personal access token'),
})
export const Organisation = z.object({ organisationId: OrganisationId, name: Name, created: Instant, rev: Rev })
export const Member = z.object({ userId: UserId, name: z.string(), email: z.string(), roles: z.array(z.enum(roles)), since: Instant, rev: Rev })
export const Invitation = z.object({
  invitationId: z.string().regex(/^[0-9a-f]{64}$/), email: Email, roles: z.array(z.enum(roles)), created: Instant, expires: Instant, invitedBy: z.string(),
})
export const AccessToken = z.object({
  tokenId: TokenId, name: Name, scopes: z.array(z.enum(scopes)), created: Instant, expires: Instant, lastUsed: Instant.optional(), madeBy: z.enum(['portal', 'device']),
})
const org = z.object({ organisationId: OrganisationId })

export const access = area('access', 'People, organisations, roles, tokens and sign-in of tools', {
  signInSettings: route({
    method: 'GET', path: '/api/sign-in', function: 'access', access: { kind: 'anyone' }, status: 200,
    summary: 'What a browser needs to sign in: issuer, client id, origins',
    response: z.object({
      issuer: z.string(), clientId: z.string(), scope: z.string(), resource: z.string().optional().describe('RFC 8707 resource to ask for, where the identity provider needs it'),
      logout: z.string().optional(), studyOrigin: z.string(), mainOrigin: z.string(), version: z.string(),
    }),
    problems: [], grants: [],
  }),
  me: route({
    method: 'GET', path: '/api/me', function: 'access', access: { kind: 'person' }, status: 200,
    summary: 'Who I am and where I belong', response: Me, problems: [], grants: ['read USER', 'read ORG'],
  }),
  updateMe: route({
    method: 'PUT', path: '/api/me', function: 'access', access: { kind: 'person' }, status: 200,
    summary: 'Record my name and address from my ID token, at sign-in',
    body: z.object({ idToken: z.string().min(20).max(8192) }), response: Me, problems: ['invalid-request'], grants: ['read USER', 'write USER', 'read ORG'],
  }),
  createOrganisation: route({
    method: 'POST', path: '/api/organisations', function: 'access', access: { kind: 'person' }, status: 201,
    summary: 'Found an organisation; the founder is its first admin',
    detail: 'Only people in the identity provider’s `founders` group may. The organisation’s key pair is made here.',
    body: z.object({ name: Name, requestId: z.uuid().describe('Makes a repeat answer the same') }), response: Organisation,
    problems: ['forbidden'], grants: ['read USER', 'read ORG', 'write ORG', 'create-key', 'read AUDIT', 'write AUDIT'],
  }),
  organisation: route({
    method: 'GET', path: '/api/organisations/{organisationId}', function: 'access', access: { kind: 'organisation', permission: 'organisation.read' }, status: 200,
    summary: 'One organisation', params: org, response: Organisation, problems: [], grants: ['read ORG'],
  }),
  renameOrganisation: route({
    method: 'PATCH', path: '/api/organisations/{organisationId}', function: 'access', access: { kind: 'organisation', permission: 'people.manage' }, status: 200,
    summary: 'Rename an organisation', params: org, body: z.object({ name: Name, rev: Rev }), response: Organisation,
    problems: ['changed-meanwhile'], grants: ['read ORG', 'write ORG', 'read AUDIT', 'write AUDIT'],
  }),
  members: route({
    method: 'GET', path: '/api/organisations/{organisationId}/members', function: 'access', access: { kind: 'organisation', permission: 'people.read' }, status: 200,
    summary: 'People of an organisation', params: org, query: PageQuery, response: page(Member), problems: [], grants: ['read ORG', 'read USER'],
  }),
  setRoles: route({
    method: 'PUT', path: '/api/organisations/{organisationId}/members/{userId}', function: 'access', access: { kind: 'organisation', permission: 'people.manage' }, status: 200,
    summary: 'Change a person’s roles', params: org.extend({ userId: UserId }), body: z.object({ roles: RoleSet, rev: Rev }), response: Member,
    problems: ['changed-meanwhile', 'last-admin'], grants: ['read ORG', 'write ORG', 'read USER', 'read AUDIT', 'write AUDIT'],
  }),
  removeMember: route({
    method: 'DELETE', path: '/api/organisations/{organisationId}/members/{userId}', function: 'access', access: { kind: 'organisation', permission: 'people.manage' }, status: 204,
    summary: 'Remove a person from the organisation; their rights on its studies end with it', params: org.extend({ userId: UserId }), response: Nothing,
    problems: ['last-admin', 'changed-meanwhile'], grants: ['read ORG', 'write ORG', 'read USER', 'write STUDY', 'read AUDIT', 'write AUDIT'],
  }),
  invite: route({
    method: 'POST', path: '/api/organisations/{organisationId}/invitations', function: 'access', access: { kind: 'organisation', permission: 'people.manage' }, status: 201,
    summary: 'Invite a person; the link is shown once', detail: 'The link works once, for seven days, for whoever signs in with it.',
    params: org, body: z.object({ email: Email, roles: RoleSet }), response: Invitation.extend({ link: z.url() }),
    problems: [], grants: ['read ORG', 'write INVITE', 'read AUDIT', 'write AUDIT'],
  }),
  invitations: route({
    method: 'GET', path: '/api/organisations/{organisationId}/invitations', function: 'access', access: { kind: 'organisation', permission: 'people.manage' }, status: 200,
    summary: 'Open invitations', params: org, query: PageQuery, response: page(Invitation), problems: [], grants: ['read ORG', 'read INVITE'],
  }),
  revokeInvitation: route({
    method: 'DELETE', path: '/api/organisations/{organisationId}/invitations/{invitationId}', function: 'access', access: { kind: 'organisation', permission: 'people.manage' }, status: 204,
    summary: 'Take an invitation back', params: org.extend({ invitationId: Invitation.shape.invitationId }), response: Nothing, problems: [],
    grants: ['read INVITE', 'write INVITE', 'read AUDIT', 'write AUDIT'],
  }),
  acceptInvitation: route({
    method: 'POST', path: '/api/invitations/accept', function: 'access', access: { kind: 'person' }, status: 200,
    summary: 'Join the organisation that invited me', body: z.object({ invitation: z.string().min(20).max(100) }), response: Membership,
    problems: ['not-found', 'invitation-expired', 'forbidden'], grants: ['read INVITE', 'write INVITE', 'read ORG', 'write ORG', 'read USER', 'read AUDIT', 'write AUDIT'],
  }),
  tokens: route({
    method: 'GET', path: '/api/tokens', function: 'access', access: { kind: 'person' }, status: 200,
    summary: 'My access tokens, without their secrets', query: PageQuery, response: page(AccessToken), problems: [], grants: ['read TOKEN', 'read USER'],
  }),
  createToken: route({
    method: 'POST', path: '/api/tokens', function: 'access', access: { kind: 'person' }, status: 201,
    summary: 'Make an access token; the secret is shown once', detail: 'A token can never do more than its owner; a token cannot make tokens.',
    body: z.object({ name: Name, scopes: z.array(z.enum(scopes)).min(1), days: z.int().min(1).max(365).default(90) }),
    response: AccessToken.extend({ secret: z.string() }), problems: ['forbidden'], grants: ['write TOKEN', 'read USER', 'read ORG', 'read AUDIT', 'write AUDIT'],
  }),
  revokeToken: route({
    method: 'DELETE', path: '/api/tokens/{tokenId}', function: 'access', access: { kind: 'person' }, status: 204,
    summary: 'Revoke an access token, at once', params: z.object({ tokenId: TokenId }), response: Nothing, problems: ['not-found'],
    grants: ['read TOKEN', 'write TOKEN', 'read USER', 'read ORG', 'read AUDIT', 'write AUDIT'],
  }),
  startDevice: route({
    method: 'POST', path: '/api/device', function: 'access', access: { kind: 'anyone' }, status: 201,
    summary: 'A tool asks to be signed in (after RFC 8628)',
    body: z.object({ name: Name.describe('What the person will see, e.g. "cloister on marie-laptop"'), scopes: z.array(z.enum(scopes)).min(1) }),
    response: z.object({ userCode: z.string(), deviceSecret: z.string(), verify: z.url().describe('Page where the person approves'), expires: Instant, interval: z.int() }),
    problems: [], grants: ['write DEVICE'],
  }),
  pollDevice: route({
    method: 'POST', path: '/api/device/token', function: 'access', access: { kind: 'anyone' }, status: 200,
    summary: 'The tool collects its token once the person has approved', body: z.object({ userCode: z.string().max(20), deviceSecret: z.string().max(100) }),
    response: AccessToken.extend({ secret: z.string() }), problems: ['device-pending', 'device-expired', 'not-found'],
    grants: ['read DEVICE', 'write DEVICE', 'read TOKEN', 'write TOKEN', 'read USER', 'read ORG', 'read AUDIT', 'write AUDIT'],
  }),
  device: route({
    method: 'GET', path: '/api/device/{userCode}', function: 'access', access: { kind: 'person' }, status: 200,
    summary: 'What the tool behind a code asks for', params: z.object({ userCode: z.string().max(20) }),
    response: z.object({ userCode: z.string(), name: z.string(), scopes: z.array(z.enum(scopes)), expires: Instant, state: z.enum(['pending', 'approved', 'collected']) }),
    problems: ['not-found', 'device-expired', 'forbidden'], grants: ['read DEVICE', 'read USER'],
  }),
  approveDevice: route({
    method: 'POST', path: '/api/device/{userCode}/approve', function: 'access', access: { kind: 'person' }, status: 204,
    summary: 'Let the tool sign in as me', params: z.object({ userCode: z.string().max(20) }), body: z.object({ scopes: z.array(z.enum(scopes)).min(1), days: z.int().min(1).max(365).default(90) }),
    response: Nothing, problems: ['not-found', 'device-expired', 'wrong-state', 'forbidden'], grants: ['read DEVICE', 'write DEVICE', 'read USER'],
  }),
})
