// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react'
import { useState } from 'react'
import { expect, it, vi } from 'vitest'
import { exampleDataset } from '../../../testing/examples.ts'
import { button, show } from '../../../testing/show.tsx'
import type { Policy, Schema } from '../../queries/datasets.ts'
import type { Reading } from '../data.ts'
import { SchemaStep } from './SchemaStep.tsx'

const declared = exampleDataset.schema!
const second: Schema['tables'][number] = {
  name: 'scans',
  file: 'scans.csv',
  oneRowPerSubject: false,
  columns: [
    { name: 'person', type: 'text', role: 'subject' },
    { name: 'path', type: 'text' },
  ],
}
const withScans: Schema = {
  tables: [...declared.tables, second],
  images: [{ name: 'brains', kind: 'nifti', table: 'scans', path: 'path', masks: [] }],
}
const reading = {
  state: 'ready',
  tables: declared.tables.map(({ file, columns }) => ({
    file,
    rows: 40,
    warnings: ['Two rows are alike.'],
    columns: [
      ...columns.map((column) => ({ ...column, distinct: 4, missing: 0, examples: [] })),
      { name: 'note', type: 'text' as const, distinct: 9, missing: 1, examples: ['fine'] },
    ],
  })),
  other: [],
} as unknown as Reading

async function form(start: Schema = declared) {
  const next = vi.fn<() => void>()
  const changed = vi.fn<(schema: Schema) => void>()
  const importPolicy = vi.fn<(policy: Policy) => void>()
  function Form() {
    const [schema, setSchema] = useState(start)
    return (
      <SchemaStep
        dataset={exampleDataset}
        reading={reading}
        schema={schema}
        policy={exampleDataset.policy}
        change={(changedTo) => {
          setSchema(changedTo)
          changed(changedTo)
        }}
        importPolicy={importPolicy}
        next={next}
      />
    )
  }
  await show(<Form />)
  return { next, schema: () => changed.mock.lastCall?.[0] ?? start, importPolicy }
}
const put = (label: string, text: string) => fireEvent.change(screen.getByLabelText(label), { target: { value: text } })
const rowOf = (column: string) => within(screen.getByLabelText(`${column}: type`).closest('tr')!)

it('stands in the way until every fault is mended, each said beside what caused it', async () => {
  const { next, schema } = await form()
  expect(screen.getByText('Nothing left to mend')).toBeTruthy()
  put('person: role', '')
  const fault = screen.getByText('To mend').closest('[role=alert]')!
  expect(fault.textContent).toMatch(/subject/)
  expect(button('Go on to the policy')).toHaveProperty('disabled', true)
  put('person: role', 'subject')
  const minimum = screen.getByLabelText('score: minimum')
  fireEvent.change(minimum, { target: { value: '500' } })
  fireEvent.blur(minimum)
  expect(rowOf('score').getByRole('alert').textContent).toBeTruthy()
  expect(rowOf('arm').queryByRole('alert')).toBeNull()
  expect(screen.getByText('1 thing to mend before publishing')).toBeTruthy()
  fireEvent.blur(screen.getByLabelText('score: minimum'), { target: { value: '1' } })
  expect(schema().tables[0]!.columns[2]).toEqual({ name: 'score', type: 'number', minimum: 1, maximum: 100 })
  fireEvent.click(button('Go on to the policy'))
  expect(next).toHaveBeenCalledTimes(1)
})

it('leaves a column out and takes it in again as it was read', async () => {
  const { schema } = await form()
  fireEvent.click(button('Leave score out'))
  expect(schema().tables[0]!.columns.map(({ name }) => name)).toEqual(['person', 'arm'])
  fireEvent.click(button('Take note in again'))
  expect(schema().tables[0]!.columns.at(-1)).toEqual({ name: 'note', type: 'text' })
})

it('drops what no longer fits a column’s type', async () => {
  const { schema } = await form()
  put('score: type', 'text')
  expect(schema().tables[0]!.columns[2]).toEqual({ name: 'score', type: 'text' })
})

it('goes through tables; images follow their table’s name and leave with it', async () => {
  const { schema } = await form(withScans)
  fireEvent.click(button('scans'))
  put('Name in SQL', 'volumes')
  expect(schema().images[0]).toMatchObject({ table: 'volumes' })
  fireEvent.click(button('Leave this table out'))
  expect(schema()).toEqual({ tables: declared.tables, images: [] })
})

it('takes a declaration in place of the form, but none for a file that was not uploaded', async () => {
  const { schema, importPolicy } = await form()
  fireEvent.click(button('Import dataset.json'))
  put('dataset.json', JSON.stringify({ schema: { tables: [second], images: [] } }))
  fireEvent.click(button('Import'))
  expect(screen.getByText(/It declares scans.csv, which was not uploaded/)).toBeTruthy()
  expect(schema()).toBe(declared)
  const [table] = declared.tables
  put('dataset.json', JSON.stringify({ tables: [{ ...table, meaning: 'Each visit' }], images: [] }))
  fireEvent.click(button('Import'))
  expect(schema().tables[0]!.meaning).toBe('Each visit')
  expect(importPolicy).not.toHaveBeenCalled()
  expect(screen.queryByLabelText('dataset.json')).toBeNull()
})
