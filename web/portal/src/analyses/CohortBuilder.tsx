import { ActionIcon, Button, Group, MultiSelect, NativeSelect, Select, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { Schema } from '../queries/datasets.ts'
import { allowed } from '../parts/column-words.ts'
import {
  choosable,
  columnOf,
  emptyFilter,
  type FilterDraft,
  type FilterKind,
  filterOf,
  kindLabel,
  kindsOf,
} from './cohort.ts'

const key = (table: string, column: string) => JSON.stringify([table, column])

/**
 * Who the question is about: filters over declared columns. The platform applies them itself and counts before any code
 * runs.
 */
export function CohortBuilder({
  schema,
  filters,
  change,
}: {
  schema: Schema
  filters: readonly FilterDraft[]
  change: (f: FilterDraft[]) => void
}) {
  const groups = schema.tables
    .map((t) => ({
      group: t.name,
      items: t.columns
        .filter(choosable)
        .map((c) => ({ value: key(t.name, c.name), label: schema.tables.length > 1 ? `${t.name}.${c.name}` : c.name })),
    }))
    .filter((g) => g.items.length > 0)
  const put = (i: number, part: Partial<FilterDraft>) =>
    change(filters.map((f, j) => (i === j ? { ...f, ...part } : f)))
  const first = schema.tables.flatMap((t) => t.columns.filter(choosable).map((c) => ({ t, c })))[0]
  return (
    <div>
      {filters.length === 0 && (
        <Text size="sm" c="dimmed" mb="xs">
          Everybody in the dataset. Add a filter to ask about some of them.
        </Text>
      )}
      <ol className="filters">
        {filters.map((f, i) => {
          const column = columnOf(schema, f)
          const whole = filterOf(f, schema)
          const name = `Filter ${i + 1}`
          const date = column?.type === 'date' ? 'date' : 'text'
          return (
            <li key={i}>
              <Select
                aria-label={`${name}: column`}
                searchable
                data={groups}
                value={column ? key(f.table, f.column) : null}
                allowDeselect={false}
                nothingFoundMessage="No such column"
                className="column"
                onChange={(v) => {
                  const [table, name] = JSON.parse(v ?? '[]') as [string, string]
                  const next = columnOf(schema, { table, column: name })
                  if (next) change(filters.map((x, j) => (i === j ? emptyFilter(table, next) : x)))
                }}
              />
              <NativeSelect
                aria-label={`${name}: how`}
                data={(column ? kindsOf(column) : []).map((k) => ({ value: k, label: kindLabel[k] }))}
                value={f.is}
                onChange={(e) => put(i, { is: e.currentTarget.value as FilterKind })}
                className="how"
              />
              {column && (f.is === 'in' || f.is === 'not-in') && (
                <MultiSelect
                  aria-label={`${name}: values`}
                  className="value"
                  searchable
                  data={column.categories ?? []}
                  value={f.values}
                  onChange={(values) => put(i, { values })}
                  placeholder={f.values.length === 0 ? 'Choose' : ''}
                  nothingFoundMessage="Not declared"
                />
              )}
              {column &&
                (f.is === 'equal' || f.is === 'not-equal') &&
                (column.type === 'boolean' ? (
                  <NativeSelect
                    aria-label={`${name}: value`}
                    className="value"
                    data={[
                      { value: 'true', label: 'yes' },
                      { value: 'false', label: 'no' },
                    ]}
                    value={f.value}
                    onChange={(e) => put(i, { value: e.currentTarget.value })}
                  />
                ) : (
                  <TextInput
                    aria-label={`${name}: value`}
                    className="value"
                    inputMode={column.type === 'text' ? 'text' : 'decimal'}
                    value={f.value}
                    placeholder={column.unit ?? ''}
                    onChange={(e) => put(i, { value: e.currentTarget.value })}
                  />
                ))}
              {column && f.is === 'between' && (
                <span className="value bounds">
                  <TextInput
                    aria-label={`${name}: from`}
                    type={date}
                    inputMode={date === 'date' ? undefined : 'decimal'}
                    placeholder={column.minimum === undefined ? 'from' : String(column.minimum)}
                    value={f.from}
                    onChange={(e) => put(i, { from: e.currentTarget.value })}
                  />
                  <TextInput
                    aria-label={`${name}: to`}
                    type={date}
                    inputMode={date === 'date' ? undefined : 'decimal'}
                    placeholder={column.maximum === undefined ? 'to' : String(column.maximum)}
                    value={f.to}
                    onChange={(e) => put(i, { to: e.currentTarget.value })}
                  />
                </span>
              )}
              <ActionIcon
                variant="subtle"
                color="gray"
                size={36}
                aria-label={`Take filter ${i + 1} out`}
                onClick={() => change(filters.filter((_, j) => j !== i))}
              >
                <IconTrash size={16} />
              </ActionIcon>
              <Text size="xs" c={typeof whole === 'string' ? 'var(--mantine-color-error)' : 'dimmed'} className="note">
                {typeof whole === 'string'
                  ? whole
                  : column
                    ? [column.meaning, column.unit, column.type === 'category' ? '' : allowed(column)]
                        .filter(Boolean)
                        .join(' · ')
                    : ''}
              </Text>
            </li>
          )
        })}
      </ol>
      <Group>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          disabled={!first || filters.length >= 50}
          onClick={() => {
            if (first) change([...filters, emptyFilter(first.t.name, first.c)])
          }}
        >
          Add a filter
        </Button>
        {filters.length > 1 && (
          <Text size="sm" c="dimmed">
            All of them must hold.
          </Text>
        )}
      </Group>
    </div>
  )
}
