/** The examples' analyses, unmodified, on the demo datasets of a whole platform over HTTP: each leaves through the gate. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../clients/api.ts'
import { answered, ask, type Asked, openStage, type ResultView, type Stage } from './jobs-support.ts'

let stage: Stage, anil: Client
beforeAll(async () => {
  stage = await openStage()
  anil = await stage.as('anil@demo.cloister')
}, 300_000)
afterAll(() => stage?.close())

const example = (file: string): Promise<string> => readFile(new URL(`../examples/analyses/${file}`, import.meta.url), 'utf8')
/** Long enough for a machine that is busy with everything else. */
const patience = 280
const question = async (file: string, language: Asked['language'], dataset = 'clinical_trial_data'): Promise<Asked> => ({ dataset, language, mode: 'rules', code: await example(file) })
/** Released numbers by the text that stands before them in their row, or by the name of their output. */
const byLabel = (r: ResultView): Map<string, number | null> => new Map(r.outputs.flatMap((o) => o.rows.map((row) => {
  const label = row.map((c) => c.value).find((v) => typeof v === 'string')
  const value = row.map((c) => c.value).find((v) => typeof v === 'number')
  return [typeof label === 'string' ? label : o.name, typeof value === 'number' ? value : null] as const
})))

describe('the examples', () => {
  it('SQL: both arms at each visit, counted by the platform', async () => {
    const { outputs, card } = await answered(anil, await question('arms.sql', 'sql'), patience)
    expect(outputs).toHaveLength(1)
    const told = outputs[0]!.rows
    expect(told.map((row) => [row[0]!.value, row[1]!.value])).toEqual(['placebo', 'treatment'].flatMap((arm) => [0, 3, 6, 12].map((month) => [arm, month])))
    for (const row of told) {
      const visits = row[2]!.value as number
      expect(visits).toBeGreaterThan(40)
      expect(visits).toBeLessThanOrEqual(75)
    }
    expect(card.guarantee).not.toBe('')
    expect(card.hashes.code).toMatch(/^[0-9a-f]{64}$/)
  }, 300_000)

  it('pandas: correlations, as precisely as nobody’s absence changes them', async () => {
    const found = byLabel(await answered(anil, await question('correlation.py', 'python'), patience))
    expect(found.get('updrs with duration')).toBeGreaterThan(0.6)
    expect(found.get('updrs with duration')).toBeLessThanOrEqual(1)
    expect(found.get('mean age')).toBeGreaterThan(60)
    expect(found.get('mean age')).toBeLessThan(68)
  }, 300_000)

  it('R: a linear model', async () => {
    const found = byLabel(await answered(anil, await question('outcome.R', 'r'), patience))
    expect(found.get('disease_duration')).toBeGreaterThan(1.4)
    expect(found.get('disease_duration')).toBeLessThan(2.8)
  }, 300_000)

  it('a notebook: the change in each arm', async () => {
    const found = byLabel(await answered(anil, await question('change.ipynb', 'notebook'), patience))
    expect(found.get('placebo')).toBeGreaterThan(found.get('treatment')!)
  }, 300_000)

  it('nibabel: the mean in a region', async () => {
    const found = byLabel(await answered(anil, await question('roi.py', 'python', 'imaging_data'), patience))
    expect(found.get('controls')).toBeGreaterThan(found.get('patients')!)
    expect(found.get('mean in region')).toBeGreaterThan(70)
  }, 300_000)
})

it('a cohort of four is blocked without saying four', async () => {
  const subjects = (await example('../datasets/clinical_trial_data/subjects.csv')).split('\n').slice(1, 5).map((l) => Number(l.split(',')[6]))
  const job = await ask(anil, { ...await question('correlation.py', 'python'), cohort: [{ table: 'subjects', column: 'baseline_updrs', is: 'in', values: subjects }] })
  expect(job.state).toBe('blocked')
  expect(job.problem?.code).toBe('cohort-too-small')
  expect(job.problem?.message).not.toMatch(/\d/)
  expect(JSON.stringify(job.findings)).not.toMatch(/\b[1-9]\b/)
}, 300_000)
