// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import type { ParameterSchema } from '../../../../domain/pipelines/parameters.ts'
import { show } from '../../testing/show.tsx'
import { ParameterForm, valueFaultsOf, type Values } from './ParameterForm.tsx'

const schema: ParameterSchema = {
  type: 'object',
  properties: {
    threshold: { type: 'number', title: 'Threshold', minimum: 0, maximum: 1, default: 0.5 },
    method: { type: 'string', title: 'Method', enum: ['fast', 'exact'], default: 'fast' },
    sizes: { type: 'array', title: 'Sizes', items: { type: 'integer', minimum: 1 }, default: [8, 16] },
    trace: { type: 'boolean', title: 'Trace', default: false, advanced: true },
  },
}
async function form(start: Values = {}): Promise<() => Values> {
  const changed = vi.fn<(values: Values) => void>()
  function Form() {
    const [values, setValues] = useState(start)
    return (
      <ParameterForm
        schema={schema}
        values={values}
        faults={valueFaultsOf(schema, values)}
        change={(next) => {
          setValues(next)
          changed(next)
        }}
      />
    )
  }
  await show(<Form />)
  return () => changed.mock.lastCall?.[0] ?? start
}
const errorOf = (label: string): string => {
  const described = screen.getByLabelText(label).getAttribute('aria-describedby')?.split(' ') ?? []
  return described.map((id) => document.getElementById(id)?.textContent ?? '').join(' ')
}

it('says beside a value what is wrong with it, as the server would', async () => {
  const values = await form()
  fireEvent.change(screen.getByLabelText('Threshold'), { target: { value: '7' } })
  expect(values()).toEqual({ threshold: 7 })
  expect(screen.getByLabelText('Threshold').getAttribute('aria-invalid')).toBe('true')
  expect(errorOf('Threshold')).toMatch(/1/)
  expect(screen.getByLabelText('Sizes').getAttribute('aria-invalid')).not.toBe('true')
  fireEvent.change(screen.getByLabelText('Threshold'), { target: { value: '0.25' } })
  expect(screen.getByLabelText('Threshold').getAttribute('aria-invalid')).not.toBe('true')
})

it('holds only what was typed: an emptied field takes the pipeline’s value again', async () => {
  const values = await form({ threshold: 0.25 })
  expect(screen.getByText(/changed/)).toBeTruthy()
  fireEvent.change(screen.getByLabelText('Threshold'), { target: { value: '' } })
  expect(values()).toStrictEqual({})
  expect(screen.queryByText(/changed/)).toBeNull()
})

it('reads lists of numbers, and keeps what is none for the fault to name', async () => {
  const values = await form()
  fireEvent.blur(screen.getByLabelText('Sizes'), { target: { value: '4, 32;64' } })
  expect(values()).toEqual({ sizes: [4, 32, 64] })
  fireEvent.blur(screen.getByLabelText('Sizes'), { target: { value: '4, many' } })
  expect(values()).toEqual({ sizes: '4, many' })
  expect(screen.getByLabelText('Sizes').getAttribute('aria-invalid')).toBe('true')
})

it('folds away what is rarely changed, unless it was', async () => {
  await form()
  const folded = screen.getByText('More (1)').closest('details')!
  expect(folded.open).toBe(false)
  const values = await form({ trace: true })
  expect(screen.getByText('More (1)').closest('details')!.open).toBe(true)
  fireEvent.click(screen.getByRole('switch', { name: 'Trace' }))
  expect(values()).toEqual({ trace: false })
})
