/**
 * A sign-in of its own for the page on which people change how they sign in: with the rights for that, asked for anew
 * each time, and kept by this page alone. The tokens of the portal have no such rights, so that whoever steals one
 * takes over nothing.
 */
import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import type { Client } from '../../../../clients/api.ts'
import { type CognitoAccount, cognitoAccount } from './cognito.ts'

export type SignInSettings = Awaited<ReturnType<Client['access']['signInSettings']>>
export interface OwnSignIn {
  account: CognitoAccount
  email: string
  /** The page of Cognito on which a passkey is made. */
  addPasskey: string
}

const path = '/settings/sign-in'

const managerOf = ({ issuer, accountClientId = '' }: SignInSettings): UserManager =>
  new UserManager({
    authority: issuer,
    client_id: accountClientId,
    scope: 'openid email aws.cognito.signin.user.admin',
    response_type: 'code',
    redirect_uri: `${location.origin}${path}`,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    monitorSession: false,
  })

/** Leaves for the sign-in page, which asks for password or passkey whatever it remembers. */
export const leaveToSignIn = (settings: SignInSettings): Promise<void> =>
  managerOf(settings).signinRedirect({ prompt: 'login' })

/** Back from it: the account to be changed. Undefined when nobody comes back. */
export async function backFromSignIn(settings: SignInSettings): Promise<OwnSignIn | undefined> {
  const search = new URLSearchParams(location.search)
  if (!search.has('code') || !search.has('state')) return undefined
  const manager = managerOf(settings)
  const user = await manager.signinRedirectCallback()
  // A reload would send the same code again.
  history.replaceState(history.state, '', path)
  const page = new URL('/passkeys/add', await manager.metadataService.getAuthorizationEndpoint())
  page.searchParams.set('client_id', settings.accountClientId ?? '')
  page.searchParams.set('redirect_uri', `${location.origin}${path}`)
  page.searchParams.set('response_type', 'code')
  page.searchParams.set('scope', 'openid email aws.cognito.signin.user.admin')
  return {
    account: cognitoAccount(new URL(settings.issuer).origin, user.access_token),
    email: user.profile.email ?? '',
    addPasskey: page.href,
  }
}
