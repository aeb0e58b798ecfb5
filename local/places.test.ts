import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fairPlaces } from './places.ts'

/** No bound by bytes. */
const mostWaitingBytes = { perCaller: Infinity, inAll: Infinity }

it('sixty at once of one caller leave places for others, who are not behind them', async () => {
  const places = fairPlaces({
    atOnce: 10,
    perCaller: 4,
    mostWaiting: 100,
    mostWaitingBytes,
    patienceMilliseconds: 5000,
  })
  const order: string[] = []
  let atWork = 0
  let most = 0
  const ask = async (caller: string): Promise<void> => {
    const leave = await places.enter(caller)
    most = Math.max(most, ++atWork)
    await pause(5)
    atWork--
    order.push(caller)
    leave!()
  }
  const many = Array.from({ length: 60 }, () => ask('one'))
  const few = ['other', 'third', 'other'].map((caller) => ask(caller))
  await Promise.all([...many, ...few])
  expect(most).toBeLessThanOrEqual(7)
  expect(order.slice(0, 8).filter((caller) => caller !== 'one')).toHaveLength(3)
  expect(order).toHaveLength(63)
})

it('who waits too long, or behind too many, is sent away at once', async () => {
  const places = fairPlaces({ atOnce: 1, perCaller: 1, mostWaiting: 2, mostWaitingBytes, patienceMilliseconds: 30 })
  const leave = await places.enter('a')
  const waiting = [places.enter('a'), places.enter('a')]
  expect(await places.enter('a')).toBeUndefined()
  expect(await Promise.all(waiting)).toEqual([undefined, undefined])
  const next = places.enter('b')
  leave!()
  expect(await next).toBeTypeOf('function')
})

it('what waits is bounded by what it holds, of one caller and in all, and only while it waits', async () => {
  const bounds = { perCaller: 10, inAll: 15 }
  const places = fairPlaces({
    atOnce: 1,
    perCaller: 1,
    mostWaiting: 9,
    mostWaitingBytes: bounds,
    patienceMilliseconds: 300,
  })
  const waiting: Promise<unknown>[] = []
  /** Whether it waits, or is sent away at once. */
  const waits = (caller: string, bytes: number): Promise<unknown> => {
    const entered = places.enter(caller, bytes)
    waiting.push(entered)
    return Promise.race([entered, pause(20, 'waits')])
  }
  const leave = await places.enter('a', 1000)
  expect(await waits('a', 6)).toBe('waits')
  expect(await waits('a', 4)).toBe('waits')
  expect(await waits('a', 1)).toBeUndefined()
  expect(await waits('b', 5)).toBe('waits')
  expect(await waits('c', 1)).toBeUndefined()
  // Nobody's patience lasts, and what they held is free.
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined))
  expect(await waits('a', 10)).toBe('waits')
  leave!()
  // Who is in holds nothing of what is for those who wait.
  expect(await waiting.at(-1)).toBeTypeOf('function')
  expect(await waits('b', 10)).toBe('waits')
})

it('gives back every place, whatever comes and goes, and never more than there are', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, atOnce, perCaller) => {
        const places = fairPlaces({ atOnce, perCaller, mostWaiting: 100, mostWaitingBytes, patienceMilliseconds: 1000 })
        const inside: { caller: string; leave: () => void }[] = []
        const coming = steps.map(async ([caller, leavesFirst]) => {
          if (leavesFirst) inside.shift()?.leave()
          const leave = (await places.enter(caller))!
          inside.push({ caller, leave })
          expect(inside.length).toBeLessThanOrEqual(atOnce)
          expect(inside.filter((one) => one.caller === caller).length).toBeLessThanOrEqual(perCaller)
          await Promise.resolve()
          const at = inside.findIndex((one) => one.leave === leave)
          if (at >= 0) inside.splice(at, 1)
          leave()
        })
        await Promise.all(coming)
        // All are free again.
        const last = await Promise.all(Array.from({ length: Math.min(atOnce, perCaller) }, () => places.enter('z')))
        expect(last.every((leave) => leave !== undefined)).toBe(true)
      },
    ),
    { numRuns: 100 },
  ))
