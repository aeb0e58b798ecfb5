import { describe, expect, it } from 'vitest'
import { queueTerms } from './container-queues.ts'
import { secondsToNextLook } from './looking.ts'

it('waits no longer because a clock was set back during a look, or since the container began', () => {
  expect(secondsToNextLook(80, -86_400)).toBe(10)
  expect(secondsToNextLook(-86_400, 0)).toBe(1)
})

/** Events that an execution may hold. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const mostEvents = 25_000
/** Of one look with the choice and the wait that follow it. */
const eventsOfALook = 9
/** More when a look fails and is tried again: failed, scheduled, started. */
const eventsOfARetry = 3

/** Looks until a container of this age is over, when each look takes so long, and the longest time between two. */
function looks(seconds: number, looked: number): { count: number; longest: number } {
  let age = 0
  let count = 0
  let longest = 0
  while (age < seconds) {
    count++
    const pause = looked + secondsToNextLook(age + looked, looked)
    expect(pause).toBeGreaterThan(0)
    longest = Math.max(longest, pause)
    age += pause
  }
  return { count, longest }
}

describe('looks at a container', () => {
  const longestRun = Math.max(...Object.values(queueTerms).map((t) => t.limitSeconds))

  // Answered at once, after the patience of Batch's adapter, and after that of a host that knows of an end by itself.
  it.each([0, 0.2, 15, 850])('of four days fit into an execution, even if each fails once (%d s a look)', (looked) => {
    expect(longestRun).toBe(4 * 24 * 3600)
    const { count } = looks(longestRun, looked)
    expect(count * (eventsOfALook + eventsOfARetry)).toBeLessThan(mostEvents)
    expect(count * eventsOfALook).toBeLessThan(mostEvents / 2)
  })
  it('are never further apart than five minutes and a look', () => {
    for (const looked of [0, 0.2, 15, 850])
      expect(looks(longestRun, looked).longest).toBeLessThanOrEqual(Math.max(301, looked + 1))
  })
  it('see the end at most an eighth, or a second, later than it came', () => {
    for (const age of [0, 1, 7, 8, 100, 150, 2399, 2400])
      expect([age, secondsToNextLook(age, 0)]).toEqual([age, Math.max(1, Math.ceil(age / 8))])
  })
  it('wait no longer when they have waited themselves, and are whole seconds', () => {
    expect(secondsToNextLook(40, 15)).toBe(0)
    expect(secondsToNextLook(240, 15.5)).toBe(15)
    expect(secondsToNextLook(345_000, 850)).toBe(0)
    expect(secondsToNextLook(1e9, 0)).toBe(300)
  })
})
