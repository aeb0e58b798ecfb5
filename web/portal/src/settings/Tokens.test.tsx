// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { TokensPage } from './Tokens.tsx'

const token = {
  tokenId: 'tok_aaaaaaaaaaaaaaaa',
  name: 'Nightly figures',
  scopes: ['studies:read'],
  madeBy: 'portal',
  created: '2026-03-01T10:00:00.000Z',
  expires: '2026-06-01T10:00:00.000Z',
}
const dialog = () => within(screen.getByRole('dialog'))
const nameIt = (name: string) => fireEvent.change(dialog().getByLabelText(/^Name/), { target: { value: name } })
const openForm = async () => fireEvent.click(await screen.findByRole('button', { name: 'Make a token' }))
const send = () => fireEvent.submit(dialog().getByLabelText(/^Name/))

it('makes a token of what was ticked, and shows its secret once', async () => {
  const { server } = await show(<TokensPage />, {
    'access.tokens': { items: [] },
    'access.createToken': { ...token, secret: 'clo_secret' },
  })
  await openForm()
  expect(button('Make it')).toHaveProperty('disabled', true)
  nameIt('  Nightly figures ')
  fireEvent.click(screen.getByRole('checkbox', { name: /^Read the list of runs/ }))
  send()
  expect(await screen.findByDisplayValue('clo_secret')).toBeTruthy()
  expect(server.sent('access.createToken')).toEqual([
    { name: 'Nightly figures', scopes: ['studies:read', 'runs:read'], days: 90 },
  ])
  fireEvent.click(button('I have it'))
  await vi.waitFor(() => expect(screen.queryByDisplayValue('clo_secret')).toBeNull())
})

it('makes none that may do nothing', async () => {
  await show(<TokensPage />, { 'access.tokens': { items: [] } })
  await openForm()
  nameIt('Nightly figures')
  expect(button('Make it')).toHaveProperty('disabled', false)
  fireEvent.click(screen.getByRole('checkbox', { checked: true }))
  expect(button('Make it')).toHaveProperty('disabled', true)
})

it('keeps what was typed when the server refuses', async () => {
  await show(<TokensPage />, {
    'access.tokens': { items: [] },
    'access.createToken': new Refused('forbidden', 'A token cannot make tokens.'),
  })
  await openForm()
  nameIt('Nightly figures')
  send()
  expect((await screen.findByRole('alert')).textContent).toContain('A token cannot make tokens.')
  expect(dialog().getByLabelText(/^Name/)).toHaveProperty('value', 'Nightly figures')
})

it('revokes a token whose name was typed', async () => {
  const { server } = await show(<TokensPage />, {
    'access.tokens': { items: [token] },
    'access.revokeToken': undefined,
  })
  fireEvent.click(await screen.findByRole('button', { name: 'Revoke Nightly figures' }))
  expect(dialog().getByRole('button', { name: 'Revoke' })).toHaveProperty('disabled', true)
  fireEvent.change(dialog().getByRole('textbox'), { target: { value: token.name } })
  fireEvent.click(dialog().getByRole('button', { name: 'Revoke' }))
  await vi.waitFor(() =>
    expect(server.asked.filter(({ route }) => route === 'access.revokeToken').map(({ path }) => path)).toEqual([
      `/api/tokens/${token.tokenId}`,
    ]),
  )
})
