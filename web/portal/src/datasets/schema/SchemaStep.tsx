import { Button, Group, Text, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { writeDatasetFile } from '../../../../../clients/dataset-file.ts'
import type { DatasetPolicy } from '../../../../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../../../../domain/datasets/schema.ts'
import { useStable } from '../../hooks.ts'
import { count } from '../../parts/figures.ts'
import { Section } from '../../parts/Page.tsx'
import { save } from '../../parts/save.ts'
import type { Dataset, Policy, Schema, Table } from '../../queries/datasets.ts'
import type { Reading } from '../data.ts'
import { ImportDialog } from './ImportDialog.tsx'
import { type Fault, faults } from './schema-draft.ts'
import { TableEditor } from './TableEditor.tsx'
import { ToMend } from './ToMend.tsx'
import styles from './SchemaStep.module.css'
import stickybarStyles from '../stickybar.module.css'

/** The schema with one table in place of what it was; images follow its name. */
function withTable(schema: Schema, table: Table): Schema {
  const before = schema.tables.find((each) => each.file === table.file)
  return {
    tables: schema.tables.map((each) => (each.file === table.file ? table : each)),
    images: schema.images.map((image) => (image.table === before?.name ? { ...image, table: table.name } : image)),
  }
}
const withoutTable = (schema: Schema, table: Table): Schema => ({
  ...schema,
  tables: schema.tables.filter((each) => each !== table),
  images: schema.images.filter((image) => image.table !== table.name),
})

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
  change: (schema: Schema) => void
  importPolicy: (policy: Policy) => void
  next: () => void
}) {
  const [open, setOpen] = useState(0)
  const wrong = useMemo(() => faults(schema), [schema])
  const index = Math.min(open, schema.tables.length - 1)
  const table = schema.tables[index]!
  const setTable = useStable((changed: Table) => change(withTable(schema, changed)))
  return (
    <>
      <Group justify="space-between" mb="md" gap="sm">
        <Text size="sm" c="dimmed" maw={640}>
          Check what was guessed, add units and meanings, and take out what nobody needs. Bounds and categories are
          declared, not measured: noise clamps to them, and values outside count as missing.
        </Text>
        <DatasetFile
          dataset={dataset}
          schema={schema}
          policy={policy}
          take={(declared) => {
            if (declared.schema) change(declared.schema)
            if (declared.policy) importPolicy(declared.policy)
          }}
        />
      </Group>
      <ToMend mb="md" messages={wrong.filter((fault) => fault.table === undefined).map((fault) => fault.message)} />
      {schema.tables.length > 1 && <TablePicker tables={schema.tables} faults={wrong} open={index} choose={setOpen} />}
      <TableEditor
        key={table.file}
        table={table}
        read={reading.tables.find((each) => each.file === table.file)}
        faults={wrong.filter((fault) => fault.table === index)}
        change={setTable}
        remove={schema.tables.length > 1 ? () => change(withoutTable(schema, table)) : undefined}
      />
      <Images images={schema.images} change={(images) => change({ ...schema, images })} />
      <Group className={stickybarStyles.stickybar} justify="space-between">
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
    </>
  )
}

/** The declaration as a file: taken in, and saved. */
function DatasetFile({
  dataset,
  schema,
  policy,
  take,
}: {
  dataset: Dataset
  schema: Schema
  policy: Policy
  take: (declared: { schema?: Schema; policy?: Policy }) => void
}) {
  const [importing, setImporting] = useState(false)
  const file = () =>
    writeDatasetFile({
      name: dataset.name,
      title: dataset.title,
      description: dataset.description,
      schema: schema as DatasetSchema,
      policy: policy as DatasetPolicy,
    })
  return (
    <Group gap="xs">
      <Button variant="default" size="compact-sm" onClick={() => setImporting(true)}>
        Import dataset.json
      </Button>
      <Button variant="default" size="compact-sm" onClick={() => save('dataset.json', 'application/json', file())}>
        Save dataset.json
      </Button>
      {importing && (
        <ImportDialog
          schema={schema}
          close={() => setImporting(false)}
          take={(declared) => {
            take(declared)
            setImporting(false)
          }}
        />
      )}
    </Group>
  )
}

const TablePicker = ({
  tables,
  faults: wrong,
  open,
  choose,
}: {
  tables: readonly Table[]
  faults: readonly Fault[]
  open: number
  choose: (index: number) => void
}) => (
  <div className={styles.tablepick} role="group" aria-label="Tables">
    {tables.map((table, index) => {
      const toMend = wrong.filter((fault) => fault.table === index).length
      return (
        <Button
          key={table.file}
          size="compact-sm"
          variant={index === open ? 'filled' : 'default'}
          aria-pressed={index === open}
          onClick={() => choose(index)}
        >
          {table.name}
          {toMend > 0 ? ` · ${count(toMend, 'thing')} to mend` : ''}
        </Button>
      )
    })}
  </div>
)

const Images = ({ images, change }: { images: Schema['images']; change: (images: Schema['images']) => void }) =>
  images.map((image, index) => (
    <Section
      key={image.name}
      title={`Images: ${image.name}`}
      hint={`Volumes named by the column ${image.path} of ${image.table}; ${image.masks.length === 0 ? 'no masks' : `masks: ${image.masks.join(', ')}`}`}
    >
      <TextInput
        label="Meaning"
        maw={680}
        maxLength={1000}
        value={image.meaning ?? ''}
        onChange={(event) => {
          const meaning = event.currentTarget.value
          change(images.map((each, i) => (i === index ? { ...each, meaning } : each)))
        }}
      />
    </Section>
  ))
