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

it('arrivals are counted in buckets that begin at whole multiples, empty ones too', () => {
  const all = [
    run({ started: after(0), ended: after(70) }),
    run({ started: after(59), state: 'incomplete', ended: after(61) }),
    run({ started: after(60), ended: undefined }),
    run({ started: after(200), state: 'live' }),
  ]
  expect(figures(all, new Date(began + 300_000))).toMatchObject({
    bucketSeconds: 60,
    arrivals: [
      { at: after(0), started: 2, completed: 0 },
      { at: after(60), started: 1, completed: 1 },
      { at: after(120), started: 0, completed: 0 },
      { at: after(180), started: 1, completed: 0 },
    ],
  })
  const [only] = figures([run({ started: after(90), ended: undefined })], new Date(began)).arrivals
  expect(only).toEqual({ at: after(60), started: 1, completed: 0 })
})

it.each([
  [94 * 60, 60],
  [95 * 60 - 1, 60],
  [95 * 60, 300],
  [95 * 300 - 1, 300],
  [95 * 300, 900],
  [95 * 900, 3600],
  [95 * 3600, 6 * 3600],
  [95 * 6 * 3600, 86_400],
  [95 * 86_400, 7 * 86_400],
  [95 * 7 * 86_400, 28 * 86_400],
  [95 * 28 * 86_400, 28 * 86_400],
])('arrivals over %i seconds stand in buckets of %i', (span, bucketSeconds) => {
  const shown = figures([run({ ended: undefined }), run({ started: after(span), ended: undefined })], new Date(began))
  expect(shown.bucketSeconds).toBe(bucketSeconds)
  expect(shown.arrivals.reduce((total, { started }) => total + started, 0)).toBe(2)
})

it('the bucket widens for an end, of a completed run alone', () => {
  const late = after(95 * 60)
  expect(figures([run({ ended: late })], new Date(began)).bucketSeconds).toBe(300)
  expect(figures([run({ ended: late, state: 'incomplete' })], new Date(began)).bucketSeconds).toBe(60)
})

it('drop-out is shown for at most 101 positions, each with the runs that came as far', () => {
  const reaching = (...positions: number[]) =>
    figures(
      positions.map((position) => run({ position })),
      new Date(began),
    ).dropOut
  expect(reaching(0)).toEqual([{ position: 0, reached: 1 }])
  expect(reaching(0, 1, 1, 3)).toEqual([
    { position: 0, reached: 4 },
    { position: 1, reached: 3 },
    { position: 2, reached: 1 },
    { position: 3, reached: 1 },
  ])
  const hundred = reaching(100, 40)
  expect(hundred).toHaveLength(101)
  expect([hundred[40], hundred[41], hundred.at(-1)]).toEqual([
    { position: 40, reached: 2 },
    { position: 41, reached: 1 },
    { position: 100, reached: 1 },
  ])
  const more = reaching(101, 40)
  expect(more).toHaveLength(51)
  expect([more[1], more[20], more[21], more.at(-1)]).toEqual([
    { position: 2, reached: 2 },
    { position: 40, reached: 2 },
    { position: 42, reached: 1 },
    { position: 100, reached: 1 },
  ])
})

it('the median duration is of completed runs, from their end or, where none is known, their last record', () => {
  const medianOf = (...runs: Partial<RunFacts>[]) => figures(runs.map(run), new Date(began)).medianSeconds
  expect(medianOf({ ended: after(100) }, { ended: after(7) }, { ended: after(20) })).toBe(20)
  expect(medianOf({ ended: after(100) }, { ended: after(7) })).toBe(54)
  expect(medianOf({ ended: undefined, last: after(33) })).toBe(33)
  expect(medianOf({ ended: after(10) }, { ended: after(900), state: 'incomplete' })).toBe(10)
  expect(medianOf({ ended: after(10) }, { ended: after(900), state: 'withdrawn' })).toBe(10)
  expect(medianOf({ state: 'live' })).toBeUndefined()
})

it('what was lost is counted over runs with data, whatever was said of them', () => {
  const shown = figures(
    [
      run({ received: 3, produced: 5 }),
      run({ received: 7, produced: 5 }),
      run({ received: 1, produced: 1, endSeq: 4 }),
      run({ received: 50, produced: 60, state: 'withdrawn' }),
      run({ received: 50, produced: 60, preview: true }),
    ],
    new Date(began),
  )
  expect(shown.loss).toEqual({ sent: 5 + 7 + 1, acknowledged: 3 + 7 + 1, missing: 2 + 3 })
})

it('the last arrival is the latest record of any run; conditions are in order', () => {
  const shown = figures(
    [
      run({ last: after(5), condition: 'c', conflicts: 2 }),
      run({ last: after(9), condition: 'a', conflicts: 3 }),
      run({ last: after(7), condition: 'b' }),
    ],
    new Date(began),
  )
  expect(shown.lastArrival).toBe(after(9))
  expect(shown.byCondition.map(({ condition }) => condition)).toEqual(['a', 'b', 'c'])
  expect(shown.conflicts).toBe(5)
  expect(figures([], new Date(began))).not.toHaveProperty('lastArrival')
})
