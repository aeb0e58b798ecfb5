// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { expect, it, vi } from 'vitest'
import { Refused } from '../../testing/server.ts'
import { button, show } from '../../testing/show.tsx'
import type { Experiment } from './data.ts'
import { Sweep } from './Sweep.tsx'

const properties = {
  threshold: { type: 'number', title: 'Threshold' },
  trace: { type: 'boolean', title: 'Trace' },
  sizes: { type: 'array', title: 'Sizes', items: { type: 'integer' } },
}
const experiment = {
  experimentId: 'exp_aaaaaaaaaaaaaaaa',
  definition: { parameters: { type: 'object', properties } },
} as unknown as Experiment
const sweep = (done: () => void, answers: Record<string, unknown> = {}) =>
  show(<Sweep experiment={experiment} parameters={{ trace: true }} opened close={() => {}} done={done} />, answers)
const values = (axis: number) => screen.getAllByLabelText('Values')[axis]!
const type = (axis: number, text: string) => fireEvent.change(values(axis), { target: { value: text } })

it('counts the combinations, and sends values of the parameters’ own types', async () => {
  const done = vi.fn<() => void>()
  const { server } = await sweep(done, { 'pipelines.sweep': { sweep: 'swp', runs: [] } })
  expect(button('Type values')).toHaveProperty('disabled', true)
  type(0, '0.2, 0.3, ')
  expect(button('Start 2 runs')).toHaveProperty('disabled', false)
  fireEvent.click(button('Another parameter'))
  type(1, 'yes, no')
  fireEvent.click(button('Another parameter'))
  type(2, '8 8, 16 16')
  fireEvent.click(button('Start 8 runs'))
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1))
  expect(server.sent('pipelines.sweep')).toEqual([
    {
      over: [
        { parameter: 'threshold', values: [0.2, 0.3] },
        { parameter: 'trace', values: [true, false] },
        {
          parameter: 'sizes',
          values: [
            [8, 8],
            [16, 16],
          ],
        },
      ],
      parameters: { trace: true },
    },
  ])
  expect(server.asked.map(({ headers }) => headers.get('idempotency-key'))).toEqual([
    expect.stringMatching(/^[0-9a-f-]{36}$/),
  ])
})

it('starts nothing without values, and nothing that is too much', async () => {
  await sweep(() => {})
  type(0, Array.from({ length: 51 }, (_, i) => i).join())
  expect(button('Start 51 runs')).toHaveProperty('disabled', true)
  type(0, '1')
  expect(button('Start 1 run')).toHaveProperty('disabled', false)
  fireEvent.click(button('Another parameter'))
  expect(button('Type values')).toHaveProperty('disabled', true)
  fireEvent.click(button('Remove trace'))
  expect(button('Start 1 run')).toHaveProperty('disabled', false)
})

it('says why it was not started, and keeps what was typed', async () => {
  const done = vi.fn<() => void>()
  await sweep(done, { 'pipelines.sweep': new Refused('invalid-request', 'Threshold is at most 1.') })
  type(0, '7')
  fireEvent.click(button('Start 1 run'))
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('It was not started')
  expect(alert.textContent).toContain('Threshold is at most 1.')
  expect(values(0)).toHaveProperty('value', '7')
  expect(done).not.toHaveBeenCalled()
})
