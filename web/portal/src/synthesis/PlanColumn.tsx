import { Checkbox, NativeSelect, Table, Text, Textarea, TextInput } from '@mantine/core'
import { memo } from 'react'
import type { PlannedColumn } from './data.ts'
import { asKind, type Kind, withBought } from './plan-draft.ts'
import { kindName } from './words.ts'
import columnsStyles from '../parts/columns.module.css'

const kinds = Object.entries(kindName).map(([value, label]) => ({ value, label }))
const numberOf = (text: string): number | undefined => {
  const n = Number(text.replaceAll(/[\s,]/g, ''))
  return text.trim() === '' || !Number.isFinite(n) ? undefined : n
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
  column: c,
  hint,
  fault,
  change,
}: {
  column: PlannedColumn
  hint: string | undefined
  fault: string | undefined
  change: (next: PlannedColumn) => void
}) {
  const put = (part: Record<string, unknown>) => change(withBought({ ...c, ...part } as PlannedColumn))
  const at = (what: string) => `${c.name}: ${what}`
  const listed = c.kind === 'categorical' || c.kind === 'ordinal'
  const bound = (key: 'minimum' | 'maximum', placeholder: string) => {
    if (c.kind !== 'numeric' && c.kind !== 'date') return null
    const value = c[key]
    return (
      <TextInput
        size="xs"
        aria-label={at(key)}
        placeholder={placeholder}
        key={`${key} ${c.kind} ${value}`}
        defaultValue={value === undefined ? '' : String(value)}
        onBlur={(e) => {
          const text = e.currentTarget.value.trim()
          put({ [key]: c.kind === 'numeric' ? numberOf(text) : text || undefined })
        }}
      />
    )
  }
  return (
    <Table.Tr data-fault={fault ? true : undefined}>
      <Table.Td data-label="Column">
        <Text size="sm" ff="monospace" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {c.name}
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
          value={c.kind}
          onChange={(e) => change(asKind(c, e.currentTarget.value as Kind))}
        />
      </Table.Td>
      <Table.Td data-label="May hold">
        {(c.kind === 'numeric' || c.kind === 'date') && (
          <span className={columnsStyles.bounds}>
            {bound('minimum', c.kind === 'date' ? 'from, 2020-01-31' : 'from')}
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
            key={(c.categories ?? []).join('\n')}
            defaultValue={(c.categories ?? []).join('\n')}
            onBlur={(e) => {
              const all = [
                ...new Set(
                  e.currentTarget.value
                    .split('\n')
                    .map((v) => v.trim())
                    .filter(Boolean),
                ),
              ]
              put({ categories: all.length > 0 ? all : undefined, ...(all.length > 0 ? {} : { open: true }) })
            }}
          />
        )}
        {c.kind === 'identifier' && (
          <NativeSelect
            size="xs"
            aria-label={at('use')}
            data={[
              { value: 'drop', label: 'Leave out' },
              { value: 'recreate', label: 'Make new numbers' },
            ]}
            value={c.use}
            onChange={(e) => change({ ...c, use: e.currentTarget.value as 'drop' | 'recreate' })}
          />
        )}
        {c.kind !== 'identifier' && c.buy && (
          <Text size="xs" c="dimmed" mt={2}>
            {bought[c.kind]}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label="Bins">
        {(c.kind === 'numeric' || c.kind === 'date') && (
          <TextInput
            size="xs"
            inputMode="numeric"
            aria-label={at('bins')}
            key={`bins ${c.bins}`}
            defaultValue={String(c.bins)}
            onBlur={(e) => {
              const n = numberOf(e.currentTarget.value)
              if (n !== undefined) put({ bins: Math.round(n) })
            }}
          />
        )}
      </Table.Td>
      <Table.Td data-label="">
        {c.kind !== 'identifier' && (
          <Checkbox
            size="xs"
            label="may be missing"
            aria-label={at('may be missing')}
            checked={c.missing}
            onChange={(e) => put({ missing: e.currentTarget.checked })}
          />
        )}
        {listed && (
          <Checkbox
            size="xs"
            mt={4}
            label="keep “other”"
            aria-label={at('keep other values as “other”')}
            checked={c.open === true}
            onChange={(e) => put({ open: e.currentTarget.checked })}
          />
        )}
        {c.kind === 'numeric' && (
          <Checkbox
            size="xs"
            mt={4}
            label="whole numbers"
            aria-label={at('whole numbers')}
            checked={c.integer}
            onChange={(e) => put({ integer: e.currentTarget.checked })}
          />
        )}
      </Table.Td>
    </Table.Tr>
  )
})
