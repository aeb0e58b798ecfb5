import { expect, it } from 'vitest'
import { exampleDataset, exampleJob } from '../../testing/examples.ts'
import type { Dataset } from '../queries/datasets.ts'
import type { Job } from '../queries/jobs.ts'
import { anyOf, type DataNeeds, needsOf } from './needs.ts'

const now = Date.parse('2026-03-02T12:00:00.000Z')
const hour = 3600 * 1000
const before = (hours: number) => new Date(now - hours * hour).toISOString()
const asked = { datasets: undefined, reviews: undefined, jobs: undefined, queued: [], keeps: true, now }
const job = (over: Partial<Job>): Job => ({ ...exampleJob, ...over })
const dataset = (over: Partial<Dataset>): Dataset => ({ ...exampleDataset, ...over })
const spent = (spentNanoRho: number, reservedNanoRho: number, limitNanoRho = 100): Dataset =>
  dataset({ budget: { ...exampleDataset.budget, limitNanoRho, spentNanoRho, reservedNanoRho } })
const review = (over: Partial<DataNeeds['due'][number]>) =>
  ({ own: false, voted: false, ...over }) as DataNeeds['due'][0]
const nothing: DataNeeds = { asked: [], due: [], approvals: [], running: [], ended: [], unfinished: [], low: [] }

it('says that nothing needs anybody while nothing is answered', () => {
  expect(needsOf(asked)).toEqual(nothing)
  expect(anyOf(nothing)).toBe(false)
})

it.each(Object.keys(nothing))('knows that %s needs somebody', (kind) => {
  expect(anyOf({ ...nothing, [kind]: [exampleJob] })).toBe(true)
})

it('tells my analyses that checkers ask about from those that move and those that ended', () => {
  const question = job({ state: 'held', waiting: 'answer' })
  const moves = job({ state: 'queued', waiting: 'turn' })
  const jobs = [
    question,
    moves,
    job({ state: 'held', waiting: 'checkers' }),
    job({ state: 'queued', waiting: 'approval' }),
  ]
  expect(needsOf({ ...asked, jobs })).toEqual({ ...nothing, asked: [question], running: [moves] })
})

it('shows at most five analyses that came to nothing within the last day', () => {
  const failed = job({ state: 'failed', ended: before(23) })
  const blocked = job({ state: 'blocked', ended: before(1) })
  const others = [
    job({ state: 'failed', ended: before(24) }),
    job({ state: 'failed' }),
    job({ state: 'succeeded', ended: before(1) }),
  ]
  expect(needsOf({ ...asked, jobs: [failed, ...others, blocked] })).toEqual({ ...nothing, ended: [failed, blocked] })
  expect(needsOf({ ...asked, jobs: Array.from({ length: 6 }, () => failed) }).ended).toHaveLength(5)
})

it('shows at most ten outputs of others that I have not voted on and whose analyst owes no answer', () => {
  const due = review({ waiting: 'checkers' })
  const reviews = [review({ own: true }), due, review({ voted: true }), review({ waiting: 'answer' })]
  expect(needsOf({ ...asked, reviews })).toEqual({ ...nothing, due: [due] })
  expect(needsOf({ ...asked, reviews: Array.from({ length: 11 }, () => due) }).due).toHaveLength(10)
})

it('shows at most ten queued analyses that wait for approval, not for their turn', () => {
  const waits = job({ waiting: 'approval' })
  expect(needsOf({ ...asked, queued: [job({ waiting: 'turn' }), waits] })).toEqual({ ...nothing, approvals: [waits] })
  expect(needsOf({ ...asked, queued: Array.from({ length: 11 }, () => waits) }).approvals).toHaveLength(10)
})

it('shows datasets to finish and budgets over four fifths to those who answer for datasets', () => {
  const unfinished = (['draft', 'reading', 'proposed'] as const).map((state) => dataset({ state }))
  const low = spent(70, 11)
  const withoutNoise = { ...low, policy: { ...low.policy, modes: ['rules' as const] } }
  const datasets = [
    ...unfinished,
    low,
    spent(70, 10),
    spent(0, 0, 0),
    withoutNoise,
    { ...low, state: 'retired' as const },
  ]
  expect(needsOf({ ...asked, datasets })).toEqual({ ...nothing, unfinished, low: [low] })
  expect(needsOf({ ...asked, datasets, keeps: false })).toEqual(nothing)
})
