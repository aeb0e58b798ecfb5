// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import type { Role } from '../../../../domain/access/permissions.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { Invite, type Made } from './Invite.tsx'
import { RolePicker } from './RolePicker.tsx'

const organisationId = 'org_aaaaaaaaaaaaaaaa'
const invitation = {
  invitationId: 'a'.repeat(64),
  email: 'ada@example.org',
  roles: ['researcher'],
  created: '2026-03-01T10:00:00.000Z',
  invitedBy: 'u1',
  expires: '2026-03-08T10:00:00.000Z',
  link: 'https://cloister.example/join?code=abc',
  mailed: true,
}
const fill = (email: string) => fireEvent.change(screen.getByRole('textbox'), { target: { value: email } })

it('gives the roles in their own order, whichever was ticked first', async () => {
  const chosen = vi.fn<(roles: Role[]) => void>()
  function Picker() {
    const [roles, setRoles] = useState<Role[]>([])
    return (
      <RolePicker
        value={roles}
        onChange={(next) => {
          setRoles(next)
          chosen(next)
        }}
      />
    )
  }
  await show(<Picker />)
  fireEvent.click(screen.getByRole('checkbox', { name: 'Auditor' }))
  fireEvent.click(screen.getByRole('checkbox', { name: 'Admin' }))
  expect(chosen.mock.lastCall).toEqual([['admin', 'auditor']])
  fireEvent.click(screen.getByRole('checkbox', { name: 'Auditor' }))
  expect(chosen.mock.lastCall).toEqual([['admin']])
})

it('sends the address and the roles once, and hands on the link', async () => {
  const done = vi.fn<(made: Made) => void>()
  const { server } = await show(<Invite opened organisationId={organisationId} onClose={() => {}} done={done} />, {
    'access.invite': invitation,
  })
  expect(button('Invite')).toHaveProperty('disabled', true)
  fill('ada@example.org')
  fireEvent.click(screen.getByRole('checkbox', { name: 'Custodian' }))
  fireEvent.submit(screen.getByRole('textbox'))
  fireEvent.submit(screen.getByRole('textbox'))
  await vi.waitFor(() => expect(done).toHaveBeenCalledWith({ link: invitation.link, mailedTo: 'ada@example.org' }))
  expect(server.sent('access.invite')).toEqual([{ email: 'ada@example.org', roles: ['custodian', 'researcher'] }])
})

it('cannot be sent without a role', async () => {
  await show(<Invite opened organisationId={organisationId} onClose={() => {}} done={() => {}} />)
  fill('ada@example.org')
  expect(button('Invite')).toHaveProperty('disabled', false)
  fireEvent.click(screen.getByRole('checkbox', { name: 'Researcher' }))
  expect(button('Invite')).toHaveProperty('disabled', true)
})

it('says in the dialog what the server refused, and keeps what was typed', async () => {
  const done = vi.fn<(made: Made) => void>()
  await show(<Invite opened organisationId={organisationId} onClose={() => {}} done={done} />, {
    'access.invite': new Refused('invalid-request', 'This is no address.', [
      { path: '/body/email', message: 'Invalid email address' },
    ]),
  })
  fill('ada@')
  fireEvent.submit(screen.getByRole('textbox'))
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('This is no address.')
  expect(alert.textContent).toContain('/email Invalid email address')
  expect(screen.getByRole('textbox')).toHaveProperty('value', 'ada@')
  expect(done).not.toHaveBeenCalled()
})
