import {
  Alert,
  Button,
  Checkbox,
  FileButton,
  Group,
  List,
  Modal,
  Stack,
  Table as Rows,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { IconAlertTriangle, IconSearch } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { writeDatasetFile } from '../../../../clients/dataset-file.ts'
import type { DatasetPolicy } from '../../../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../../../domain/datasets/schema.ts'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { save } from '../parts/save.ts'
import { ColumnRow } from './ColumnRow.tsx'
import type { Reading } from './data.ts'
import type { Column, Dataset, Policy, Schema, Table } from '../queries/datasets.ts'
import { type Fault, faults, readDeclared } from './schema-draft.ts'

const perPage = 60

/**
 * The schema, column by column, beside what was read. What is confirmed here is all that others will ever see of the
 * data.
 */
export function SchemaStep({
  dataset,
  reading,
  schema,
  policy,
  change,
  importPolicy,
  next,
}: {
  dataset: Dataset
  reading: Reading
  schema: Schema
  policy: Policy
  change: (s: Schema) => void
  importPolicy: (p: Policy) => void
  next: () => void
}) {
  const [open, setOpen] = useState(0)
  const [importing, setImporting] = useState(false)
  const wrong = useMemo(() => faults(schema), [schema])
  const index = Math.min(open, schema.tables.length - 1)
  const latest = useRef({ schema, change })
  useEffect(() => {
    latest.current = { schema, change }
  })
  const setTable = useCallback((t: Table) => {
    const { schema: s, change: tell } = latest.current
    const before = s.tables.find((x) => x.file === t.file)
    tell({
      tables: s.tables.map((x) => (x.file === t.file ? t : x)),
      images: s.images.map((i) => (i.table === before?.name ? { ...i, table: t.name } : i)),
    })
  }, [])
  return (
    <>
      <Group justify="space-between" mb="md" gap="sm">
        <Text size="sm" c="dimmed" maw={640}>
          Check what was guessed, add units and meanings, and take out what nobody needs. Bounds and categories are
          declared, not measured: noise clamps to them, and values outside count as missing.
        </Text>
        <Group gap="xs">
          <Button variant="default" size="compact-sm" onClick={() => setImporting(true)}>
            Import dataset.json
          </Button>
          <Button
            variant="default"
            size="compact-sm"
            onClick={() =>
              save(
                'dataset.json',
                'application/json',
                writeDatasetFile({
                  name: dataset.name,
                  title: dataset.title,
                  description: dataset.description,
                  schema: schema as DatasetSchema,
                  policy: policy as DatasetPolicy,
                }),
              )
            }
          >
            Save dataset.json
          </Button>
        </Group>
      </Group>
      {wrong.some((f) => f.table === undefined) && (
        <Alert
          color="yellow"
          variant="outline"
          mb="md"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title="To mend"
        >
          <List size="sm">
            {wrong
              .filter((f) => f.table === undefined)
              .map((f) => (
                <List.Item key={f.message}>{f.message}</List.Item>
              ))}
          </List>
        </Alert>
      )}
      {schema.tables.length > 1 && (
        <div className="tablepick" role="group" aria-label="Tables">
          {schema.tables.map((t, i) => {
            const n = wrong.filter((f) => f.table === i).length
            return (
              <Button
                key={t.file}
                size="compact-sm"
                variant={i === index ? 'filled' : 'default'}
                aria-pressed={i === index}
                onClick={() => setOpen(i)}
              >
                {t.name}
                {n > 0 ? ` · ${count(n, 'thing')} to mend` : ''}
              </Button>
            )
          })}
        </div>
      )}
      <TableEditor
        key={schema.tables[index]!.file}
        table={schema.tables[index]!}
        index={index}
        reading={reading}
        faults={wrong.filter((f) => f.table === index)}
        change={setTable}
        remove={
          schema.tables.length > 1
            ? () =>
                change({
                  ...schema,
                  tables: schema.tables.filter((_, i) => i !== index),
                  images: schema.images.filter((im) => im.table !== schema.tables[index]!.name),
                })
            : undefined
        }
      />
      {schema.images.map((im, i) => (
        <Section
          key={im.name}
          title={`Images: ${im.name}`}
          hint={`Volumes named by the column ${im.path} of ${im.table}; ${im.masks.length === 0 ? 'no masks' : `masks: ${im.masks.join(', ')}`}`}
        >
          <TextInput
            label="Meaning"
            maw={680}
            maxLength={1000}
            value={im.meaning ?? ''}
            onChange={(e) => {
              const meaning = e.currentTarget.value
              change({ ...schema, images: schema.images.map((x, j) => (j === i ? { ...x, meaning } : x)) })
            }}
          />
        </Section>
      ))}
      <Group className="stickybar" justify="space-between">
        <Text size="sm" role="status">
          {wrong.length === 0 ? 'Nothing left to mend' : `${count(wrong.length, 'thing')} to mend before publishing`}
        </Text>
        <Group gap="sm">
          <Text size="sm" c="dimmed">
            Kept in this browser
          </Text>
          <Button onClick={next} disabled={wrong.length > 0}>
            Go on to the policy
          </Button>
        </Group>
      </Group>
      {importing && (
        <ImportDialog
          schema={schema}
          close={() => setImporting(false)}
          take={(d) => {
            if (d.schema) change(d.schema)
            if (d.policy) importPolicy(d.policy)
            setImporting(false)
          }}
        />
      )}
    </>
  )
}

/** Alt with an arrow goes to the same field of the next or the previous column. */
function along(e: KeyboardEvent<HTMLElement>): void {
  if (!e.altKey || (e.key !== 'ArrowDown' && e.key !== 'ArrowUp')) return
  const field = (e.target as HTMLElement).closest<HTMLElement>('[data-field]')
  const row = field?.closest('tr')
  const other = e.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling
  const target = other?.querySelector<HTMLElement>(
    `[data-field="${field?.dataset['field']}"] :is(input, select, textarea, button)`,
  )
  if (target) {
    e.preventDefault()
    target.focus()
  }
}

function TableEditor({
  table,
  index,
  reading,
  faults: wrong,
  change,
  remove,
}: {
  table: Table
  index: number
  reading: Reading
  faults: Fault[]
  change: (t: Table) => void
  remove: (() => void) | undefined
}) {
  const [q, setQ] = useState('')
  const [page, setPage] = useState(0)
  const read = reading.tables.find((t) => t.file === table.file)
  const latest = useRef({ table, change })
  useEffect(() => {
    latest.current = { table, change }
  })
  const put = (part: Partial<Table>) => change({ ...table, ...part })
  const setColumn = useCallback((name: string, next: Column | undefined) => {
    const { table: t, change: tell } = latest.current
    tell({ ...t, columns: t.columns.flatMap((c) => (c.name !== name ? [c] : next ? [next] : [])) })
  }, [])
  const words = q.toLowerCase()
  const numbered = table.columns.map((column, i) => ({ column, i }))
  const matching = numbered.filter(
    ({ column }) => !words || `${column.name} ${column.meaning ?? ''}`.toLowerCase().includes(words),
  )
  const shown = matching.slice(page * perPage, (page + 1) * perPage)
  const missing = read?.columns.filter((c) => !table.columns.some((t) => t.name === c.name)) ?? []
  const own = wrong.filter((f) => f.column === undefined)
  return (
    <Section
      title={table.file}
      hint={
        read
          ? `${count(read.rows, 'row')}, ${count(table.columns.length, 'column')}`
          : count(table.columns.length, 'column')
      }
      action={
        remove && (
          <Button size="compact-sm" variant="subtle" color="gray" onClick={remove}>
            Leave this table out
          </Button>
        )
      }
    >
      {(own.length > 0 || (read?.warnings.length ?? 0) > 0) && (
        <Alert
          color="yellow"
          variant="outline"
          mb="sm"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title={own.length > 0 ? 'To mend' : 'Please look at this'}
        >
          <List size="sm">
            {own.map((f) => (
              <List.Item key={f.message}>{f.message}</List.Item>
            ))}
            {read?.warnings.map((w) => (
              <List.Item key={w}>{w}</List.Item>
            ))}
          </List>
        </Alert>
      )}
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
      {table.columns.length > 12 && (
        <TextInput
          mb="sm"
          value={q}
          onChange={(e) => {
            setQ(e.currentTarget.value)
            setPage(0)
          }}
          placeholder="Search columns"
          aria-label={`Search columns of ${table.file}`}
          leftSection={<IconSearch size={16} aria-hidden />}
        />
      )}
      <div className="schema" role="presentation" onKeyDown={along}>
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
            {shown.map(({ column, i }) => (
              <ColumnRow
                key={column.name}
                column={column}
                read={read?.columns.find((c) => c.name === column.name)}
                fault={wrong.find((f) => f.column === i && f.table === index)?.message}
                change={setColumn}
              />
            ))}
          </Rows.Tbody>
        </Rows>
      </div>
      {matching.length > perPage && (
        <Group mt="sm">
          <Button size="compact-sm" variant="default" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Earlier columns
          </Button>
          <Text size="sm">
            {page * perPage + 1} to {Math.min(matching.length, (page + 1) * perPage)} of {matching.length}
          </Text>
          <Button
            size="compact-sm"
            variant="default"
            disabled={(page + 1) * perPage >= matching.length}
            onClick={() => setPage(page + 1)}
          >
            More columns
          </Button>
        </Group>
      )}
      {missing.length > 0 && (
        <Group gap="xs" mt="sm">
          <Text size="sm" c="dimmed">
            Left out:
          </Text>
          {missing.slice(0, 30).map((c) => (
            <Button
              key={c.name}
              size="compact-xs"
              variant="default"
              onClick={() => {
                const { distinct: _d, missing: _m, examples: _e, ...column } = c
                put({ columns: [...table.columns, column] })
              }}
              aria-label={`Take ${c.name} in again`}
            >
              {c.name} +
            </Button>
          ))}
          {missing.length > 30 && (
            <Text size="sm" c="dimmed">
              and {missing.length - 30} more
            </Text>
          )}
        </Group>
      )}
      <Text size="xs" c="dimmed" mt="sm">
        Alt with ↑ or ↓ goes to the same field of the column above or below.
      </Text>
    </Section>
  )
}

function ImportDialog({
  schema,
  close,
  take,
}: {
  schema: Schema
  close: () => void
  take: (d: { schema?: Schema; policy?: Policy }) => void
}) {
  const [text, setText] = useState('')
  const [error, setError] = useState<unknown>()
  const go = () => {
    setError(undefined)
    try {
      const found = readDeclared(text)
      const unknown = found.schema?.tables.filter((t) => !schema.tables.some((s) => s.file === t.file)) ?? []
      if (unknown.length > 0)
        throw new Error(`It declares ${unknown.map((t) => t.file).join(', ')}, which was not uploaded.`)
      take(found)
    } catch (e) {
      setError(e)
    }
  }
  return (
    <Modal opened onClose={close} title="Import dataset.json" size="lg">
      <Stack>
        <Text size="sm">Paste a schema, or choose a file. It replaces what stands in the form.</Text>
        <Textarea
          aria-label="dataset.json"
          autosize
          minRows={8}
          maxRows={18}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          placeholder={'{ "schema": { "tables": [ … ] } }'}
          data-autofocus
        />
        <ProblemNotice error={error} title="This cannot be imported" />
        <Group justify="space-between">
          <FileButton accept="application/json,.json" onChange={(f) => void f?.text().then(setText)}>
            {(p) => (
              <Button variant="default" {...p}>
                Choose a file
              </Button>
            )}
          </FileButton>
          <Group>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button disabled={!text.trim()} onClick={go}>
              Import
            </Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  )
}
