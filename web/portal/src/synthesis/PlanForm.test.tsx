// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { Refused } from '../../testing/server.ts'
import { button, show, type Shown } from '../../testing/show.tsx'
import type { Plan, Quote, Synthesis } from './data.ts'
import { PlanForm } from './PlanForm.tsx'

const plan: Plan = {
  columns: [
    { name: 'arm', kind: 'categorical', categories: ['drug', 'placebo'], missing: false },
    { name: 'age', kind: 'numeric', bins: 10, integer: true, missing: true, buy: true },
  ],
  rules: [],
  rowsPerPerson: 1,
  rowsDeclared: 100,
  method: 'auto',
  epsilon: 1,
  delta: 1e-6,
  rare: 0,
  wishes: [],
}
const synthesis: Synthesis = {
  synthesisId: 'syn_aaaaaaaaaaaaaaaa',
  organisationId: 'org_aaaaaaaaaaaaaaaa',
  title: 'A twin',
  state: 'proposed',
  created: '2026-03-01T10:00:00.000Z',
  changed: '2026-03-01T10:00:00.000Z',
  rev: 2,
  owner: { userId: 'u1', name: 'Ada' },
  datasetId: 'dat_aaaaaaaaaaaaaaaa',
  dataset: 'A trial',
  datasetVersion: 1,
  table: 'visits',
  shared: false,
  plan,
  rounds: [],
  evaluations: [],
  may: ['confirm'],
}
const quote: Quote = {
  feasible: true,
  faults: [],
  method: 'mst',
  why: 'Few columns',
  modelMb: 1,
  memoryMb: 10,
  minutes: 1,
  nanoRho: 5,
  epsilonLeft: 9,
  expected: { tvd1: 0.01, tvd2: 0.02, words: 'Good' },
  bought: [],
}
const form = (answers: Record<string, unknown> = {}): Promise<Shown> =>
  show(<PlanForm synthesis={synthesis} />, {
    'synthesis.quote': quote,
    'synthesis.confirm': { ...synthesis, state: 'running' },
    ...answers,
  })
const verdict = (text: string) =>
  vi.waitFor(() => expect(screen.getByRole('complementary').querySelector('[role=status]')?.textContent).toBe(text), {
    timeout: 10_000,
  })
const rowOf = (column: string) => within(screen.getByLabelText(`${column}: kind`).closest('tr')!)

it('confirms the plan as it was changed, once however often it is pressed', async () => {
  const { server } = await form()
  await verdict('It can be made')
  fireEvent.blur(screen.getByLabelText('age: minimum'), { target: { value: '18' } })
  fireEvent.blur(screen.getByLabelText('age: maximum'), { target: { value: '90' } })
  fireEvent.change(screen.getByLabelText('Epsilon'), { target: { value: '2' } })
  await verdict('It can be made')
  fireEvent.click(button('Confirm and make it'))
  fireEvent.click(button('Confirm and make it'))
  const age = { name: 'age', kind: 'numeric', bins: 10, integer: true, missing: true, minimum: 18, maximum: 90 }
  await vi.waitFor(() =>
    expect(server.sent('synthesis.confirm')).toEqual([
      { rev: 2, plan: { ...plan, epsilon: 2, columns: [plan.columns[0], age] } },
    ]),
  )
})

it('says under a column what the quote finds wrong with it, and is not to be confirmed then', async () => {
  const faults = [{ column: 'age', message: 'Bounds are missing.' }, { message: 'Too few rows.' }]
  await form({ 'synthesis.quote': { ...quote, feasible: false, faults } })
  await verdict('It cannot be made as it stands')
  expect(rowOf('age').getByRole('alert').textContent).toBe('Bounds are missing.')
  expect(rowOf('arm').queryByRole('alert')).toBeNull()
  expect(within(screen.getByRole('complementary')).getByText('Too few rows.')).toBeTruthy()
  expect(button('Confirm and make it')).toHaveProperty('disabled', true)
})

it('is not to be confirmed when the budget does not cover it', async () => {
  await form({ 'synthesis.quote': { ...quote, epsilonLeft: -1 } })
  await verdict('The budget does not cover it')
  expect(button('Confirm and make it')).toHaveProperty('disabled', true)
})

it('says beside the column what the server refused of the plan, and keeps the plan', async () => {
  await form({
    'synthesis.confirm': new Refused('invalid-plan', 'The plan does not fit.', [
      { path: '/body/plan/columns/1/bins', message: 'Too many bins' },
    ]),
  })
  await verdict('It can be made')
  fireEvent.change(screen.getByLabelText('Epsilon'), { target: { value: '3' } })
  await verdict('It can be made')
  fireEvent.click(button('Confirm and make it'))
  await screen.findByText('It was not accepted')
  expect(rowOf('age').getByRole('alert').textContent).toBe('Too many bins.')
  expect(screen.getByLabelText('Epsilon')).toHaveProperty('value', '3')
  fireEvent.click(button('Back to the proposal'))
  expect(screen.getByLabelText('Epsilon')).toHaveProperty('value', '1')
})
