import { Anchor, Checkbox, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useState } from 'react'
import { Empty } from '../parts/Empty.tsx'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { Plot } from '../parts/Plot.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import type { Comparison, Run } from './data.ts'
import { elapsed, figure, runName, valueText } from './words.ts'
import comparisonStyles from '../parts/comparison.module.css'
import artifactsStyles from './Artifacts.module.css'
import styles from './CompareRunsPage.module.css'

const Preview = lazy(async () => ({ default: (await import('./Preview.tsx')).Preview }))
const LogView = lazy(async () => ({ default: (await import('./log/LogView.tsx')).LogView }))
const nothing = (): void => undefined

/** Two to six runs: what differs, their figures, their pictures and plots, their logs, side by side. */
export function CompareRunsPage() {
  const [ids] = useAddress('runs')
  const enough = ids.split(',').filter(Boolean).length >= 2
  const { data, error, refetch } = useQuery({
    queryKey: ['run-comparison', ids],
    enabled: enough,
    queryFn: () => api.pipelines.compare({ query: { runs: ids } }),
  })
  const [all, setAll] = useState(false)
  const back = { to: '/pipelines?view=runs', label: 'Pipelines' }
  if (!enough)
    return (
      <Page title="Compare runs" back={back}>
        <Empty title="Choose two or more">Mark two to six runs in a list, then choose Compare.</Empty>
      </Page>
    )
  if (!data)
    return (
      <Page title="Compare runs" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  const { runs } = data
  const parameters = data.parameters.filter((p) => all || p.differs)
  const metrics = data.metrics
  const called = runs.map((r) =>
    runs.every((x) => x.experimentId === runs[0]!.experimentId) ? runName(r) : `${r.experiment}: ${runName(r)}`,
  )
  const names = called.map((n, i) => (called.indexOf(n) === i ? n : `${n} (${i + 1})`))
  const head = (
    <Table.Thead>
      <Table.Tr>
        <Table.Th w={200}>
          <span className="sr">What</span>
        </Table.Th>
        {runs.map((run, index) => (
          <Table.Th key={run.jobId}>
            <Anchor component={Link} to={`/pipeline-runs/${run.jobId}`}>
              {names[index]}
            </Anchor>
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  )
  const row = (name: React.ReactNode, key: string, values: React.ReactNode[], differs: boolean) => (
    <Table.Tr key={key}>
      <Table.Th scope="row">
        {name}
        {differs && <span className="sr">, differs</span>}
      </Table.Th>
      {values.map((value, index) => (
        <Table.Td key={index} data-differs={differs || undefined}>
          {value}
        </Table.Td>
      ))}
    </Table.Tr>
  )
  const shown = data.artifacts.filter(
    (a) => ['image', 'plot', 'table'].includes(a.kind) && a.hashes.filter((h) => h !== null).length > 1,
  )
  return (
    <Page
      title="Compare runs"
      back={back}
      wide
      hint={data.code.differs ? 'Their code differs.' : 'All ran the same code.'}
    >
      <Table.ScrollContainer minWidth={200 + 180 * runs.length}>
        <Table className={`${comparisonStyles.versions} figures`}>
          {head}
          <Table.Tbody>
            {row(
              'State',
              'state',
              runs.map((r) => <StateBadge key={r.jobId} of="pipeline-run" state={r.state} />),
              false,
            )}
            {row(
              'Version',
              'version',
              runs.map((r) => String(r.version)),
              data.code.differs,
            )}
            {row(
              'Took',
              'took',
              runs.map((r) => (r.seconds === undefined ? '–' : elapsed(r.seconds))),
              false,
            )}
            {row(
              'Most memory',
              'memory',
              runs.map((r) => (r.used ? `${r.used.peakMemoryMb} MB` : '–')),
              false,
            )}
            {data.inputs.map((input) =>
              row(
                input.title ?? input.name,
                `input ${input.name}`,
                input.values.map((h) => (h === null ? '–' : <code key={h}>{h.slice(0, 10)}</code>)),
                input.differs,
              ),
            )}
            {parameters.map((parameter) =>
              row(
                <>
                  {parameter.title ?? parameter.name}
                  {parameter.unit ? (
                    <Text span size="xs" c="dimmed">
                      {' '}
                      ({parameter.unit})
                    </Text>
                  ) : null}
                </>,
                `parameter ${parameter.name}`,
                parameter.values.map(valueText),
                parameter.differs,
              ),
            )}
            {metrics.map((metric) =>
              row(
                <b>{metric.name}</b>,
                `metric ${metric.name}`,
                metric.values.map((v) => (v === null ? '–' : figure(v))),
                metric.differs,
              ),
            )}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Checkbox
        mt="sm"
        size="sm"
        label={`Also parameters that are the same (${data.parameters.filter((p) => !p.differs).length})`}
        checked={all}
        onChange={(e) => setAll(e.currentTarget.checked)}
      />
      {metrics.length > 0 && (
        <Section title="Figures">
          <div className={artifactsStyles.artifacts}>
            {metrics.map((metric) => (
              <Metric key={metric.name} metric={metric} names={JSON.stringify(names)} />
            ))}
          </div>
        </Section>
      )}
      {shown.map((artifact) => (
        <Section
          key={artifact.path}
          title={artifact.path}
          hint={artifact.differs ? undefined : 'The same in all of them.'}
        >
          <div className={styles.besideEach} data-n={runs.length}>
            {runs.map((run, index) => (
              <figure key={run.jobId}>
                <figcaption>{names[index]}</figcaption>
                {artifact.hashes[index] === null ? (
                  <Text size="sm" c="dimmed">
                    Not there.
                  </Text>
                ) : (
                  <Suspense fallback={<LoadingRows rows={3} />}>
                    <Preview run={run} artifact={{ path: artifact.path, kind: artifact.kind, size: 0 }} />
                  </Suspense>
                )}
              </figure>
            ))}
          </div>
        </Section>
      ))}
      <Logs runs={runs} names={names} />
    </Page>
  )
}

function Metric({ metric, names }: { metric: Comparison['metrics'][number]; names: string }) {
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) => {
      const of = JSON.parse(names) as string[]
      const data = metric.values.flatMap((v, i) => (v === null ? [] : [{ run: of[i]!, v }]))
      return plot.plot({
        width,
        height: 56 + 26 * data.length,
        marginBottom: 40,
        marginLeft: Math.min(160, 24 + 7 * Math.max(...of.map((n) => n.length))),
        style: { color: ink, fontSize: '12px' },
        x: { label: metric.name, grid: true, zero: true },
        y: { label: null, domain: of },
        marks: [plot.barX(data, { x: 'v', y: 'run', fill: '#0072B2' }), plot.ruleX([0])],
      })
    },
    [metric, names],
  )
  return <Plot make={make} height={80} label={`${metric.name} of each run`} />
}

function Logs({ runs, names }: { runs: readonly Run[]; names: readonly string[] }) {
  const [open, setOpen] = useState(false)
  return (
    <details className="legend" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>Logs side by side</summary>
      {open && (
        <div className={styles.besideEach} data-n={runs.length}>
          {runs.map((run, index) => (
            <figure key={run.jobId}>
              <figcaption>{names[index]}</figcaption>
              {run.may.includes('log') ? (
                <Suspense fallback={<LoadingRows rows={3} />}>
                  <LogView run={run} heard={nothing} />
                </Suspense>
              ) : (
                <Text size="sm" c="dimmed">
                  Its log is not for you.
                </Text>
              )}
            </figure>
          ))}
        </div>
      )}
    </details>
  )
}
