// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import { exampleDataset } from '../../testing/examples.ts'
import { show } from '../../testing/show.tsx'
import type { Policy } from '../queries/datasets.ts'
import { PolicyForm } from './PolicyForm.tsx'

const member = (userId: string, name: string, role: string) => ({
  userId,
  name,
  email: `${userId}@example.org`,
  roles: [role],
  since: '2026-03-01T10:00:00.000Z',
  rev: 1,
})
async function form(start: Partial<Policy> = {}): Promise<() => Policy> {
  const changed = vi.fn<(policy: Policy) => void>()
  const first: Policy = { ...exampleDataset.policy, ...start }
  function Form() {
    const [policy, setPolicy] = useState(first)
    return (
      <PolicyForm
        dataset={exampleDataset}
        policy={policy}
        change={(next) => {
          setPolicy(next)
          changed(next)
        }}
      />
    )
  }
  await show(<Form />, {
    'access.members': { items: [member('u1', 'Ada', 'analyst'), member('u2', 'Grace', 'checker')] },
  })
  return () => changed.mock.lastCall?.[0] ?? first
}
const says = () =>
  within(screen.getByRole('complementary'))
    .getAllByRole('listitem')
    .map((item) => item.textContent)
const number = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } })

it('says in plain words what each choice means', async () => {
  const policy = await form()
  expect(says()).toContain('Questions are asked in SQL and Python.')
  fireEvent.click(screen.getByRole('checkbox', { name: 'Python' }))
  fireEvent.click(screen.getByRole('checkbox', { name: 'R' }))
  fireEvent.click(screen.getByRole('checkbox', { name: 'SQL' }))
  fireEvent.click(screen.getByRole('checkbox', { name: 'SQL' }))
  expect(policy().languages).toEqual(['sql', 'r'])
  expect(says()).toContain('Questions are asked in SQL and R.')
  fireEvent.click(screen.getByRole('switch', { name: /A custodian approves/ }))
  expect(policy().approval).toBe(true)
  expect(says()).toContain(
    'A custodian approves each analysis before it runs; changing its code asks for approval again.',
  )
})

it('names people: those who may analyse are offered, and nobody is named at first', async () => {
  const policy = await form()
  fireEvent.click(screen.getByRole('radio', { name: 'Only people who are named' }))
  expect(policy().people).toEqual({ kind: 'named', userIds: [] })
  expect(says()).toContain('Nobody may ask questions yet: no person is named.')
  fireEvent.click(screen.getByPlaceholderText('Nobody yet'))
  const offered = await screen.findAllByRole('option', { hidden: true })
  expect(offered.map((option) => option.textContent)).toEqual(['Ada'])
  fireEvent.click(offered[0]!)
  expect(policy().people).toEqual({ kind: 'named', userIds: ['u1'] })
})

it('asks for a budget only where noise is allowed, and takes no delta of zero', async () => {
  const policy = await form()
  number('delta', '0')
  expect(policy().budget.delta).toBe(1e-6)
  number('Privacy budget, epsilon', '4')
  expect(policy().budget).toEqual({ epsilon: 4, delta: 1e-6 })
  fireEvent.click(screen.getByRole('checkbox', { name: 'Noise' }))
  expect(policy().modes).toEqual(['rules', 'review'])
  expect(screen.queryByLabelText('Privacy budget, epsilon')).toBeNull()
})

it('drops a rule that is emptied, so that the platform’s holds', async () => {
  const policy = await form({ disclosure: { roundTo: 5 } })
  number('Round counts to multiples of', '10')
  expect(policy().disclosure).toEqual({ roundTo: 10 })
  expect(says()).toContain('Counts are rounded to multiples of 10.')
  number('Round counts to multiples of', '')
  expect(policy().disclosure).toStrictEqual({})
  fireEvent.change(screen.getByLabelText('No question from this day on'), { target: { value: '2027-01-31' } })
  expect(policy().expires).toBe('2027-01-31')
  fireEvent.change(screen.getByLabelText('No question from this day on'), { target: { value: '' } })
  expect('expires' in policy()).toBe(false)
})
