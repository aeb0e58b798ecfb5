// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleMe } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { session } from '../session/session.ts'
import { OrganisationPage } from './Organisation.tsx'

const { organisationId } = exampleMe.memberships[0]!
const lab = { organisationId, name: 'The lab', created: '2026-03-01T10:00:00.000Z', secondFactor: false, rev: 7 }
const nameField = () => screen.findByLabelText(/^Name of the organisation/)
const typeName = async (name: string) => fireEvent.change(await nameField(), { target: { value: name } })

it('renames with the revision that was read', async () => {
  const { server } = await show(<OrganisationPage />, {
    'access.me': exampleMe,
    'access.organisation': lab,
    'access.renameOrganisation': { ...lab, name: 'The other lab', rev: 8 },
  })
  await nameField()
  expect(button('Rename')).toHaveProperty('disabled', true)
  await typeName(' The other lab ')
  fireEvent.click(button('Rename'))
  await vi.waitFor(() =>
    expect(server.sent('access.renameOrganisation')).toEqual([{ name: 'The other lab', rev: lab.rev }]),
  )
  await vi.waitFor(() => expect(button('Rename')).toHaveProperty('disabled', true))
  expect(await nameField()).toHaveProperty('value', 'The other lab')
})

it('reads again what somebody else changed meanwhile, and keeps the name that was typed', async () => {
  const { server } = await show(<OrganisationPage />, {
    'access.me': exampleMe,
    'access.organisation': lab,
    'access.renameOrganisation': new Refused('changed-meanwhile', 'Somebody else has changed it.'),
  })
  await typeName('Mine')
  fireEvent.click(button('Rename'))
  expect((await screen.findByRole('alert')).textContent).toContain('Somebody else has changed it.')
  await vi.waitFor(() => expect(server.asked.filter(({ route }) => route === 'access.organisation')).toHaveLength(2))
  expect(await nameField()).toHaveProperty('value', 'Mine')
})

it('shows the name to those who do not manage people, and no way to change it', async () => {
  const member = { ...exampleMe.memberships[0]!, roles: ['analyst' as const] }
  await show(<OrganisationPage />, {
    'access.me': { ...exampleMe, memberships: [member], mayCreateOrganisation: false },
    'access.organisation': lab,
  })
  expect(await screen.findByRole('row', { name: 'Name The lab' })).toBeTruthy()
  expect(screen.queryByRole('button', { name: 'Rename' })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Found an organisation' })).toBeNull()
})

it('founds one, and goes on in it', async () => {
  const { server } = await show(<OrganisationPage />, {
    'access.me': { ...exampleMe, memberships: [] },
    'access.createOrganisation': { ...lab, organisationId: 'org_bbbbbbbbbbbbbbbb' },
  })
  fireEvent.click(button('Found an organisation'))
  const dialog = within(screen.getByRole('dialog'))
  expect(button('Found it')).toHaveProperty('disabled', true)
  fireEvent.change(dialog.getByRole('textbox'), { target: { value: 'Second lab' } })
  fireEvent.submit(dialog.getByRole('textbox'))
  await vi.waitFor(() => expect(localStorage.getItem('cloister.organisation')).toBe('org_bbbbbbbbbbbbbbbb'))
  expect(server.sent('access.createOrganisation')).toEqual([
    { name: 'Second lab', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  ])
})

/** Sign-ins of this server say by how many factors they were. */
const tellsFactors = (): void =>
  void vi.spyOn(session, 'settings').mockReturnValue({ tellsFactors: true } as ReturnType<typeof session.settings>)

it('demands two factors of everybody, by an admin who has shown two', async () => {
  tellsFactors()
  const { server } = await show(<OrganisationPage />, {
    'access.me': { ...exampleMe, secondFactor: true },
    'access.organisation': lab,
    'access.demandSecondFactor': { ...lab, secondFactor: true, rev: 8 },
  })
  fireEvent.click(await screen.findByRole('button', { name: 'Demand two factors' }))
  await screen.findByRole('button', { name: 'Let one factor be enough' })
  expect(server.sent('access.demandSecondFactor')).toEqual([{ demanded: true, rev: lab.rev }])
})

it('has an admin who signed in by one factor set up a second before demanding it', async () => {
  tellsFactors()
  await show(<OrganisationPage />, { 'access.me': exampleMe, 'access.organisation': lab })
  expect(await screen.findByRole('button', { name: 'Demand two factors' })).toHaveProperty('disabled', true)
  expect(screen.getByText(/You signed in by one factor/)).toBeTruthy()
})

it('says nothing of factors where sign-ins do not tell them', async () => {
  vi.restoreAllMocks()
  await show(<OrganisationPage />, { 'access.me': exampleMe, 'access.organisation': lab })
  await nameField()
  expect(screen.queryByRole('heading', { name: 'Second factor' })).toBeNull()
})
