import { Button, Group, Table, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Plan, PlannedColumn, Synthesis } from './data.ts'
import { PlanColumn } from './PlanColumn.tsx'
import columnsStyles from '../parts/columns.module.css'

const perPage = 25

/** The columns of a plan, a page at a time, each with what is wrong with it. */
export function PlanColumns({
  plan,
  hints,
  faults,
  change,
}: {
  plan: Plan
  hints: Synthesis['hints']
  faults: ReadonlyMap<string, string>
  change: (column: PlannedColumn) => void
}) {
  const [query, setQuery] = useState('')
  const [page, setPage] = useState(1)
  const found = plan.columns.filter((c) => c.name.toLowerCase().includes(query.toLowerCase()))
  const pages = Math.ceil(found.length / perPage)
  const now = Math.min(page, Math.max(1, pages))
  const shown = found.slice((now - 1) * perPage, now * perPage)
  return (
    <>
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
                hint={hints?.[column.name]}
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
    </>
  )
}
