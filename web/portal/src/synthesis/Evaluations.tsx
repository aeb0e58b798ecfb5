import { Button, Group, NumberInput, Select, Stack, Text } from '@mantine/core'
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { jobLife } from '../../../../domain/jobs/life.ts'
import { type Acting, useAct } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { type Job, jobQuery } from '../queries/jobs.ts'
import { api } from '../session/session.ts'
import type { Evaluation, Synthesis } from './data.ts'
import { Columns, Model, Pairs } from './evaluation-plots.tsx'
import { percent } from './words.ts'

type Wanted = { kind: 'agreement' | 'model'; target?: string; charge?: number }
interface Comparing extends Omit<Acting, 'act'> {
  ask: (name: string, wanted: Wanted) => void
  running: boolean
  /** A comparison that came to nothing. */
  failed: Job | undefined
}

/** Comparisons asked for from this page: each is a job. */
function useComparing({ synthesisId }: Synthesis): Comparing {
  const client = useQueryClient()
  const { act, ...acting } = useAct()
  const [pending, setPending] = useState<string[]>([])
  const jobs = useQueries({ queries: pending.map((jobId) => jobQuery(jobId)) }).map((query) => query.data)
  const over = jobs.filter((job) => job !== undefined && !jobLife[job.state].live)
  useEffect(() => {
    if (over.length > 0) void client.invalidateQueries({ queryKey: ['synthesis', synthesisId] })
  }, [over.length, client, synthesisId])
  return {
    ...acting,
    ask: (name, body) =>
      void act(name, async () => {
        const { jobId } = await api.synthesis.evaluate({ params: { synthesisId }, body })
        setPending((before) => [...new Set([...before, jobId])])
      }),
    running: pending.length > over.length,
    failed: over.find((job) => job?.state !== 'succeeded'),
  }
}

/** How well the synthetic table agrees with the real one: what was paid for, and what is for the custodian alone. */
export function Evaluations({ synthesis }: { synthesis: Synthesis }) {
  const comparing = useComparing(synthesis)
  const { evaluations } = synthesis
  return (
    <div className="two">
      <div>
        {evaluations.length === 0 && !comparing.running && (
          <Text c="dimmed">It has not been compared with the real table yet.</Text>
        )}
        {comparing.running && (
          <Text role="status" mb="md">
            Comparing …
          </Text>
        )}
        {evaluations.map((evaluation, index) => (
          <OneEvaluation key={index} evaluation={evaluation} />
        ))}
      </div>
      {synthesis.may.includes('evaluate') && <Compare synthesis={synthesis} comparing={comparing} />}
    </div>
  )
}

function OneEvaluation({ evaluation }: { evaluation: Evaluation }) {
  const { kind, charged, noise, at, model, tvd1, tvd2 } = evaluation
  return (
    <Section
      title={kind === 'model' ? 'What a model learns' : 'Agreement'}
      hint={
        <>
          {charged ? (
            `Paid for with privacy budget: may be shown to anybody.${noise === undefined ? '' : ` Noise of ${percent(noise)} is in it.`}`
          ) : (
            <b>For the custodian only: these figures look at the real table.</b>
          )}{' '}
          <RelativeTime at={at} />
        </>
      }
    >
      {model && <Model model={model} />}
      {charged && tvd1 && tvd2 ? (
        <MeanDistances tvd1={tvd1} tvd2={tvd2} />
      ) : (
        <>
          {tvd1 && <Columns tvd1={tvd1} />}
          {tvd2 && tvd2.length > 0 && <Pairs tvd2={tvd2} />}
        </>
      )}
    </Section>
  )
}

const mean = (distances: readonly { tvd: number }[]): number =>
  distances.reduce((sum, { tvd }) => sum + tvd, 0) / Math.max(1, distances.length)

const MeanDistances = ({ tvd1, tvd2 }: Required<Pick<Evaluation, 'tvd1' | 'tvd2'>>) => (
  <dl className="terms figures">
    <div>
      <dt>A column</dt>
      <dd>off by {percent(mean(tvd1 ?? []))} in the mean</dd>
    </div>
    <div>
      <dt>A pair</dt>
      <dd>off by {percent(mean(tvd2 ?? []))} in the mean</dd>
    </div>
  </dl>
)

/** For the custodian: comparisons that cost nothing and stay here, and figures that may be shown to anybody. */
function Compare({
  synthesis,
  comparing: { ask, busy, error, failed },
}: {
  synthesis: Synthesis
  comparing: Comparing
}) {
  const [chosen, setChosen] = useState<string | null>(null)
  const [price, setPrice] = useState<number | string>(0.1)
  const targets = (synthesis.plan?.columns ?? []).filter(({ kind }) => kind !== 'identifier').map(({ name }) => name)
  const target = chosen ?? targets.at(-1)
  return (
    <Stack className="panel beside" gap="sm">
      <Text fw={600}>Compare with the real table</Text>
      <ProblemNotice error={error} title="It was not accepted" />
      {failed && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {failed.problem?.message ?? 'The comparison did not come to an end.'}
        </Text>
      )}
      <Button variant="default" loading={busy === 'agreement'} onClick={() => ask('agreement', { kind: 'agreement' })}>
        Columns and pairs, for me only
      </Button>
      <Group align="flex-end" wrap="nowrap">
        <Select
          size="sm"
          label="Model that predicts"
          data={targets}
          value={target ?? null}
          onChange={setChosen}
          className="grow"
          searchable
        />
        <Button
          variant="default"
          disabled={target === undefined}
          loading={busy === 'model'}
          onClick={() => ask('model', { kind: 'model', target: target! })}
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
          onClick={() => ask('charged', { kind: 'agreement', charge: Number(price) })}
        >
          Buy figures to share
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        Two noisy figures that may stand on the card for everybody.
      </Text>
    </Stack>
  )
}
