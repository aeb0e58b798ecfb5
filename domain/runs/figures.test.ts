import { expect, it } from 'vitest'
import { figures, missingOf, type RunFacts, stateAt } from './figures.ts'
import { staleAfterSeconds } from './life.ts'

const began = Date.parse('2026-03-01T10:00:00.000Z')
const after = (seconds: number): string => new Date(began + seconds * 1000).toISOString()
const run = (facts: Partial<RunFacts>): RunFacts => ({
  state: 'completed',
  condition: 'a',
  preview: false,
  started: after(0),
  last: after(60),
  received: 4,
  produced: 4,
  position: 2,
  conflicts: 0,
  ...facts,
})

it('a live run is stale only after it was silent for longer than the limit', () => {
  const silent = run({ state: 'live', last: after(0) })
  const at = (seconds: number) => stateAt(silent, new Date(began + seconds * 1000))
  expect(at(staleAfterSeconds)).toBe('live')
  expect(at(staleAfterSeconds + 0.001)).toBe('stale')
  expect(stateAt({ ...silent, state: 'incomplete' }, new Date(began + 1e9))).toBe('incomplete')
})

it('what is missing is counted from the end when it is known, and never for a run without data', () => {
  expect(missingOf(run({ received: 3, produced: 5 }))).toBe(2)
  expect(missingOf(run({ received: 3, produced: 5, endSeq: 9 }))).toBe(6)
  expect(missingOf(run({ received: 7, produced: 5 }))).toBe(0)
  expect(missingOf(run({ state: 'withdrawn', received: 3, produced: 5 }))).toBe(0)
})

it('figures count runs by state and condition, without previews', () => {
  const now = new Date(began + 600_000)
  const all = [
    run({ ended: after(10) }),
    run({ ended: after(31), condition: 'b', position: 0, conflicts: 1 }),
    run({ state: 'aborted', received: 1, produced: 9 }),
    run({ preview: true }),
  ]
  expect(figures(all, now)).toMatchObject({
    runs: 3,
    byState: { completed: 2, aborted: 1, live: 0 },
    byCondition: [
      { condition: 'a', states: { completed: 1, aborted: 1 } },
      { condition: 'b', states: { completed: 1, aborted: 0 } },
    ],
    medianSeconds: 21,
    dropOut: [
      { position: 0, reached: 2 },
      { position: 1, reached: 1 },
      { position: 2, reached: 1 },
    ],
    loss: { sent: 8, acknowledged: 8, missing: 0 },
    previews: 1,
    conflicts: 1,
  })
  expect(figures([], now)).toMatchObject({ runs: 0, dropOut: [], arrivals: [] })
  expect(figures([], now)).not.toHaveProperty('medianSeconds')
})
