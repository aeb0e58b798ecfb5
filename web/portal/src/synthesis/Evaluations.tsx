import { Button, Group, NumberInput, Select, Stack, Text } from '@mantine/core'
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { jobLife } from '../../../../domain/jobs/life.ts'
import { jobQuery } from '../queries/jobs.ts'
import { Plot } from '../parts/Plot.tsx'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { api } from '../session/session.ts'
import type { Evaluation, Synthesis } from './data.ts'
import { percent } from './words.ts'

type Lib = typeof import('@observablehq/plot')
const worst = <T extends { tvd: number }>(all: readonly T[], most: number): T[] =>
  all.toSorted((a, b) => b.tvd - a.tvd).slice(0, most)
const style = (ink: string) => ({ color: ink, fontSize: '12px', overflow: 'visible' })

/** How far each column's shares are off, the worst first. */
function Columns({ tvd1 }: { tvd1: NonNullable<Evaluation['tvd1']> }) {
  const rows = useMemo(() => worst(tvd1, 30), [tvd1])
  const make = useCallback(
    (P: Lib, width: number, ink: string) =>
      P.plot({
        width,
        height: 40 + 20 * rows.length,
        marginLeft: Math.min(180, 20 + 7 * Math.max(...rows.map((d) => d.column.length))),
        style: style(ink),
        x: { label: 'Share of rows that would have to change (%)', grid: true, zero: true },
        y: { label: null },
        marks: [
          P.barX(rows, { x: (d: { tvd: number }) => 100 * d.tvd, y: 'column', fill: '#0072B2', sort: { y: '-x' } }),
          P.ruleX([0]),
        ],
      }),
    [rows],
  )
  return (
    <Plot
      make={make}
      height={60 + 20 * rows.length}
      label="Distance between synthetic and real, by column"
      table={{ columns: ['Column', 'Distance'], rows: rows.map((r) => [r.column, percent(r.tvd)]) }}
    />
  )
}

/** The same for every pair of columns, as a field of colour. */
function Pairs({ tvd2 }: { tvd2: NonNullable<Evaluation['tvd2']> }) {
  const make = useCallback(
    (P: Lib, width: number, ink: string) => {
      const data = tvd2.flatMap((d) => [
        { a: d.columns[0], b: d.columns[1], tvd: 100 * d.tvd },
        { a: d.columns[1], b: d.columns[0], tvd: 100 * d.tvd },
      ])
      const names = [...new Set(data.map((d) => d.a))],
        left = Math.min(140, 20 + 7 * Math.max(...names.map((n) => n.length))),
        side = Math.min(width - left, 22 * names.length + 40)
      return P.plot({
        width: side + left,
        height: side + left,
        marginLeft: left,
        marginBottom: left,
        style: style(ink),
        x: { label: null, tickRotate: -90, domain: names },
        y: { label: null, domain: names },
        color: { scheme: 'YlGnBu', legend: true, label: 'Distance (%)', zero: true },
        marks: [P.cell(data, { x: 'a', y: 'b', fill: 'tvd', inset: 0.5 })],
      }) as HTMLElement
    },
    [tvd2],
  )
  return (
    <Plot
      make={make}
      height={300}
      label="Distance between synthetic and real, by pair of columns"
      table={{
        columns: ['Pair', 'Distance'],
        rows: worst(tvd2, 20).map((r) => [r.columns.join(' × '), percent(r.tvd)]),
      }}
    />
  )
}

function Model({ model }: { model: NonNullable<Evaluation['model']> }) {
  const make = useCallback(
    (P: Lib, width: number, ink: string) => {
      const data = [
        { on: 'synthetic', auc: model.aucSynthetic },
        ...(model.aucReal === undefined ? [] : [{ on: 'real', auc: model.aucReal }]),
      ]
      return P.plot({
        width: Math.min(width, 520),
        height: 120,
        marginLeft: 80,
        style: style(ink),
        x: { label: 'Area under the ROC curve on real rows', domain: [0.5, 1], grid: true },
        y: { label: null },
        marks: [
          P.ruleX([0.5]),
          P.barX(data, {
            x1: 0.5,
            x2: 'auc',
            y: 'on',
            fill: (d: { on: string }) => (d.on === 'real' ? '#999999' : '#0072B2'),
          }),
          P.text(data, {
            x: 'auc',
            y: 'on',
            text: (d: { auc: number }) => d.auc.toFixed(3),
            dx: 4,
            textAnchor: 'start',
            fill: ink,
          }),
        ],
      })
    },
    [model],
  )
  return (
    <>
      <Text size="sm" mb="xs">
        Logistic regression of <code>{model.target}</code>, trained on synthetic rows and on real ones, tested on real
        rows that neither saw.
      </Text>
      <Plot
        make={make}
        height={120}
        label={`Trained on synthetic rows ${model.aucSynthetic.toFixed(3)}${model.aucReal === undefined ? '' : `, on real rows ${model.aucReal.toFixed(3)}`}`}
        table={{
          columns: ['Trained on', 'Area'],
          rows: [
            ['synthetic', model.aucSynthetic.toFixed(3)],
            ...(model.aucReal === undefined ? [] : [['real', model.aucReal.toFixed(3)]]),
          ],
        }}
      />
    </>
  )
}

const mean = (x: readonly { tvd: number }[]): number => x.reduce((n, d) => n + d.tvd, 0) / Math.max(1, x.length)

/** How well the synthetic table agrees with the real one: what was paid for, and what is for the custodian alone. */
export function Evaluations({ synthesis: s }: { synthesis: Synthesis }) {
  const client = useQueryClient()
  const [pending, setPending] = useState<string[]>([])
  const [busy, setBusy] = useState('')
  const [error, setError] = useState<unknown>()
  const [target, setTarget] = useState<string | null>(null)
  const [price, setPrice] = useState<number | string>(0.1)
  const jobs = useQueries({ queries: pending.map((jobId) => jobQuery(jobId)) }).map((q) => q.data)
  const ended = jobs.filter((j) => j && !jobLife[j.state].live).length
  useEffect(() => {
    if (ended > 0) void client.invalidateQueries({ queryKey: ['synthesis', s.synthesisId] })
  }, [ended, client, s.synthesisId])
  const failed = jobs.find((j) => j && !jobLife[j.state].live && j.state !== 'succeeded')
  const ask = async (name: string, body: { kind: 'agreement' | 'model'; target?: string; charge?: number }) => {
    setBusy(name)
    setError(undefined)
    try {
      const { jobId } = await api.synthesis.evaluate({ params: { synthesisId: s.synthesisId }, body })
      setPending((p) => [...new Set([...p, jobId])])
    } catch (e) {
      setError(e)
    } finally {
      setBusy('')
    }
  }
  const running = pending.length > ended
  const targets = (s.plan?.columns ?? []).filter((c) => c.kind !== 'identifier').map((c) => c.name)
  return (
    <div className="two">
      <div>
        {s.evaluations.length === 0 && !running && (
          <Text c="dimmed">It has not been compared with the real table yet.</Text>
        )}
        {running && (
          <Text role="status" mb="md">
            Comparing …
          </Text>
        )}
        {s.evaluations.map((e, i) => (
          <Section
            key={i}
            title={e.kind === 'model' ? 'What a model learns' : 'Agreement'}
            hint={
              <>
                {e.charged ? (
                  `Paid for with privacy budget: may be shown to anybody.${e.noise === undefined ? '' : ` Noise of ${percent(e.noise)} is in it.`}`
                ) : (
                  <b>For the custodian only: these figures look at the real table.</b>
                )}{' '}
                <RelativeTime at={e.at} />
              </>
            }
          >
            {e.model && <Model model={e.model} />}
            {e.charged && e.tvd1 && e.tvd2 ? (
              <dl className="terms figures">
                <div>
                  <dt>A column</dt>
                  <dd>off by {percent(mean(e.tvd1))} in the mean</dd>
                </div>
                <div>
                  <dt>A pair</dt>
                  <dd>off by {percent(mean(e.tvd2))} in the mean</dd>
                </div>
              </dl>
            ) : (
              <>
                {e.tvd1 && <Columns tvd1={e.tvd1} />}
                {e.tvd2 && e.tvd2.length > 0 && <Pairs tvd2={e.tvd2} />}
              </>
            )}
          </Section>
        ))}
      </div>
      {s.may.includes('evaluate') && (
        <Stack className="panel beside" gap="sm">
          <Text fw={600}>Compare with the real table</Text>
          <ProblemNotice error={error} title="It was not accepted" />
          {failed && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert">
              {failed.problem?.message ?? 'The comparison did not come to an end.'}
            </Text>
          )}
          <Button
            variant="default"
            loading={busy === 'agreement'}
            onClick={() => void ask('agreement', { kind: 'agreement' })}
          >
            Columns and pairs, for me only
          </Button>
          <Group align="flex-end" wrap="nowrap">
            <Select
              size="sm"
              label="Model that predicts"
              data={targets}
              value={target ?? targets.at(-1) ?? null}
              onChange={setTarget}
              className="grow"
              searchable
            />
            <Button
              variant="default"
              disabled={targets.length === 0}
              loading={busy === 'model'}
              onClick={() => void ask('model', { kind: 'model', target: target ?? targets.at(-1)! })}
            >
              Try it
            </Button>
          </Group>
          <Text size="xs" c="dimmed">
            Costs nothing and stays with you: the figures look at the real table.
          </Text>
          <Group align="flex-end" wrap="nowrap">
            <NumberInput
              size="sm"
              label="Epsilon"
              value={price}
              onChange={setPrice}
              min={0.01}
              max={10}
              step={0.1}
              className="grow"
              hideControls
            />
            <Button
              loading={busy === 'charged'}
              disabled={!(Number(price) > 0)}
              onClick={() => void ask('charged', { kind: 'agreement', charge: Number(price) })}
            >
              Buy figures to share
            </Button>
          </Group>
          <Text size="xs" c="dimmed">
            Two noisy figures that may stand on the card for everybody.
          </Text>
        </Stack>
      )}
    </div>
  )
}
