/** Settings: people and roles, how I sign in, access tokens, the organisation, invitations. */
export { InvitationPage } from './Invitation.tsx'
export { OrganisationPage } from './Organisation.tsx'
export { PeoplePage } from './People.tsx'
export { SignInPage } from './SignIn.tsx'
export { TokensPage } from './Tokens.tsx'
