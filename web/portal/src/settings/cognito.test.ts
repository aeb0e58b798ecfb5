// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest'
import { cognitoAccount, CognitoRefused } from './cognito.ts'

interface Asked {
  address: string
  act: string
  body: Record<string, unknown>
}
/** Answers as Cognito does, by the name of the act; an error by its type. */
function cognito(answers: Record<string, unknown>): Asked[] {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', async (address: string, init: RequestInit) => {
    const headers = init.headers as Record<string, string>
    expect(headers['content-type']).toBe('application/x-amz-json-1.1')
    const act = headers['x-amz-target']!.replace('AWSCognitoIdentityProviderService.', '')
    asked.push({ address, act, body: JSON.parse(String(init.body)) as Record<string, unknown> })
    const answer = answers[act] ?? {}
    const failed = typeof answer === 'object' && answer !== null && '__type' in answer
    return new Response(JSON.stringify(answer), { status: failed ? 400 : 200 })
  })
  return asked
}
afterEach(() => vi.unstubAllGlobals())
const account = () => cognitoAccount('https://cognito-idp.eu-central-1.amazonaws.com', 'token')

it('reads what there is: app, passkeys, and whether somebody comes by the campus', async () => {
  cognito({
    GetUser: { UserMFASettingList: ['SOFTWARE_TOKEN_MFA'], UserAttributes: [{ Name: 'email' }] },
    ListWebAuthnCredentials: {
      Credentials: [{ CredentialId: 'c1', FriendlyCredentialName: 'Phone', CreatedAt: 1_770_000_000 }],
    },
  })
  expect(await account().factors()).toEqual({
    app: true,
    federated: false,
    passkeys: [{ id: 'c1', name: 'Phone', created: '2026-02-02T02:40:00.000Z' }],
  })
  cognito({ GetUser: { UserAttributes: [{ Name: 'identities' }] }, ListWebAuthnCredentials: {} })
  expect(await account().factors()).toEqual({ app: false, federated: true, passkeys: [] })
})

it('uses an app only after a code of it was right', async () => {
  const asked = cognito({ AssociateSoftwareToken: { SecretCode: 'ABC' }, VerifySoftwareToken: { Status: 'SUCCESS' } })
  expect(await account().beginApp()).toBe('ABC')
  await account().confirmApp('123456')
  expect(asked.map(({ act }) => act)).toEqual(['AssociateSoftwareToken', 'VerifySoftwareToken', 'SetUserMFAPreference'])
  expect(asked[1]!.body).toEqual({ AccessToken: 'token', UserCode: '123456' })
  expect(asked[2]!.body).toMatchObject({ SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } })
  const wrong = cognito({ VerifySoftwareToken: { __type: 'EnableSoftwareTokenMFAException' } })
  await expect(account().confirmApp('000000')).rejects.toThrow(/not the code/)
  expect(wrong.map(({ act }) => act)).toEqual(['VerifySoftwareToken'])
})

it('says in words why Cognito refuses, and never with its own', async () => {
  cognito({ ChangePassword: { __type: 'com.amazonaws#InvalidPasswordException', message: 'secret detail' } })
  await expect(account().changePassword('a', 'b')).rejects.toThrow(/at least 12 characters/)
  cognito({ GlobalSignOut: { __type: 'SomethingNew', message: 'secret detail' } })
  await expect(account().signOutEverywhere()).rejects.toThrow(new CognitoRefused('Cognito refused this. Try again.'))
})
