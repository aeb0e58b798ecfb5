import { Anchor, Button, Select, Table, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { languages } from '../../../../domain/datasets/policy.ts'
import { datasetStates } from '../../../../domain/datasets/life.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useAddress, useListState, useShowAll } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { BudgetMeter } from './Budget.tsx'
import { type Dataset, useDatasets } from '../queries/datasets.ts'
import { languageName, modeShort } from '../parts/policy-words.ts'
import listControlsStyles from '../parts/ListControls.module.css'

const orders: Record<string, (a: Dataset, b: Dataset) => number> = {
  title: (a, b) => a.title.localeCompare(b.title),
  changed: (a, b) => b.changed.localeCompare(a.changed),
  budget: (a, b) => b.budget.left - a.budget.left,
}
const sorts = [
  { value: 'title', label: 'Title' },
  { value: 'changed', label: 'Last changed' },
  { value: 'budget', label: 'Most budget left' },
]
const states = datasetStates.map((s) => ({ value: s, label: s[0]!.toUpperCase() + s.slice(1) }))
/** Everything that the catalogue says of a dataset, to search in: also its columns and what they mean. */
const textOf = (dataset: Dataset): string =>
  [
    dataset.title,
    dataset.name,
    dataset.description,
    ...(dataset.schema?.tables ?? []).flatMap((table) => [
      table.name,
      table.meaning ?? '',
      ...table.columns.flatMap((c) => [c.name, c.meaning ?? '']),
    ]),
  ]
    .join(' ')
    .toLowerCase()

/** The catalogue: every dataset of the organisation that I may see. */
export function DatasetsPage() {
  const here = useOrganisation()
  const may = useMay()
  const { data, error, refetch } = useDatasets(here?.organisationId)
  const [list, set] = useListState('title')
  const [language, setLanguage] = useAddress('language')
  const all = useShowAll()
  const words = list.q.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = data
    ?.filter(
      (dataset) =>
        (!list.state || dataset.state === list.state) &&
        (!language || (dataset.policy.languages as string[]).includes(language)) &&
        words.every((w) => textOf(dataset).includes(w)),
    )
    .sort(orders[list.sort] ?? orders['title'])
  const make = may('datasets.create')
  return (
    <Page
      title="Datasets"
      hint="What can be asked, and how answers may leave. Nobody downloads a dataset: code goes to it."
      action={
        make && (
          <Button component={Link} to="/datasets/new" leftSection={<IconPlus size={16} aria-hidden />}>
            Register a dataset
          </Button>
        )
      }
    >
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!data && !error && <LoadingRows height={52} />}
      {data?.length === 0 && (
        <Empty
          title="No datasets yet"
          action={
            make && (
              <Button mt="xs" component={Link} to="/datasets/new">
                Register the first dataset
              </Button>
            )
          }
        >
          A dataset is tables and images about people that others may ask questions of, without ever seeing a row.{' '}
          {make
            ? 'Give it a name, drop a folder with CSV files, confirm what the columns mean, and say who may ask what.'
            : 'A custodian of your organisation registers them; you will find them here.'}
        </Empty>
      )}
      {data && data.length > 0 && (
        <>
          <div className={listControlsStyles.controlsRow}>
            <ListControls
              list={list}
              set={set}
              {...(make ? { states } : {})}
              sorts={sorts}
              placeholder="Search datasets and columns"
            />
            <Select
              aria-label="Filter by language"
              data={[
                { value: '', label: 'Every language' },
                ...languages.map((l) => ({ value: l, label: languageName[l] })),
              ]}
              value={language}
              onChange={(v) => setLanguage(v ?? '')}
              allowDeselect={false}
              w={160}
            />
          </div>
          {shown?.length === 0 ? (
            <Empty
              title="Nothing matches"
              action={
                <Button variant="default" onClick={all}>
                  Show all datasets
                </Button>
              }
            >
              No dataset has these words in its description or columns.
            </Empty>
          ) : (
            <Table highlightOnHover className="rows">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Title</Table.Th>
                  <Table.Th>State</Table.Th>
                  <Table.Th visibleFrom="sm">Ask in</Table.Th>
                  <Table.Th visibleFrom="md" className="nowrap">
                    Release by
                  </Table.Th>
                  <Table.Th visibleFrom="sm" className="nowrap">
                    Epsilon left
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown?.map((dataset) => (
                  <Table.Tr key={dataset.datasetId}>
                    <Table.Td>
                      <Anchor component={Link} to={`/datasets/${dataset.datasetId}/overview`} fw={500}>
                        {dataset.title}
                      </Anchor>
                      <Text size="sm" c="dimmed" lineClamp={1}>
                        <Text span ff="monospace" size="xs">
                          {dataset.name}
                        </Text>
                        {dataset.description && ` · ${dataset.description}`}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <StateBadge of="dataset" state={dataset.state} />
                      {dataset.state === 'published' && !dataset.mayAnalyse && (
                        <Text size="xs" c="dimmed">
                          not for you now
                        </Text>
                      )}
                    </Table.Td>
                    <Table.Td visibleFrom="sm">
                      <Text size="sm">{dataset.policy.languages.map((l) => languageName[l]).join(', ') || '–'}</Text>
                    </Table.Td>
                    <Table.Td visibleFrom="md">
                      <Text size="sm" className="nowrap">
                        {dataset.policy.modes.map((m) => modeShort[m]).join(', ') || '–'}
                      </Text>
                    </Table.Td>
                    <Table.Td visibleFrom="sm">
                      <BudgetMeter budget={dataset.budget} compact />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </>
      )}
    </Page>
  )
}
