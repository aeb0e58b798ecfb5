// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleStudy } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { Links } from './Links.tsx'

const link = (letter: string, change: Record<string, unknown> = {}) => ({
  code: letter.repeat(20),
  url: `https://cloister.example/p/${letter.repeat(20)}`,
  kind: 'general',
  label: `Link ${letter}`,
  created: '2026-03-01T10:00:00.000Z',
  expires: '2026-03-04T10:00:00.000Z',
  started: 3,
  quota: 10,
  revoked: false,
  state: 'open',
  ...change,
})
const links = (items: unknown[], answers: Record<string, unknown> = {}, study = exampleStudy) =>
  show(<Links study={study} />, { 'studies.links': { items }, ...answers })
const row = (name: RegExp) => screen.findByRole('row', { name })

it('asks before it revokes, and says that it cannot be undone', async () => {
  const { server } = await links([link('a'), link('b')], { 'studies.revokeLink': undefined })
  expect((await row(/Link a/)).textContent).toContain('3 of 10')
  fireEvent.click(button('Revoke link Link b'))
  expect(screen.getByText(/This cannot be undone/)).toBeTruthy()
  fireEvent.click(button('Keep it'))
  expect(screen.queryByRole('button', { name: 'Revoke it' })).toBeNull()
  expect(server.asked.map(({ route }) => route)).not.toContain('studies.revokeLink')
  fireEvent.click(button('Revoke link Link b'))
  fireEvent.click(button('Revoke it'))
  await vi.waitFor(() =>
    expect(server.asked.filter(({ route }) => route === 'studies.revokeLink').map(({ path }) => path)).toEqual([
      `/api/studies/${exampleStudy.studyId}/links/${'b'.repeat(20)}`,
    ]),
  )
})

it('says beside the link why it was not revoked', async () => {
  await links([link('a')], { 'studies.revokeLink': new Refused('forbidden', 'You may not revoke it.') })
  await row(/Link a/)
  fireEvent.click(button('Revoke link Link a'))
  fireEvent.click(button('Revoke it'))
  expect((await screen.findByRole('alert')).textContent).toContain('You may not revoke it.')
  expect(button('Revoke it')).toBeTruthy()
})

it('opens a link of a study that is live, and a preview always', async () => {
  const study = { ...exampleStudy, state: 'draft' as const }
  await links([link('a'), link('b', { kind: 'preview' }), link('c', { state: 'expired' })], {}, study)
  await row(/Link a/)
  expect(screen.getAllByRole('link', { name: 'Open' }).map((each) => each.getAttribute('href'))).toEqual([
    `https://cloister.example/p/${'b'.repeat(20)}`,
  ])
  expect(screen.queryByRole('button', { name: 'Revoke link Link c' })).toBeNull()
})

it('shows the new link and what to do with it', async () => {
  await links([], { 'studies.createLink': link('n') })
  await screen.findByText('No links yet')
  fireEvent.click(button('Make a link'))
  fireEvent.submit(screen.getByLabelText('Label'))
  const made = await screen.findByText('The link is ready')
  expect(made.parentElement!.textContent).toContain('Send it to participants.')
  expect(screen.queryByRole('dialog')).toBeNull()
})

it('makes none before there is a version, nor for a study that runs elsewhere', async () => {
  await links([], {}, { ...exampleStudy, version: 0 })
  expect(await screen.findByText(/Publish the content first/)).toBeTruthy()
  expect(button('Make a link')).toHaveProperty('disabled', true)
  await links([], {}, { ...exampleStudy, runtime: 'jatos' })
  expect(await screen.findByText(/made on its JATOS server/)).toBeTruthy()
  expect(screen.queryByRole('button', { name: 'Make a link' })).toBeNull()
})
