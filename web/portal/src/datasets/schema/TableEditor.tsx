import { Button, Checkbox, Group, Table as Rows, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type KeyboardEvent, useState } from 'react'
import { useStable } from '../../hooks.ts'
import { count } from '../../parts/figures.ts'
import { Section } from '../../parts/Page.tsx'
import type { Column, Table } from '../../queries/datasets.ts'
import type { Reading } from '../data.ts'
import { ColumnRow } from './ColumnRow.tsx'
import type { Fault } from './schema-draft.ts'
import { ToMend } from './ToMend.tsx'
import columnsStyles from '../../parts/columns.module.css'

type ReadTable = Reading['tables'][number]
const perPage = 60
/** A table with more columns than this can be searched. */
const seenAtOnce = 12
const mostLeftOut = 30

/** One table: its name and meaning, and its columns. `faults` are those of this table alone. */
export function TableEditor({
  table,
  read,
  faults,
  change,
  remove,
}: {
  table: Table
  /** What was read of it, if it was. */
  read: ReadTable | undefined
  faults: readonly Fault[]
  change: (table: Table) => void
  remove: (() => void) | undefined
}) {
  const put = (part: Partial<Table>) => change({ ...table, ...part })
  const own = faults.filter((fault) => fault.column === undefined).map((fault) => fault.message)
  const columns = count(table.columns.length, 'column')
  return (
    <Section
      title={table.file}
      hint={read ? `${count(read.rows, 'row')}, ${columns}` : columns}
      action={
        remove && (
          <Button size="compact-sm" variant="subtle" color="gray" onClick={remove}>
            Leave this table out
          </Button>
        )
      }
    >
      <ToMend
        mb="sm"
        title={own.length > 0 ? 'To mend' : 'Please look at this'}
        messages={[...own, ...(read?.warnings ?? [])]}
      />
      <Group align="flex-end" gap="md" mb="md">
        <TextInput
          label="Name in SQL"
          w={200}
          value={table.name}
          maxLength={60}
          onChange={(e) => put({ name: e.currentTarget.value })}
        />
        <TextInput
          label="Meaning of the table"
          className="grow"
          maxLength={1000}
          value={table.meaning ?? ''}
          onChange={(e) => put({ meaning: e.currentTarget.value })}
        />
        <Checkbox
          label="One row a subject"
          mb={8}
          checked={table.oneRowPerSubject}
          onChange={(e) => put({ oneRowPerSubject: e.currentTarget.checked })}
        />
      </Group>
      <Columns table={table} read={read} faults={faults} put={put} />
      <LeftOut table={table} read={read} takeIn={(column) => put({ columns: [...table.columns, column] })} />
      <Text size="xs" c="dimmed" mt="sm">
        Alt with ↑ or ↓ goes to the same field of the column above or below.
      </Text>
    </Section>
  )
}

/** Alt with an arrow goes to the same field of the next or the previous column. */
function goAlong(event: KeyboardEvent<HTMLElement>): void {
  if (!event.altKey || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return
  const field = (event.target as HTMLElement).closest<HTMLElement>('[data-field]')
  const row = field?.closest('tr')
  const other = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling
  const target = other?.querySelector<HTMLElement>(
    `[data-field="${field?.dataset['field']}"] :is(input, select, textarea, button)`,
  )
  if (target) {
    event.preventDefault()
    target.focus()
  }
}

function Columns({
  table,
  read,
  faults,
  put,
}: {
  table: Table
  read: ReadTable | undefined
  faults: readonly Fault[]
  put: (part: Partial<Table>) => void
}) {
  const [search, setSearch] = useState('')
  const [page, setPage] = useState(0)
  const setColumn = useStable((name: string, next: Column | undefined) =>
    put({
      columns: table.columns.flatMap((column) => {
        if (column.name !== name) return [column]
        return next ? [next] : []
      }),
    }),
  )
  const words = search.toLowerCase()
  const matching = table.columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => !words || `${column.name} ${column.meaning ?? ''}`.toLowerCase().includes(words))
  return (
    <>
      {table.columns.length > seenAtOnce && (
        <TextInput
          mb="sm"
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value)
            setPage(0)
          }}
          placeholder="Search columns"
          aria-label={`Search columns of ${table.file}`}
          leftSection={<IconSearch size={16} aria-hidden />}
        />
      )}
      <div className={columnsStyles.schema} role="presentation" onKeyDown={goAlong}>
        <Rows verticalSpacing={6} horizontalSpacing={6}>
          <Rows.Thead>
            <Rows.Tr>
              <Rows.Th>Column</Rows.Th>
              <Rows.Th>Type</Rows.Th>
              <Rows.Th>Role</Rows.Th>
              <Rows.Th>Unit</Rows.Th>
              <Rows.Th>Bounds or categories</Rows.Th>
              <Rows.Th>Meaning</Rows.Th>
              <Rows.Th>
                <span className="sr">Leave out</span>
              </Rows.Th>
            </Rows.Tr>
          </Rows.Thead>
          <Rows.Tbody>
            {matching.slice(page * perPage, (page + 1) * perPage).map(({ column, index }) => (
              <ColumnRow
                key={column.name}
                column={column}
                read={read?.columns.find((each) => each.name === column.name)}
                fault={faults.find((fault) => fault.column === index)?.message}
                change={setColumn}
              />
            ))}
          </Rows.Tbody>
        </Rows>
      </div>
      {matching.length > perPage && <Pages page={page} of={matching.length} turn={setPage} />}
    </>
  )
}

const Pages = ({ page, of, turn }: { page: number; of: number; turn: (page: number) => void }) => (
  <Group mt="sm">
    <Button size="compact-sm" variant="default" disabled={page === 0} onClick={() => turn(page - 1)}>
      Earlier columns
    </Button>
    <Text size="sm">
      {page * perPage + 1} to {Math.min(of, (page + 1) * perPage)} of {of}
    </Text>
    <Button size="compact-sm" variant="default" disabled={(page + 1) * perPage >= of} onClick={() => turn(page + 1)}>
      More columns
    </Button>
  </Group>
)

/** Columns that were read and are not declared, to take in again. */
function LeftOut({
  table,
  read,
  takeIn,
}: {
  table: Table
  read: ReadTable | undefined
  takeIn: (column: Column) => void
}) {
  const leftOut = read?.columns.filter((column) => !table.columns.some(({ name }) => name === column.name)) ?? []
  if (leftOut.length === 0) return null
  return (
    <Group gap="xs" mt="sm">
      <Text size="sm" c="dimmed">
        Left out:
      </Text>
      {leftOut.slice(0, mostLeftOut).map(({ distinct: _d, missing: _m, examples: _e, ...column }) => (
        <Button
          key={column.name}
          size="compact-xs"
          variant="default"
          onClick={() => takeIn(column)}
          aria-label={`Take ${column.name} in again`}
        >
          {column.name} +
        </Button>
      ))}
      {leftOut.length > mostLeftOut && (
        <Text size="sm" c="dimmed">
          and {leftOut.length - mostLeftOut} more
        </Text>
      )}
    </Group>
  )
}
