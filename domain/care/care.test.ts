import { describe, expect, it } from 'vitest'
import { budgetFaults, type BudgetView, type ChargedJob } from './budget.ts'
import { type Finding, inOrder, isDamaged, sentenceOf } from './finding.ts'
import { sealedText, type Receipt, unsealed } from './receipt.ts'
import { runFault, type RunView } from './runs.ts'

const job = (jobId: string, more: Partial<ChargedJob> = {}): ChargedJob => ({
  jobId,
  charge: 10,
  charged: 'committed',
  succeeded: true,
  live: false,
  ...more,
})
/** One answer was paid for, one charge is reserved, one was given back. */
const well: BudgetView = {
  budget: { limit: 100, available: 80, spent: 10, hold_a: 0, hold_b: 10, rev: 7 },
  jobs: [
    job('a'),
    job('b', { charged: 'reserved', succeeded: false, live: true }),
    job('c', { charged: 'returned', succeeded: false }),
  ],
  entries: [
    { jobId: 'a', what: 'reserved', nanoRho: 10 },
    { jobId: 'a', what: 'committed', nanoRho: 10 },
    { jobId: 'b', what: 'reserved', nanoRho: 10 },
    { jobId: 'c', what: 'returned', nanoRho: 10 },
  ],
}
const withBudget = (more: Record<string, unknown>): BudgetView => ({ ...well, budget: { ...well.budget, ...more } })
const withJob = (jobId: string, more: Partial<ChargedJob>): BudgetView => ({
  ...well,
  jobs: well.jobs.map((one) => (one.jobId === jobId ? { ...one, ...more } : one)),
})

describe('a budget', () => {
  it('that adds up has no fault, also while charges are being settled', () => {
    expect(budgetFaults(well)).toEqual([])
    // Decided, and neither the hold nor the ledger has heard of it.
    expect(budgetFaults(withJob('b', { charged: 'committed' }))).toEqual([])
  })
  it.each<[string, BudgetView, RegExp]>([
    ['the sum', withBudget({ available: 81 }), /limit \(100\) is not .* \(101\)/],
    ['a negative part', withBudget({ available: -10, limit: 10 }), /negative/],
    ['no number', withBudget({ spent: undefined }), /no number/],
    ['spent without an answer', withBudget({ spent: 20, available: 70 }), /20 nano-rho are spent.*come to 10/],
    ['an answer that was not paid for', withBudget({ spent: 0, available: 90 }), /0 nano-rho.*come to 10/],
    ['an answer that was not charged', withJob('b', { succeeded: true }), /job b gave an answer/],
    ['a reservation of another charge', withJob('b', { charge: 11 }), /reservation of job b/],
    ['a reservation that outlives its job', withJob('b', { live: false }), /job b is over/],
    ['another charge in the ledger', withJob('c', { charge: 9 }), /another charge for job c/],
    ['another end in the ledger', withJob('c', { charged: 'committed' }), /disagree/],
    ['two ends', { ...well, entries: [...well.entries, ...well.entries.slice(1, 2)] }, /ends job a 2 times/],
    ['no end', { ...well, entries: well.entries.filter((one) => one.what !== 'returned') }, /no end of job c/],
    ['a job that is gone', { ...well, jobs: well.jobs.slice(0, 2) }, /job c, which it was charged for/],
    ['a hold of nobody', withBudget({ hold_z: 5, available: 75 }), /job z, which it was charged for/],
  ])('%s', (_, view, said) => {
    expect(budgetFaults(view).join('; ')).toMatch(said)
  })
})

describe('a run', () => {
  const run = (more: Partial<RunView>): RunView => ({
    state: 'live',
    through: 3,
    received: 4,
    chunks: [
      [1, 2],
      [3, 3],
      [5, 5],
    ],
    ...more,
  })
  it.each<[string, Partial<RunView>, RegExp | undefined]>([
    ['has what it counted', {}, undefined],
    ['may have more than it counted', { through: 1, received: 2 }, undefined],
    ['lacks a chunk in the middle', { chunks: [[1, 2]] }, /complete up to 3, and are up to 2/],
    ['lacks its last chunk', { through: 3, chunks: [[1, 3]] }, /4 records have arrived, and 3 are stored/],
    ['is complete', { state: 'completed', endSeq: 5, chunks: [[1, 5]] }, undefined],
    ['is complete, and lacks a record', { state: 'completed', endSeq: 5 }, /complete with 5 records, and 4/],
    ['is complete, and has one too many', { state: 'completed', endSeq: 5, chunks: [[1, 6]] }, /with 5 records, and 6/],
    ['was withdrawn', { state: 'withdrawn', chunks: [] }, undefined],
  ])('%s', (_, more, said) => {
    expect(runFault(run(more)) ?? 'has all').toMatch(said ?? /^has all$/)
  })
})

it('findings are told in order, damage first', () => {
  const finding = (part: Finding['part'], grade: Finding['grade']): Finding => ({ part, grade, says: 'x.', todo: 'y.' })
  const findings = [finding('keys', 'damage'), finding('store', 'note'), finding('store', 'damage')]
  expect(inOrder(findings).map((one) => `${one.part} ${one.grade}`)).toEqual([
    'store damage',
    'keys damage',
    'store note',
  ])
  expect([isDamaged(findings), isDamaged(findings.slice(1, 2))]).toEqual([true, false])
  expect(sentenceOf(findings[0]!)).toBe('keys: x. y.')
})

it('a receipt’s seal is over all of it', () => {
  const receipt: Receipt = {
    kind: 'cloister-doctor',
    version: 1,
    at: '2026-03-01T00:00:00.000Z',
    how: 'whole',
    looked: { items: 3 },
    findings: [],
    repaired: [],
    whole: true,
  }
  const back = unsealed(JSON.parse(JSON.stringify({ ...receipt, seal: 'ab' })))
  expect(back).toEqual({ receipt, seal: 'ab' })
  expect(sealedText(back!.receipt)).toBe(sealedText({ ...receipt, store: undefined }))
  expect(sealedText({ ...receipt, whole: false })).not.toBe(sealedText(receipt))
  for (const other of [undefined, {}, [], receipt, { ...receipt, seal: 1 }]) expect(unsealed(other)).toBeUndefined()
})
