/**
 * What people change of their own sign-in at Cognito, which has no pages for most of it: its API, with the token of a
 * sign-in made for this and kept nowhere.
 */

export interface SavedPasskey {
  id: string
  name: string
  created: string
}
export interface Factors {
  /** Whether a code of an authenticator app is asked for. */
  app: boolean
  /** Somebody who comes by the campus has no password and no factor here. */
  federated: boolean
  passkeys: readonly SavedPasskey[]
}
export interface CognitoAccount {
  factors(): Promise<Factors>
  changePassword(present: string, next: string): Promise<void>
  /** A new secret for an app to take. */
  beginApp(): Promise<string>
  /** Uses the app from now on, if this is a code of it. */
  confirmApp(code: string): Promise<void>
  removeApp(): Promise<void>
  removePasskey(id: string): Promise<void>
  /** Ends all sessions: what they were given renews nothing any more. */
  signOutEverywhere(): Promise<void>
}

/** Cognito refused; the message is for the person. */
export class CognitoRefused extends Error {
  override name = 'CognitoRefused'
}

const words: Record<string, string> = {
  NotAuthorizedException: 'The present password is not right, or this sign-in is too old. Sign in again for this page.',
  InvalidPasswordException:
    'The new password does not do: at least 12 characters, with capital and small letters, digits and signs.',
  PasswordHistoryPolicyViolationException: 'You had this password before. Choose another.',
  CodeMismatchException: 'This is not the code that the app shows now.',
  EnableSoftwareTokenMFAException: 'This is not the code that the app shows now. Look at the clock of the phone, too.',
  LimitExceededException: 'Too many attempts. Wait a while, then try again.',
  TooManyRequestsException: 'Too many attempts. Wait a while, then try again.',
}

interface Credential {
  CredentialId: string
  FriendlyCredentialName: string
  CreatedAt: number
}

/** The account behind an access token. `endpoint` is the region's, the origin of the issuer. */
export function cognitoAccount(endpoint: string, accessToken: string): CognitoAccount {
  const call = async <T>(act: string, more: Record<string, unknown> = {}): Promise<T> => {
    const response = await fetch(`${endpoint}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `AWSCognitoIdentityProviderService.${act}`,
      },
      body: JSON.stringify({ AccessToken: accessToken, ...more }),
    })
    const answer = (await response.json().catch(() => ({}))) as T & { __type?: string }
    if (response.ok) return answer
    const kind = (answer.__type ?? '').split('#').at(-1)!
    throw new CognitoRefused(words[kind] ?? 'Cognito refused this. Try again.')
  }
  const preferApp = (isOn: boolean): Promise<unknown> =>
    call('SetUserMFAPreference', { SoftwareTokenMfaSettings: { Enabled: isOn, PreferredMfa: isOn } })
  return {
    factors: async () => {
      const [user, { Credentials: passkeys = [] }] = await Promise.all([
        call<{ UserMFASettingList?: string[]; UserAttributes: { Name: string }[] }>('GetUser'),
        call<{ Credentials?: Credential[] }>('ListWebAuthnCredentials', { MaxResults: 20 }),
      ])
      return {
        app: user.UserMFASettingList?.includes('SOFTWARE_TOKEN_MFA') ?? false,
        federated: user.UserAttributes.some(({ Name }) => Name === 'identities'),
        passkeys: passkeys.map(({ CredentialId, FriendlyCredentialName, CreatedAt }) => ({
          id: CredentialId,
          name: FriendlyCredentialName,
          created: new Date(CreatedAt * 1000).toISOString(),
        })),
      }
    },
    changePassword: async (present, next) => {
      await call('ChangePassword', { PreviousPassword: present, ProposedPassword: next })
    },
    beginApp: async () => (await call<{ SecretCode: string }>('AssociateSoftwareToken')).SecretCode,
    confirmApp: async (code) => {
      const { Status } = await call<{ Status: string }>('VerifySoftwareToken', { UserCode: code })
      if (Status !== 'SUCCESS') throw new CognitoRefused(words['CodeMismatchException'])
      await preferApp(true)
    },
    removeApp: async () => {
      await preferApp(false)
    },
    removePasskey: async (id) => {
      await call('DeleteWebAuthnCredential', { CredentialId: id })
    },
    signOutEverywhere: async () => {
      await call('GlobalSignOut')
    },
  }
}
