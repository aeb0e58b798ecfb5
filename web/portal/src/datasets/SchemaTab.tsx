import { Group, SegmentedControl, Select, Stack, Table as Rows, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { CopyId } from '../parts/CopyId.tsx'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { useAddress } from '../parts/ListControls.tsx'
import { Section } from '../parts/Page.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import type { Column, Dataset, Table } from '../queries/datasets.ts'
import { opening } from '../parts/snippets.ts'
import { roleMeaning } from './words.ts'
import { allowed } from '../parts/column-words.ts'
import { languageName } from '../parts/policy-words.ts'
import snippetStyles from './snippet.module.css'
import listControlsStyles from '../parts/ListControls.module.css'

/** Whether every word stands somewhere in what is declared of a column. */
function fits(table: Table, column: Column, words: readonly string[]): boolean {
  const declared = [table.name, column.name, column.meaning ?? '', column.unit ?? '', column.type]
  const text = [...declared, ...(column.categories ?? [])].join(' ').toLowerCase()
  return words.every((word) => text.includes(word))
}
const most = 200

/** The declared tables and columns: what a script or a query may count on. */
export function SchemaTab({ dataset }: { dataset: Dataset }) {
  const [query, setQuery] = useAddress('q')
  const [only, setOnly] = useAddress('table')
  const schema = dataset.schema!
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const tables = schema.tables
    .filter((t) => !only || t.name === only)
    .map((table) => ({ table, columns: table.columns.filter((c) => fits(table, c, words)) }))
    .filter((x) => x.columns.length > 0 || words.length === 0)
  return (
    <>
      <Group gap="sm" className={listControlsStyles.controls} role="search">
        <TextInput
          className="grow"
          value={query}
          onChange={(e) => setQuery(e.currentTarget.value)}
          placeholder="Search columns and meanings"
          aria-label="Search columns and meanings"
          leftSection={<IconSearch size={16} aria-hidden />}
        />
        {schema.tables.length > 1 && (
          <Select
            aria-label="Table"
            data={[
              { value: '', label: 'Every table' },
              ...schema.tables.map((t) => ({ value: t.name, label: t.name })),
            ]}
            value={only}
            onChange={(v) => setOnly(v ?? '')}
            allowDeselect={false}
            w={200}
          />
        )}
      </Group>
      {tables.length === 0 && <Empty title="No column matches">Try another word.</Empty>}
      {tables.map(({ table, columns }) => (
        <Section
          key={table.name}
          title={table.name}
          hint={
            <>
              {table.meaning ? `${table.meaning}. ` : ''}
              {count(table.columns.length, 'column')},{' '}
              {table.oneRowPerSubject ? 'one row a subject' : 'several rows a subject'}
            </>
          }
        >
          <Opening dataset={dataset} table={table} />
          <Rows.ScrollContainer minWidth={360}>
            <Rows className="rows">
              <Rows.Thead>
                <Rows.Tr>
                  <Rows.Th>Column</Rows.Th>
                  <Rows.Th>Type</Rows.Th>
                  <Rows.Th visibleFrom="xs">Values</Rows.Th>
                  <Rows.Th visibleFrom="sm">Meaning</Rows.Th>
                </Rows.Tr>
              </Rows.Thead>
              <Rows.Tbody>
                {columns.slice(0, most).map((column) => (
                  <Rows.Tr key={column.name}>
                    <Rows.Td>
                      <CopyId value={column.name} label={`name ${column.name}`} />
                    </Rows.Td>
                    <Rows.Td>
                      <Text size="sm">
                        {column.type}
                        {column.unit ? `, ${column.unit}` : ''}
                      </Text>
                      {column.role && (
                        <Text size="xs" c="dimmed" title={roleMeaning[column.role]}>
                          {column.role}
                        </Text>
                      )}
                      <Text size="xs" c="dimmed" hiddenFrom="xs">
                        {allowed(column)}
                      </Text>
                    </Rows.Td>
                    <Rows.Td visibleFrom="xs">
                      <Text size="sm">{allowed(column) || '–'}</Text>
                      {column.nullable === false && (
                        <Text size="xs" c="dimmed">
                          never missing
                        </Text>
                      )}
                    </Rows.Td>
                    <Rows.Td visibleFrom="sm">
                      <Text size="sm">{column.meaning || '–'}</Text>
                    </Rows.Td>
                  </Rows.Tr>
                ))}
              </Rows.Tbody>
            </Rows>
          </Rows.ScrollContainer>
          {columns.length > most && (
            <Text size="sm" c="dimmed" mt="xs">
              The first {most} of {count(columns.length, 'column')}; search to see others.
            </Text>
          )}
        </Section>
      ))}
      {!only &&
        schema.images.map((image) => (
          <Section
            key={image.name}
            title={image.name}
            hint={`${image.meaning ? `${image.meaning}. ` : ''}NIfTI volumes: each row of ${image.table} names one in its column ${image.path}.`}
          >
            {image.masks.length > 0 && (
              <Stack gap={4}>
                <Text size="sm">Region masks, handed to every run:</Text>
                {image.masks.map((mask) => (
                  <CopyId key={mask} value={`/catalogs/${dataset.name}/${mask}`} label={`the path of ${mask}`} />
                ))}
              </Stack>
            )}
          </Section>
        ))}
    </>
  )
}

/** Where the table lies and how it is opened. */
function Opening({ dataset: { name: dataset, policy }, table }: { dataset: Dataset; table: Table }) {
  const languages = (['sql', 'python', 'r'] as const).filter(
    (l) => policy.languages.includes(l) || (l === 'python' && policy.languages.includes('notebook')),
  )
  const [language, setLanguage] = useState(languages[0])
  if (!language) return null
  const code = opening(dataset, table)[language]
  return (
    <div className={snippetStyles.snippet}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs" maw="100%">
          <Text size="xs" c="dimmed">
            Scripts find it at
          </Text>
          <CopyId
            value={`/catalogs/${dataset}/${table.file}`}
            label={`the path of ${table.name}`}
            show={`$DATA_ROOT/catalogs/${dataset}/${table.file}`}
          />
        </Group>
        <Group gap={4}>
          {languages.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label={`Language for ${table.name}`}
              value={language}
              onChange={(v) => setLanguage(v as typeof language)}
              data={languages.map((l) => ({ value: l, label: languageName[l] }))}
            />
          )}
          <CopyId value={code} label={`the ${languageName[language]} for ${table.name}`} hidden />
        </Group>
      </Group>
      <ScrollCode text={code} label={`${languageName[language]} that opens ${table.name}`} />
    </div>
  )
}
