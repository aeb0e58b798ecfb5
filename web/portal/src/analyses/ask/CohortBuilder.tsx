import { ActionIcon, Button, Group, MultiSelect, NativeSelect, Select, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { Column, Schema } from '../../queries/datasets.ts'
import { allowed } from '../../parts/column-words.ts'
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
import styles from './CohortBuilder.module.css'
import columnsStyles from '../../parts/columns.module.css'

const key = (table: string, column: string) => JSON.stringify([table, column])

/** Columns to choose from, below their table. */
const choicesOf = (schema: Schema) =>
  schema.tables
    .map(({ name: table, columns }) => ({
      group: table,
      items: columns.filter(choosable).map(({ name }) => ({
        value: key(table, name),
        label: schema.tables.length > 1 ? `${table}.${name}` : name,
      })),
    }))
    .filter((group) => group.items.length > 0)
const mostFilters = 50

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
  change: (filters: FilterDraft[]) => void
}) {
  const first = schema.tables.flatMap(({ name, columns }) =>
    columns.filter(choosable).map((column) => ({ table: name, column })),
  )[0]
  return (
    <div>
      {filters.length === 0 && (
        <Text size="sm" c="dimmed" mb="xs">
          Everybody in the dataset. Add a filter to ask about some of them.
        </Text>
      )}
      <ol className={styles.filters}>
        {filters.map((filter, index) => (
          <FilterRow
            key={index}
            name={`Filter ${index + 1}`}
            schema={schema}
            filter={filter}
            change={(next) => change(filters.map((each, i) => (i === index ? next : each)))}
            remove={() => change(filters.filter((_, i) => i !== index))}
          />
        ))}
      </ol>
      <Group>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          disabled={!first || filters.length >= mostFilters}
          onClick={() => {
            if (first) change([...filters, emptyFilter(first.table, first.column)])
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

function FilterRow({
  name,
  schema,
  filter,
  change,
  remove,
}: {
  name: string
  schema: Schema
  filter: FilterDraft
  change: (next: FilterDraft) => void
  remove: () => void
}) {
  const column = columnOf(schema, filter)
  const choose = (chosen: string | null) => {
    const [table, columnName] = JSON.parse(chosen ?? '[]') as [string, string]
    const next = columnOf(schema, { table, column: columnName })
    if (next) change(emptyFilter(table, next))
  }
  return (
    <li>
      <Select
        aria-label={`${name}: column`}
        searchable
        data={choicesOf(schema)}
        value={column ? key(filter.table, filter.column) : null}
        allowDeselect={false}
        nothingFoundMessage="No such column"
        className={styles.column}
        onChange={choose}
      />
      <NativeSelect
        aria-label={`${name}: how`}
        data={(column ? kindsOf(column) : []).map((kind) => ({ value: kind, label: kindLabel[kind] }))}
        value={filter.is}
        onChange={(e) => change({ ...filter, is: e.currentTarget.value as FilterKind })}
        className={styles.how}
      />
      {column && (
        <FilterValue name={name} column={column} filter={filter} put={(part) => change({ ...filter, ...part })} />
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={`Take ${name[0]!.toLowerCase()}${name.slice(1)} out`}
        onClick={remove}
      >
        <IconTrash size={16} />
      </ActionIcon>
      <FilterNote schema={schema} filter={filter} column={column} />
    </li>
  )
}

interface ValueOfFilter {
  name: string
  column: Column
  filter: FilterDraft
  put: (part: Partial<FilterDraft>) => void
}
function FilterValue({ name, column, filter, put }: ValueOfFilter) {
  switch (filter.is) {
    case 'in':
    case 'not-in':
      return (
        <MultiSelect
          aria-label={`${name}: values`}
          className={styles.value}
          searchable
          data={column.categories ?? []}
          value={filter.values}
          onChange={(values) => put({ values })}
          placeholder={filter.values.length === 0 ? 'Choose' : ''}
          nothingFoundMessage="Not declared"
        />
      )
    case 'equal':
    case 'not-equal':
      return <OneValue name={name} column={column} filter={filter} put={put} />
    case 'between':
      return <Bounds name={name} column={column} filter={filter} put={put} />
    case 'known':
    case 'missing':
      return null
  }
}

function OneValue({ name, column, filter, put }: ValueOfFilter) {
  if (column.type === 'boolean')
    return (
      <NativeSelect
        aria-label={`${name}: value`}
        className={styles.value}
        data={[
          { value: 'true', label: 'yes' },
          { value: 'false', label: 'no' },
        ]}
        value={filter.value}
        onChange={(e) => put({ value: e.currentTarget.value })}
      />
    )
  return (
    <TextInput
      aria-label={`${name}: value`}
      className={styles.value}
      inputMode={column.type === 'text' ? 'text' : 'decimal'}
      value={filter.value}
      placeholder={column.unit ?? ''}
      onChange={(e) => put({ value: e.currentTarget.value })}
    />
  )
}

function Bounds({ name, column, filter, put }: ValueOfFilter) {
  const type = column.type === 'date' ? 'date' : 'text'
  const inputMode = type === 'date' ? undefined : 'decimal'
  return (
    <span className={`${styles.value} ${columnsStyles.bounds}`}>
      <TextInput
        aria-label={`${name}: from`}
        type={type}
        inputMode={inputMode}
        placeholder={column.minimum === undefined ? 'from' : String(column.minimum)}
        value={filter.from}
        onChange={(e) => put({ from: e.currentTarget.value })}
      />
      <TextInput
        aria-label={`${name}: to`}
        type={type}
        inputMode={inputMode}
        placeholder={column.maximum === undefined ? 'to' : String(column.maximum)}
        value={filter.to}
        onChange={(e) => put({ to: e.currentTarget.value })}
      />
    </span>
  )
}

/** What a filter still lacks; else what its column means. */
function FilterNote({ schema, filter, column }: { schema: Schema; filter: FilterDraft; column: Column | undefined }) {
  const whole = filterOf(filter, schema)
  const lacks = typeof whole === 'string'
  const about = column && [column.meaning, column.unit, column.type === 'category' ? '' : allowed(column)]
  return (
    <Text size="xs" c={lacks ? 'var(--mantine-color-error)' : 'dimmed'} className={styles.note}>
      {lacks ? whole : about?.filter(Boolean).join(' · ')}
    </Text>
  )
}
