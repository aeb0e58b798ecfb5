// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import { button, show } from '../../testing/show.tsx'
import { type CognitoAccount, CognitoRefused, type Factors } from './cognito.ts'
import type { OwnSignIn } from './own-sign-in.ts'
import { SignInPage } from './SignIn.tsx'

const back = vi.hoisted(() => vi.fn<() => Promise<OwnSignIn | undefined>>())
const leave = vi.hoisted(() => vi.fn<() => Promise<void>>())
vi.mock('./own-sign-in.ts', () => ({ backFromSignIn: back, leaveToSignIn: leave }))
beforeEach(() => {
  back.mockReset()
  leave.mockReset()
})

/** Somebody back from signing in for this page. */
function signedIn(factors: Partial<Factors> = {}, acts: Partial<CognitoAccount> = {}): void {
  const refuse = async () => Promise.reject(new CognitoRefused('Not in this test'))
  back.mockResolvedValue({
    email: 'mia@example.org',
    addPasskey: 'https://login.example/passkeys/add',
    account: {
      factors: async () => ({ app: false, federated: false, passkeys: [], ...factors }),
      changePassword: refuse,
      beginApp: async () => 'JBSWY3DPEHPK3PXP',
      confirmApp: refuse,
      removeApp: refuse,
      removePasskey: refuse,
      signOutEverywhere: refuse,
      ...acts,
    },
  })
}

it('asks for a sign-in of its own before anything can be changed', async () => {
  back.mockResolvedValue(undefined)
  leave.mockResolvedValue()
  await show(<SignInPage />)
  fireEvent.click(await screen.findByRole('button', { name: 'Sign in to change them' }))
  await vi.waitFor(() => expect(leave).toHaveBeenCalledOnce())
  expect(screen.queryByLabelText(/Present password/)).toBeNull()
})

it('sets an app up by its square or its letters, and a code', async () => {
  const confirmApp = vi.fn<(code: string) => Promise<void>>().mockResolvedValue()
  signedIn({}, { confirmApp })
  await show(<SignInPage />)
  fireEvent.click(await screen.findByRole('button', { name: 'Set up an app' }))
  await screen.findByRole('img', { name: /Square to be read/ })
  expect(screen.getByText('JBSWY3DPEHPK3PXP')).toBeTruthy()
  const code = screen.getByLabelText(/Code that the app shows now/)
  fireEvent.change(code, { target: { value: ' 123456 ' } })
  fireEvent.submit(code)
  await vi.waitFor(() => expect(confirmApp).toHaveBeenCalledWith('123456'))
})

it('says why a new password was refused, and keeps what was typed', async () => {
  signedIn({}, { changePassword: async () => Promise.reject(new CognitoRefused('You had this password before.')) })
  await show(<SignInPage />)
  const present = await screen.findByLabelText(/Present password/)
  fireEvent.change(present, { target: { value: 'old' } })
  fireEvent.submit(present)
  expect(await screen.findByText('You had this password before.')).toBeTruthy()
  expect(present).toHaveProperty('value', 'old')
})

it('removes a passkey, and leads to where one is made', async () => {
  const removePasskey = vi.fn<(id: string) => Promise<void>>().mockResolvedValue()
  signedIn({ passkeys: [{ id: 'c1', name: 'Phone', created: '2026-03-01T10:00:00.000Z' }] }, { removePasskey })
  await show(<SignInPage />)
  fireEvent.click(await screen.findByRole('button', { name: 'Remove Phone' }))
  await vi.waitFor(() => expect(removePasskey).toHaveBeenCalledWith('c1'))
  expect(screen.getByRole('link', { name: 'Add a passkey' }).getAttribute('href')).toContain('/passkeys/add')
})

it('sends who comes by the campus there', async () => {
  signedIn({ federated: true })
  await show(<SignInPage />)
  expect(await screen.findByText(/You come by your campus/)).toBeTruthy()
  expect(screen.queryByLabelText(/Present password/)).toBeNull()
  expect(button('Sign out everywhere')).toBeTruthy()
})
