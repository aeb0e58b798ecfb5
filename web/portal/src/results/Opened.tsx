import { Alert, Button, Group, List, Menu, Select, Stack, Table, Text } from '@mantine/core'
import { IconAlertTriangle, IconDownload } from '@tabler/icons-react'
import { useCallback, useMemo, useState } from 'react'
import { cellText, columnsOf } from '../../../../clients/results/csv.ts'
import { fileStem, toJson, toPsychDs, trialsCsv, type ExportOf } from '../../../../clients/results/exports.ts'
import { tableRows } from '../../../../clients/results/rows.ts'
import { type Study } from '../hooks.ts'
import { count, percent } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { palette, Plot } from '../parts/Plot.tsx'
import { openedRuns, type Opened } from './opened.ts'
import { groupings, histogram, numbersOf, quantile, shares } from './summaries.ts'

type Rows = readonly ReadonlyMap<string, unknown>[]
const previewRows = 25
const previewColumns = 24

function save(name: string, type: string, content: string | Uint8Array): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type }))
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

function Downloads({ study, opened }: { study: Study; opened: Opened }) {
  const contents = (): ExportOf => ({ study, runs: opened.runs, purpose: opened.purpose, at: new Date() })
  const stem = fileStem(study.title)
  const files = opened.runs.flatMap((r) => r.files.map((file) => ({ run: r.row.runId, file })))
  return (
    <Group gap="xs">
      <Button
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => save(`${stem}.csv`, 'text/csv', trialsCsv(contents()))}
      >
        CSV
      </Button>
      <Button variant="default" onClick={() => save(`${stem}.json`, 'application/json', toJson(contents()))}>
        JSON
      </Button>
      <Button variant="default" onClick={() => save(`${stem}-psych-ds.zip`, 'application/zip', toPsychDs(contents()))}>
        Psych-DS
      </Button>
      {files.length > 0 && (
        <Menu>
          <Menu.Target>
            <Button variant="default">{count(files.length, 'file')}</Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
            {files.map(({ run, file }) => (
              <Menu.Item
                key={run + file.name}
                onClick={() => save(`${run}-${file.name}`, 'application/octet-stream', file.bytes)}
              >
                {file.name}{' '}
                <Text span size="xs" c="dimmed">
                  {run.slice(4, 12)}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </Group>
  )
}

function ReactionTimes({ rows, column }: { rows: Rows; column: string }) {
  const values = useMemo(() => numbersOf(rows, column), [rows, column])
  const bins = useMemo(() => histogram(values), [values])
  const sorted = useMemo(() => [...values].sort((a, b) => a - b), [values])
  const median = Math.round(quantile(sorted, 0.5))
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) =>
      plot.plot({
        width,
        height: 210,
        marginLeft: 44,
        marginRight: 30,
        marginBottom: 40,
        style: { color: ink, fontSize: '12px', background: 'none' },
        x: { label: 'Reaction time (ms)' },
        y: { label: 'Trials', grid: true },
        marks: [
          plot.rectY(bins, { x1: 'from', x2: 'to', y: 'n', fill: palette[0], inset: 0.5 }),
          plot.ruleX([median], { stroke: palette[1], strokeWidth: 2 }),
          plot.ruleY([0]),
        ],
      }),
    [bins, median],
  )
  const beyond = sorted.filter((v) => v >= bins.at(-1)!.to).length
  return (
    <Section
      title="Reaction times"
      hint={
        <>
          n = {count(values.length, 'trial')}; median {median} ms, middle half {Math.round(quantile(sorted, 0.25))} to{' '}
          {Math.round(quantile(sorted, 0.75))} ms
          {beyond > 0 ? `; the last bar also holds ${count(beyond, 'longer trial')}` : ''}
        </>
      }
    >
      <Plot
        make={make}
        height={210}
        label={`Distribution of ${values.length} reaction times, median ${median} milliseconds`}
        table={{ columns: ['From (ms)', 'To (ms)', 'Trials'], rows: bins.map((b) => [b.from, b.to, b.n]) }}
      />
    </Section>
  )
}

function Accuracy({ rows }: { rows: Rows }) {
  const choices = useMemo(() => groupings(rows), [rows])
  const [chosen, setChosen] = useState<string>()
  const by = chosen ?? choices[0] ?? 'run_condition'
  const data = useMemo(() => shares(rows, 'correct', by), [rows, by])
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) =>
      plot.plot({
        width,
        height: 56 + data.length * 30,
        marginBottom: 36,
        marginRight: 24,
        marginLeft: Math.min(180, 20 + 8 * Math.max(...data.map((d) => d.group.length))),
        style: { color: ink, fontSize: '12px', background: 'none' },
        x: { domain: [0, 100], label: 'Right answers (%)', grid: true },
        y: { label: null },
        marks: [
          plot.ruleY(data, {
            y: 'group',
            x1: (d: (typeof data)[number]) => d.low * 100,
            x2: (d: (typeof data)[number]) => d.high * 100,
            stroke: palette[0],
            strokeWidth: 2,
          }),
          plot.dot(data, {
            y: 'group',
            x: (d: (typeof data)[number]) => (100 * d.right) / d.n,
            r: 5,
            fill: palette[0],
          }),
        ],
      }),
    [data],
  )
  return (
    <Section
      title="Accuracy"
      hint="Share of right answers with its 95 % interval; trials count, not people."
      action={
        choices.length > 1 && (
          <Select
            size="xs"
            aria-label="Group by"
            data={choices}
            value={by}
            onChange={(v) => setChosen(v ?? undefined)}
            allowDeselect={false}
            w={180}
          />
        )
      }
    >
      <Plot
        make={make}
        height={56 + data.length * 30}
        label={`Share of right answers by ${by}`}
        table={{
          columns: [by, 'Right', 'Trials', 'Share'],
          rows: data.map((d) => [d.group, d.right, d.n, percent(d.right, d.n)]),
        }}
      />
    </Section>
  )
}

/** Opened results: what is not whole first, then a look at the rows and the usual plots, and the downloads. */
export function OpenedResults({ study, opened }: { study: Study; opened: Opened }) {
  const rows = useMemo(() => tableRows(opened.runs), [opened])
  const columns = useMemo(() => columnsOf(rows), [rows])
  const findings = opened.runs.flatMap((r) => r.findings.map((finding) => ({ run: r.row.runId, finding })))
  const hasTimes = useMemo(() => numbersOf(rows, 'rt').length > 0, [rows])
  const hasAccuracy = useMemo(() => rows.some((r) => typeof r.get('correct') === 'boolean'), [rows])
  return (
    <section className="panel" aria-label="Opened results">
      <Group justify="space-between" gap="sm" mb="md">
        <div>
          <Text fw={600}>
            {count(opened.runs.length, 'run')} opened, {count(rows.length, 'row')}
          </Text>
          <Text size="sm" c="dimmed">
            Only in this tab, until you reload, sign out or forget them.
          </Text>
        </div>
        <Group gap="xs">
          <Downloads study={study} opened={opened} />
          <Button variant="subtle" color="gray" onClick={() => openedRuns.forget(study.studyId)}>
            Forget
          </Button>
        </Group>
      </Group>
      {findings.length > 0 && (
        <Alert
          color="yellow"
          variant="outline"
          icon={<IconAlertTriangle size={18} aria-hidden />}
          title={`${count(new Set(findings.map((x) => x.run)).size, 'run')} not whole`}
          mb="md"
        >
          <List size="sm">
            {findings.slice(0, 12).map(({ run, finding }, index) => (
              <List.Item key={index}>
                <code>{run.slice(4, 12)}</code> {finding.message}
              </List.Item>
            ))}
          </List>
          {findings.length > 12 && (
            <Text size="sm">and {findings.length - 12} more; they are in the JSON and Psych-DS downloads.</Text>
          )}
        </Alert>
      )}
      {rows.length === 0 ? (
        <Text c="dimmed">These runs hold no rows.</Text>
      ) : (
        <Stack gap={0}>
          {hasTimes && <ReactionTimes rows={rows} column="rt" />}
          {hasAccuracy && <Accuracy rows={rows} />}
          <Section
            title="Rows"
            hint={`The first ${Math.min(previewRows, rows.length)} of ${count(rows.length, 'row')}, ${Math.min(previewColumns, columns.length)} of ${count(columns.length, 'column')}; downloads hold all.`}
          >
            <Table.ScrollContainer
              minWidth={400}
              maxHeight={420}
              scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Rows, scrollable' } }}
            >
              <Table className="figures" stickyHeader>
                <Table.Thead>
                  <Table.Tr>
                    {columns.slice(0, previewColumns).map((column) => (
                      <Table.Th key={column} className="nowrap">
                        {column}
                      </Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rows.slice(0, previewRows).map((row, index) => (
                    <Table.Tr key={index}>
                      {columns.slice(0, previewColumns).map((column) => {
                        const text = cellText(row.get(column))
                        return (
                          <Table.Td key={column} className="nowrap">
                            {column === 'run_id' ? text.slice(4, 12) : cut(text)}
                          </Table.Td>
                        )
                      })}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Section>
        </Stack>
      )}
    </section>
  )
}

const longest = 60
const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)
