/** Settings: people and roles, access tokens, the organisation, invitations. */
export { InvitationPage } from './Invitation.tsx'
export { OrganisationPage } from './Organisation.tsx'
export { PeoplePage } from './People.tsx'
export { TokensPage } from './Tokens.tsx'
