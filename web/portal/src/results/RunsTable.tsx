import { ActionIcon, Anchor, Checkbox, Menu, Table, Text, VisuallyHidden } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { runLife } from '../../../../domain/runs/life.ts'
import { duration } from '../parts/figures.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { mayOpenRun, type Run } from './data.ts'
import { shortRun } from './Withdraw.tsx'

/** Arrived of produced, and what is missing in words; the two are the same for most runs. */
export function Arrived({ run }: { run: Pick<Run, 'received' | 'produced' | 'missing'> }) {
  return (
    <span className="nowrap">
      {run.received.toLocaleString('en')} of {Math.max(run.produced, run.received).toLocaleString('en')}
      {run.missing > 0 && (
        <Text span size="sm" c="var(--mantine-color-error)">
          {' '}
          · {run.missing} missing
        </Text>
      )}
    </span>
  )
}

export function RunsTable({
  runs,
  selected,
  select,
  mayOpen,
  mayWithdraw,
  open,
  withdraw,
}: {
  runs: readonly Run[]
  selected: ReadonlySet<string>
  select: (runIds: ReadonlySet<string>) => void
  mayOpen: boolean
  mayWithdraw: boolean
  open: (runId: string) => void
  withdraw: (runId: string) => void
}) {
  const choosable = runs.filter(mayOpenRun)
  const pseudonyms = runs.some((r) => r.pseudonym)
  const toggle = (runId: string) => {
    const next = new Set(selected)
    if (!next.delete(runId)) next.add(runId)
    select(next)
  }
  const all = choosable.length > 0 && choosable.every((r) => selected.has(r.runId))
  return (
    <Table.ScrollContainer minWidth={320}>
      <Table className="figures" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            {mayOpen && (
              <Table.Th w={36}>
                <Checkbox
                  size="xs"
                  aria-label="Choose all runs of the list"
                  checked={all}
                  indeterminate={!all && choosable.some((r) => selected.has(r.runId))}
                  disabled={choosable.length === 0}
                  onChange={() => select(all ? new Set() : new Set(choosable.map((r) => r.runId)))}
                />
              </Table.Th>
            )}
            <Table.Th>Run</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th visibleFrom="sm">Condition</Table.Th>
            <Table.Th>Started</Table.Th>
            <Table.Th visibleFrom="md">Took</Table.Th>
            <Table.Th visibleFrom="sm">Records</Table.Th>
            <Table.Th visibleFrom="md">Trials</Table.Th>
            <Table.Th visibleFrom="lg">Link</Table.Th>
            {pseudonyms && <Table.Th visibleFrom="lg">Pseudonym</Table.Th>}
            <Table.Th w={40} visibleFrom="xs">
              <VisuallyHidden>Acts</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.runId}>
              {mayOpen && (
                <Table.Td>
                  <Checkbox
                    size="xs"
                    aria-label={`Choose run ${shortRun(run.runId)}`}
                    checked={selected.has(run.runId)}
                    disabled={!mayOpenRun(run)}
                    onChange={() => toggle(run.runId)}
                  />
                </Table.Td>
              )}
              <Table.Td>
                <Anchor component={Link} to={`/runs/${run.runId}`} ff="monospace" size="sm">
                  {shortRun(run.runId)}
                </Anchor>
                {run.preview && (
                  <Text span size="xs" c="dimmed">
                    {' '}
                    preview
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <StateBadge state={run.state} of="run" />
              </Table.Td>
              <Table.Td visibleFrom="sm">{run.condition || '–'}</Table.Td>
              <Table.Td>
                <RelativeTime at={run.started} />
              </Table.Td>
              <Table.Td visibleFrom="md" className="nowrap">
                {duration(run.seconds)}
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <Arrived run={run} />
              </Table.Td>
              <Table.Td visibleFrom="md">{run.position}</Table.Td>
              <Table.Td visibleFrom="lg">
                <Text size="sm" truncate maw={180}>
                  {run.linkLabel || '–'}
                </Text>
              </Table.Td>
              {pseudonyms && (
                <Table.Td visibleFrom="lg">
                  <Text size="sm" ff="monospace">
                    {run.pseudonym?.slice(0, 12) ?? '–'}
                  </Text>
                </Table.Td>
              )}
              <Table.Td visibleFrom="xs">
                {(mayOpen || mayWithdraw) && runLife[run.state].hasData && (
                  <Menu position="bottom-end">
                    <Menu.Target>
                      <ActionIcon variant="subtle" color="gray" aria-label={`Acts on run ${shortRun(run.runId)}`}>
                        <IconDots size={16} />
                      </ActionIcon>
                    </Menu.Target>
                    <Menu.Dropdown>
                      {mayOpen && (
                        <Menu.Item disabled={!mayOpenRun(run)} onClick={() => open(run.runId)}>
                          Open …
                        </Menu.Item>
                      )}
                      {mayWithdraw && (
                        <Menu.Item c="var(--mantine-color-error)" onClick={() => withdraw(run.runId)}>
                          Withdraw …
                        </Menu.Item>
                      )}
                    </Menu.Dropdown>
                  </Menu>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
