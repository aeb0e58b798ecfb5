import { Anchor, Table, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useMemo, type ReactNode } from 'react'
import { short } from '../parts/figures.ts'
import { Empty } from '../parts/Empty.tsx'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { palette, Plot } from '../parts/Plot.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { type Synthesis, synthesisQuery } from './data.ts'
import { percent } from './words.ts'
import comparisonStyles from '../parts/comparison.module.css'

const mean = (x: readonly { tvd: number }[] | undefined): number | undefined =>
  x && x.length > 0 ? x.reduce((n, d) => n + d.tvd, 0) / x.length : undefined
/** The newest agreement, the custodian's own figures before the paid ones. */
const agreementOf = (synthesis: Synthesis) =>
  synthesis.evaluations
    .filter((e) => e.kind === 'agreement')
    .toSorted((a, b) => Number(a.charged) - Number(b.charged) || b.at.localeCompare(a.at))[0]
const modelOf = (s: Synthesis) =>
  s.evaluations.filter((e) => e.model).toSorted((a, b) => b.at.localeCompare(a.at))[0]?.model

const facts: [name: string, of: (s: Synthesis) => string | undefined, show?: (s: Synthesis) => ReactNode][] = [
  ['Method', (s) => s.card?.method],
  ['Epsilon', (s) => s.card && short(s.card.epsilon)],
  ['Delta', (s) => s.card?.delta.toExponential(0)],
  ['Privacy unit', (s) => s.card?.unit],
  ['Rows', (s) => s.card?.rows.toLocaleString('en')],
  ['Columns', (s) => s.card && String(s.card.columns.length)],
  ['Noisy answers', (s) => s.card && String(s.card.drawn.length)],
  ['Rules', (s) => s.plan && String(s.plan.rules.length)],
  ['Made', (s) => s.card?.made, (s) => s.card && <RelativeTime at={s.card.made} />],
  [
    'A column is off by',
    (synthesis) => {
      const distance = mean(agreementOf(synthesis)?.tvd1)
      return distance === undefined ? undefined : percent(distance)
    },
  ],
  [
    'A pair is off by',
    (synthesis) => {
      const distance = mean(agreementOf(synthesis)?.tvd2)
      return distance === undefined ? undefined : percent(distance)
    },
  ],
  ['Model on synthetic rows', (s) => modelOf(s)?.aucSynthetic.toFixed(3)],
  ['Model on real rows', (s) => modelOf(s)?.aucReal?.toFixed(3)],
]

/** Two to four versions side by side: what differs is marked. */
export function ComparePage() {
  const [ids] = useAddress('ids')
  const chosen = ids.split(',').filter(Boolean).slice(0, 4)
  const found = useQueries({ queries: chosen.map((id) => synthesisQuery(id)) })
  const error = found.find((q) => q.error)?.error
  const all = found.flatMap((q) => q.data ?? [])
  const back = { to: '/synthetic', label: 'Synthetic data' }
  if (chosen.length < 2)
    return (
      <Page title="Compare" back={back}>
        <Empty title="Choose two or more">Mark two to four synthetic tables in the list, then choose Compare.</Empty>
      </Page>
    )
  return (
    <Page title="Compare synthetic tables" back={back} wide>
      <ProblemNotice error={error} />
      {!error && all.length < chosen.length && <LoadingRows />}
      {all.length === chosen.length && (
        <>
          <Table.ScrollContainer minWidth={160 + 180 * all.length}>
            <Table className={`${comparisonStyles.versions} figures`}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>
                    <span className="sr">Fact</span>
                  </Table.Th>
                  {all.map((synthesis) => (
                    <Table.Th key={synthesis.synthesisId}>
                      <Anchor component={Link} to={`/synthetic/${synthesis.synthesisId}`}>
                        {synthesis.title}
                      </Anchor>
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {facts.map(([name, of, show]) => {
                  const values = all.map(of)
                  const differs = new Set(values).size > 1
                  return (
                    <Table.Tr key={name}>
                      <Table.Th scope="row">{name}</Table.Th>
                      {all.map((synthesis, index) => (
                        <Table.Td key={synthesis.synthesisId} data-differs={differs || undefined}>
                          {show
                            ? show(synthesis)
                            : (values[index] ?? (
                                <Text span c="dimmed" size="sm">
                                  not measured
                                </Text>
                              ))}
                        </Table.Td>
                      ))}
                    </Table.Tr>
                  )
                })}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          <ByColumn found={JSON.stringify(distances(all))} />
        </>
      )}
    </Page>
  )
}

interface Distance {
  column: string
  of: string
  tvd: number
}
const distances = (all: readonly Synthesis[]): Distance[] =>
  all.flatMap((synthesis, index) => {
    const agreement = agreementOf(synthesis)
    if (!agreement || agreement.charged) return []
    const of = `${index + 1}. ${synthesis.title}`
    return (agreement.tvd1 ?? []).map(({ column, tvd }) => ({ column, of, tvd: 100 * tvd }))
  })

/** `found`: the distances as JSON, so that nothing is drawn again while they stay the same. */
function ByColumn({ found }: { found: string }) {
  const rows = useMemo(() => JSON.parse(found) as Distance[], [found])
  const make = useCallback(
    (plot: typeof import('@observablehq/plot'), width: number, ink: string) => {
      const names = [...new Set(rows.map((d) => d.column))]
      return plot.plot({
        width,
        height: 60 + 22 * names.length,
        marginLeft: Math.min(180, 20 + 7 * Math.max(...names.map((n) => n.length))),
        style: { color: ink, fontSize: '12px' },
        x: { label: 'Distance from the real column (%)', grid: true, zero: true },
        y: { label: null, domain: names },
        color: { legend: true, range: [...palette] },
        marks: [
          plot.ruleY(rows, { y: 'column', stroke: ink, strokeOpacity: 0.1 }),
          plot.dot(rows, { x: 'tvd', y: 'column', fill: 'of', r: 5 }),
        ],
      }) as HTMLElement
    },
    [rows],
  )
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed" mt="md">
        Compare each with its real table on its page (Agreement) to see here how they differ, column by column.
      </Text>
    )
  return (
    <Section title="By column" hint="For the custodian only: these figures look at the real table.">
      <Plot
        make={make}
        height={200}
        label="Distance from the real table by column, for each version"
        table={{
          columns: ['Column', 'Version', 'Distance'],
          rows: rows.map((r) => [r.column, r.of, `${r.tvd.toFixed(1)} %`]),
        }}
      />
    </Section>
  )
}
