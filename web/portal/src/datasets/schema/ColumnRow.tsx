import { ActionIcon, NativeSelect, Table, Text, Textarea, TextInput } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { memo } from 'react'
import { columnTypes } from '../../../../../domain/datasets/schema.ts'
import { count } from '../../parts/figures.ts'
import type { Reading } from '../data.ts'
import type { Column } from '../../queries/datasets.ts'
import { boundOf } from './schema-draft.ts'
import columnsStyles from '../../parts/columns.module.css'

type Read = Reading['tables'][number]['columns'][number]
const roleOptions = [
  { value: '', label: '–' },
  { value: 'subject', label: 'subject' },
  { value: 'visit', label: 'visit' },
  { value: 'identifier', label: 'identifier' },
]
const bounded = new Set(['integer', 'number', 'date', 'datetime'])

/** A column with one thing changed; what no longer fits its type or role is dropped. */
function changed(column: Column, part: Partial<Column>): Column {
  const next: Column = { ...column, ...part }
  for (const key of ['role', 'unit', 'minimum', 'maximum', 'categories', 'meaning'] as const)
    if (next[key] === undefined || next[key] === '') delete next[key]
  if (part.type && part.type !== column.type) {
    if (!bounded.has(part.type)) {
      delete next.minimum
      delete next.maximum
    }
    if (part.type !== 'category') delete next.categories
  }
  return next
}

/**
 * One column of a table: declared things to the right, what was read of it under its name. Drawn again only when it
 * changes.
 */
export const ColumnRow = memo(function ColumnRow({
  column,
  read,
  fault,
  change,
}: {
  column: Column
  read: Read | undefined
  fault: string | undefined
  change: (name: string, next: Column | undefined) => void
}) {
  const put = (part: Partial<Column>) => change(column.name, changed(column, part))
  const at = (what: string) => `${column.name}: ${what}`
  const date = column.type === 'date' || column.type === 'datetime'
  return (
    <Table.Tr data-fault={fault ? true : undefined}>
      <Table.Td data-label="Column">
        <Text size="sm" ff="monospace" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {column.name}
        </Text>
        {read && (
          <Text size="xs" c="dimmed">
            {count(read.distinct, 'value')}
            {read.missing > 0 ? `, ${read.missing.toLocaleString('en')} missing` : ''}
            {read.examples.length > 0 ? `: ${read.examples.slice(0, 3).join(', ')}` : ''}
          </Text>
        )}
        {fault && (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">
            {fault}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-field="type" data-label="Type">
        <NativeSelect
          size="xs"
          aria-label={at('type')}
          data={[...columnTypes]}
          value={column.type}
          onChange={(event) =>
            put({
              type: event.currentTarget.value as Column['type'],
              ...(event.currentTarget.value === 'category' && read && read.type === 'category' && read.categories
                ? { categories: read.categories }
                : {}),
            })
          }
        />
      </Table.Td>
      <Table.Td data-field="role" data-label="Role">
        <NativeSelect
          size="xs"
          aria-label={at('role')}
          data={roleOptions}
          value={column.role ?? ''}
          onChange={(e) => put({ role: (e.currentTarget.value || undefined) as Column['role'] })}
        />
      </Table.Td>
      <Table.Td data-field="unit" data-label="Unit">
        <TextInput
          size="xs"
          aria-label={at('unit')}
          value={column.unit ?? ''}
          maxLength={60}
          onChange={(e) => put({ unit: e.currentTarget.value })}
          disabled={column.role === 'identifier'}
        />
      </Table.Td>
      <Table.Td data-field="values" data-label="Values">
        {bounded.has(column.type) && !column.role && (
          <span className={columnsStyles.bounds}>
            <TextInput
              size="xs"
              aria-label={at('minimum')}
              placeholder={date ? 'from, 2020-01-31' : 'from'}
              key={`low ${column.type} ${column.minimum}`}
              defaultValue={column.minimum === undefined ? '' : String(column.minimum)}
              onBlur={(e) => put({ minimum: boundOf(column.type, e.currentTarget.value) })}
            />
            <TextInput
              size="xs"
              aria-label={at('maximum')}
              placeholder="to"
              key={`high ${column.type} ${column.maximum}`}
              defaultValue={column.maximum === undefined ? '' : String(column.maximum)}
              onBlur={(e) => put({ maximum: boundOf(column.type, e.currentTarget.value) })}
            />
          </span>
        )}
        {column.type === 'category' && (
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
              put({ categories: all.length > 0 ? all : undefined })
            }}
          />
        )}
      </Table.Td>
      <Table.Td data-field="meaning" data-label="Meaning">
        <TextInput
          size="xs"
          aria-label={at('meaning')}
          value={column.meaning ?? ''}
          maxLength={1000}
          onChange={(e) => put({ meaning: e.currentTarget.value })}
        />
      </Table.Td>
      <Table.Td data-field="out" data-label="" ta="right">
        <ActionIcon
          variant="subtle"
          color="gray"
          size="md"
          aria-label={`Leave ${column.name} out`}
          onClick={() => change(column.name, undefined)}
        >
          <IconTrash size={15} />
        </ActionIcon>
      </Table.Td>
    </Table.Tr>
  )
})
