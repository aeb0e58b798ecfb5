// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { exampleDataset } from '../../testing/examples.ts'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import { PolicyTab } from './PolicyTab.tsx'

const tab = (answers: Record<string, unknown>) =>
  show(<PolicyTab dataset={exampleDataset} />, { 'access.members': { items: [] }, ...answers })
const field = (label: RegExp) => screen.getByLabelText(label)
const type = (label: RegExp, text: string) => fireEvent.change(field(label), { target: { value: text } })
const says = (text: string) => vi.waitFor(() => expect(screen.getByText(text)).toBeTruthy(), { timeout: 10_000 })

it('saves words and policy together, with the revision that was read', async () => {
  const { server } = await tab({ 'datasets.change': { ...exampleDataset, title: 'Another trial', rev: 4 } })
  expect(button('Save')).toHaveProperty('disabled', true)
  type(/^Title/, 'Another trial')
  type(/^How many subjects/, 'about a thousand')
  await says('Not saved yet')
  fireEvent.click(button('Save'))
  await says('Saved')
  expect(server.sent('datasets.change')).toEqual([
    {
      rev: exampleDataset.rev,
      title: 'Another trial',
      description: exampleDataset.description,
      declaredSubjects: 'about a thousand',
      policy: exampleDataset.policy,
    },
  ])
})

it('has no title to save when it is empty', async () => {
  await tab({})
  type(/^Title/, ' ')
  expect(button('Save')).toHaveProperty('disabled', true)
})

it('takes back what was typed', async () => {
  await tab({})
  type(/^Title/, 'Another trial')
  fireEvent.click(button('Discard'))
  expect(field(/^Title/)).toHaveProperty('value', exampleDataset.title)
  expect(screen.queryByRole('button', { name: 'Discard' })).toBeNull()
})

it('says that somebody else changed it, and keeps what was typed', async () => {
  await tab({ 'datasets.change': new Refused('changed-meanwhile', 'Somebody else has changed it.') })
  type(/^Title/, 'Another trial')
  fireEvent.click(button('Save'))
  expect((await screen.findByRole('alert')).textContent).toContain('Somebody else has changed it.')
  expect(field(/^Title/)).toHaveProperty('value', 'Another trial')
  expect(button('Save')).toHaveProperty('disabled', false)
})
