import { Alert, Button, Group, NumberInput, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { synthesisMethods, type SynthesisMethod } from '../../../../domain/synthesis/plan.ts'
import { useAct, useDraft } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { api } from '../session/session.ts'
import { Rules, Wishes } from './Clauses.tsx'
import type { Plan, PlannedColumn, Synthesis } from './data.ts'
import { faultsOf } from './plan-draft.ts'
import { PlanColumn } from './PlanColumn.tsx'
import { QuotePanel } from './QuotePanel.tsx'
import { methodName, methodWords } from './words.ts'
import columnsStyles from '../parts/columns.module.css'
import quoteStyles from '../parts/quote.module.css'

const perPage = 25
const methods = synthesisMethods.map((m) => ({ value: m, label: methodName[m] }))

/** Preview and confirm: what each column may hold, whose privacy is protected, the price and what it buys. */
export function PlanForm({ synthesis }: { synthesis: Synthesis }) {
  const client = useQueryClient()
  const [draft, setDraft] = useDraft<Plan>(`synthesis.${synthesis.synthesisId}`)
  const plan = draft ?? synthesis.plan!
  const [query, setQuery] = useState('')
  const [page, setPage] = useState(1)
  const { busy, error: refused, act } = useAct()
  const [asked] = useDebouncedValue(plan, 400)
  const quote = useQuery({
    queryKey: ['synthesis-quote', synthesis.synthesisId, asked],
    queryFn: () => api.synthesis.quote({ params: { synthesisId: synthesis.synthesisId }, body: asked }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
  const put = useCallback((part: Partial<Plan>) => setDraft({ ...plan, ...part }), [plan, setDraft])
  const change = useCallback(
    (next: PlannedColumn) => setDraft({ ...plan, columns: plan.columns.map((c) => (c.name === next.name ? next : c)) }),
    [plan, setDraft],
  )
  const faults = useMemo(
    () => faultsOf(plan, quote.data, quote.error ?? refused, synthesis.faults),
    [plan, quote.data, quote.error, refused, synthesis.faults],
  )
  const found = plan.columns.filter((c) => c.name.toLowerCase().includes(query.toLowerCase()))
  const pages = Math.ceil(found.length / perPage)
  const now = Math.min(page, Math.max(1, pages))
  const shown = found.slice((now - 1) * perPage, now * perPage)
  const confirm = () =>
    act('confirm', async () => {
      client.setQueryData(
        ['synthesis', synthesis.synthesisId],
        await api.synthesis.confirm({
          params: { synthesisId: synthesis.synthesisId },
          body: { rev: synthesis.rev, plan },
        }),
      )
      setDraft(undefined)
      void client.invalidateQueries({ queryKey: ['syntheses'] })
    })
  const number = (
    label: string,
    key: 'epsilon' | 'delta' | 'rowsPerPerson' | 'rowsDeclared' | 'rows',
    description: string,
    more: { min: number; max: number; step?: number },
  ) => (
    <NumberInput
      label={label}
      description={description}
      value={plan[key] ?? ''}
      onChange={(v) => put({ [key]: v === '' ? undefined : Number(v) })}
      hideControls
      thousandSeparator={key === 'delta' ? undefined : ','}
      {...more}
    />
  )
  return (
    <div className={quoteStyles.ask}>
      <div>
        {synthesis.problem && (
          <Alert color="red" variant="outline" mb="lg" title="It could not be made">
            {synthesis.problem}
            {synthesis.faults
              ?.filter((f) => f.column === undefined || !plan.columns.some((c) => c.name === f.column))
              .map((fault) => (
                <Text key={fault.message} size="sm" mt={4}>
                  {fault.column ? `${fault.column}: ` : ''}
                  {fault.message}
                </Text>
              ))}
          </Alert>
        )}
        <Section
          title="Columns"
          hint={
            synthesis.hints
              ? 'What was read of a column stands under its name, for you alone. Bounds and categories are not taken from there by themselves: type what you know without the data, the rest is bought with privacy budget.'
              : 'As the dataset’s schema declares them. Bounds and categories that nobody declared are bought with privacy budget.'
          }
        >
          {plan.columns.length > 12 && (
            <TextInput
              mb="sm"
              value={query}
              onChange={(event) => {
                setQuery(event.currentTarget.value)
                setPage(1)
              }}
              placeholder="Search columns"
              aria-label="Search columns"
              maw={320}
            />
          )}
          <div className={`${columnsStyles.schema} ${columnsStyles.plan}`}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Column</Table.Th>
                  <Table.Th>Kind</Table.Th>
                  <Table.Th>May hold</Table.Th>
                  <Table.Th>Bins</Table.Th>
                  <Table.Th>
                    <span className="sr">More</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {shown.map((column) => (
                  <PlanColumn
                    key={column.name}
                    column={column}
                    hint={synthesis.hints?.[column.name]}
                    fault={faults.get(column.name)}
                    change={change}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </div>
          {pages > 1 && (
            <Group mt="sm" justify="space-between">
              <Text size="sm" c="dimmed">
                {(now - 1) * perPage + 1} to {Math.min(found.length, now * perPage)} of {found.length} columns
                {faults.size > 0 ? `, ${faults.size} with something wrong` : ''}
              </Text>
              <Group gap="xs">
                <Button size="compact-sm" variant="default" disabled={now === 1} onClick={() => setPage(now - 1)}>
                  Previous
                </Button>
                <Button size="compact-sm" variant="default" disabled={now === pages} onClick={() => setPage(now + 1)}>
                  Next
                </Button>
              </Group>
            </Group>
          )}
        </Section>
        <Section
          title="Privacy"
          hint="Whoever has the synthetic table learns almost nothing about any one person, whatever else they know. Epsilon says how much “almost” is."
        >
          <div className="fields">
            {number('Epsilon', 'epsilon', '1 is usual; smaller protects more', { min: 0.01, max: 100, step: 0.1 })}
            {number('Delta', 'delta', 'Far below one in the number of rows', { min: 0, max: 0.001 })}
            {number('Rows a person may add', 'rowsPerPerson', 'Whose privacy: a person with so many rows', {
              min: 1,
              max: 10_000,
            })}
            {number('Rows of the table, about', 'rowsDeclared', 'As you would tell anybody', {
              min: 1,
              max: 100_000_000,
            })}
          </div>
        </Section>
        <Section title="Method">
          <div className="fields">
            <Select
              label="Method"
              description={methodWords[plan.method]}
              data={methods}
              value={plan.method}
              onChange={(m) => put({ method: (m ?? 'auto') as SynthesisMethod })}
              allowDeselect={false}
            />
            {number('Rows to make', 'rows', 'Left empty: as many as the noisy counts say', { min: 1, max: 5_000_000 })}
          </div>
        </Section>
        <details className="legend" open={plan.rules.length > 0 || undefined}>
          <summary>Rules that every row keeps ({plan.rules.length})</summary>
          <Stack mt="sm">
            <Rules plan={plan} put={put} />
          </Stack>
        </details>
        <details className="legend" open={plan.wishes.length > 0 || undefined}>
          <summary>What matters most ({plan.wishes.length})</summary>
          <Stack mt="sm">
            <Wishes plan={plan} put={put} />
          </Stack>
        </details>
        {draft && (
          <Button mt="lg" size="compact-sm" variant="subtle" onClick={() => setDraft(undefined)}>
            Back to the proposal
          </Button>
        )}
      </div>
      <QuotePanel
        quote={quote.data}
        stale={asked !== plan || quote.isFetching}
        error={quote.error}
        plan={plan}
        busy={busy !== ''}
        refused={refused}
        confirm={() => void confirm()}
      />
    </div>
  )
}
