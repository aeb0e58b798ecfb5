/**
 * Examples of analyses, unmodified, over HTTP on the demo datasets of a whole platform. The scripts among them run in
 * test/portal-analyses.test.ts, from the portal.
 */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, ProblemError } from '../clients/api.ts'
import { answered, ask, type Asked, openStage, type Stage } from './jobs-support.ts'

let stage: Stage
let anil: Client
beforeAll(async () => {
  stage = await openStage()
  anil = await stage.as('anil@demo.cloister')
}, 300_000)
afterAll(() => stage?.close())

const example = (file: string): Promise<string> =>
  readFile(new URL(`../examples/analyses/${file}`, import.meta.url), 'utf8')
/** Long enough for a machine that is busy with everything else. */
const patience = 280
const question = async (
  file: string,
  language: Asked['language'],
  dataset = 'clinical_trial_data',
): Promise<Asked> => ({ dataset, language, mode: 'rules', code: await example(file) })

describe('the examples', () => {
  it('SQL: both arms at each visit, counted by the platform', async () => {
    const { outputs, card } = await answered(anil, await question('arms.sql', 'sql'), patience)
    expect(outputs).toHaveLength(1)
    const told = outputs[0]!.rows
    expect(told.map((row) => [row[0]!.value, row[1]!.value])).toEqual(
      ['placebo', 'treatment'].flatMap((arm) => [0, 3, 6, 12].map((month) => [arm, month])),
    )
    for (const row of told) {
      const visits = row[2]!.value as number
      expect(visits).toBeGreaterThan(40)
      expect(visits).toBeLessThanOrEqual(75)
    }
    expect(card.guarantee).not.toBe('')
    expect(card.hashes.code).toMatch(/^[0-9a-f]{64}$/)
  }, 300_000)
})

it('a cohort of four is blocked without saying four', async () => {
  const subjects = (await example('../datasets/clinical_trial_data/subjects.csv'))
    .split('\n')
    .slice(1, 5)
    .map((l) => Number(l.split(',')[6]))
  const job = await ask(anil, {
    ...(await question('correlation.py', 'python')),
    cohort: [{ table: 'subjects', column: 'baseline_updrs', is: 'in', values: subjects }],
  })
  expect(job.state).toBe('blocked')
  expect(job.problem?.code).toBe('cohort-too-small')
  expect(job.problem?.message).not.toMatch(/\d/)
  expect(JSON.stringify(job.findings)).not.toMatch(/\b[1-9]\b/)
}, 300_000)

it('sixty questions of one person at once: twenty are taken, forty are told to wait, none fails', async () => {
  const cleo = await stage.as('cleo@demo.cloister')
  const params = { organisationId: stage.organisationId }
  const { items } = await cleo.datasets.list({ params, query: {} })
  const { datasetId, policy, rev } = items.find((dataset) => dataset.name === 'clinical_trial_data')!
  // They wait for an approval, so that none is over before the last is asked.
  await cleo.datasets.change({ params: { datasetId }, body: { rev, policy: { ...policy, approval: true } } })
  const code = await example('arms.sql')
  const asked = await Promise.allSettled(
    Array.from({ length: 60 }, (_, number) =>
      anil.jobs.ask({
        body: {
          dataset: datasetId,
          language: 'sql',
          mode: 'rules',
          code: `${code}\n-- ${number}`,
          purpose: 'all at once',
        },
      }),
    ),
  )
  const refused = asked.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as ProblemError)
  expect(new Set(refused.map((problem) => `${problem.status} ${problem.kind}`))).toEqual(new Set(['429 too-many-jobs']))
  expect(refused).toHaveLength(40)
  const { items: live } = await anil.jobs.list({ query: { limit: 100 } })
  expect(live.filter((job) => job.waiting === 'approval')).toHaveLength(20)
}, 120_000)
