import { Checkbox, NativeSelect, Table, Text, Textarea, TextInput } from '@mantine/core'
import { memo } from 'react'
import type { PlannedColumn } from './data.ts'
import { asKind, type Kind, withBought } from './plan-draft.ts'
import { kindName } from './words.ts'
import columnsStyles from '../parts/columns.module.css'

const kinds = Object.entries(kindName).map(([value, label]) => ({ value, label }))
const numberOf = (text: string): number | undefined => {
  const value = Number(text.replaceAll(/[\s,]/g, ''))
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value
}
const bought = {
  numeric: 'Bounds are bought: noisy quantiles of the data',
  date: 'Bounds are bought: noisy quantiles of the data',
  categorical: 'Categories are bought: those that enough people share',
  ordinal: 'Categories are bought: those that enough people share',
} as const

/**
 * One column of the plan: what it may hold. Under its name what was read of it, for the custodian alone, and what is
 * wrong.
 */
export const PlanColumn = memo(function PlanColumn({
  column,
  hint,
  fault,
  change,
}: {
  column: PlannedColumn
  hint: string | undefined
  fault: string | undefined
  change: (next: PlannedColumn) => void
}) {
  const put = (part: Record<string, unknown>) => change(withBought({ ...column, ...part } as PlannedColumn))
  const at = (what: string) => `${column.name}: ${what}`
  const listed = column.kind === 'categorical' || column.kind === 'ordinal'
  const bound = (key: 'minimum' | 'maximum', placeholder: string) => {
    if (column.kind !== 'numeric' && column.kind !== 'date') return null
    const value = column[key]
    return (
      <TextInput
        size="xs"
        aria-label={at(key)}
        placeholder={placeholder}
        key={`${key} ${column.kind} ${value}`}
        defaultValue={value === undefined ? '' : String(value)}
        onBlur={(event) => {
          const text = event.currentTarget.value.trim()
          put({ [key]: column.kind === 'numeric' ? numberOf(text) : text || undefined })
        }}
      />
    )
  }
  return (
    <Table.Tr data-fault={fault ? true : undefined}>
      <Table.Td data-label="Column">
        <Text size="sm" ff="monospace" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {column.name}
        </Text>
        {hint && (
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {hint}
          </Text>
        )}
        {fault && (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">
            {fault}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label="Kind">
        <NativeSelect
          size="xs"
          aria-label={at('kind')}
          data={kinds}
          value={column.kind}
          onChange={(e) => change(asKind(column, e.currentTarget.value as Kind))}
        />
      </Table.Td>
      <Table.Td data-label="May hold">
        {(column.kind === 'numeric' || column.kind === 'date') && (
          <span className={columnsStyles.bounds}>
            {bound('minimum', column.kind === 'date' ? 'from, 2020-01-31' : 'from')}
            {bound('maximum', 'to')}
          </span>
        )}
        {listed && (
          <Textarea
            size="xs"
            aria-label={at('categories, one a line')}
            placeholder="one a line"
            autosize
            minRows={1}
            maxRows={6}
            key={(column.categories ?? []).join('\n')}
            defaultValue={(column.categories ?? []).join('\n')}
            onBlur={(event) => {
              const all = [
                ...new Set(
                  event.currentTarget.value
                    .split('\n')
                    .map((v) => v.trim())
                    .filter(Boolean),
                ),
              ]
              put({ categories: all.length > 0 ? all : undefined, ...(all.length > 0 ? {} : { open: true }) })
            }}
          />
        )}
        {column.kind === 'identifier' && (
          <NativeSelect
            size="xs"
            aria-label={at('use')}
            data={[
              { value: 'drop', label: 'Leave out' },
              { value: 'recreate', label: 'Make new numbers' },
            ]}
            value={column.use}
            onChange={(e) => change({ ...column, use: e.currentTarget.value as 'drop' | 'recreate' })}
          />
        )}
        {column.kind !== 'identifier' && column.buy && (
          <Text size="xs" c="dimmed" mt={2}>
            {bought[column.kind]}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label="Bins">
        {(column.kind === 'numeric' || column.kind === 'date') && (
          <TextInput
            size="xs"
            inputMode="numeric"
            aria-label={at('bins')}
            key={`bins ${column.bins}`}
            defaultValue={String(column.bins)}
            onBlur={(event) => {
              const value = numberOf(event.currentTarget.value)
              if (value !== undefined) put({ bins: Math.round(value) })
            }}
          />
        )}
      </Table.Td>
      <Table.Td data-label="">
        {column.kind !== 'identifier' && (
          <Checkbox
            size="xs"
            label="may be missing"
            aria-label={at('may be missing')}
            checked={column.missing}
            onChange={(e) => put({ missing: e.currentTarget.checked })}
          />
        )}
        {listed && (
          <Checkbox
            size="xs"
            mt={4}
            label="keep “other”"
            aria-label={at('keep other values as “other”')}
            checked={column.open === true}
            onChange={(e) => put({ open: e.currentTarget.checked })}
          />
        )}
        {column.kind === 'numeric' && (
          <Checkbox
            size="xs"
            mt={4}
            label="whole numbers"
            aria-label={at('whole numbers')}
            checked={column.integer}
            onChange={(e) => put({ integer: e.currentTarget.checked })}
          />
        )}
      </Table.Td>
    </Table.Tr>
  )
})
