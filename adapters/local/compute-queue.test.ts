import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue } from './compute-queue.ts'

const never = new AbortController().signal
const soon = (): Promise<void> => new Promise((r) => setImmediate(r))

describe('whose turn it is', () => {
  it('lets in as many as there are places, serves short before long, and who has least before who has more', async () => {
    const queue = new FairQueue(1)
    const order: string[] = []
    const first = await queue.enter({ share: 'ada', long: false }, never)
    const all = (['ada1', 'ada2', 'bea1', 'ada3L', 'cy1L', 'bea2'] as const).map(async (name) => {
      const leave = await queue.enter(
        { share: name.slice(0, -1).replace(/\d$/, '').replace(/\d/, ''), long: name.endsWith('L') },
        never,
      )
      order.push(name)
      await soon()
      leave()
    })
    await soon()
    expect(order).toEqual([])
    first()
    first()
    await Promise.all(all)
    expect(order).toEqual(['bea1', 'ada1', 'bea2', 'ada2', 'cy1L', 'ada3L'])
  })
  it('forgets who went away, and gives nobody’s place twice', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.record({ share: fc.constantFrom('a', 'b', 'c'), long: fc.boolean(), leaves: fc.boolean() }), {
          maxLength: 12,
        }),
        async (slots, people) => {
          const queue = new FairQueue(slots)
          let inside = 0
          let most = 0
          let served = 0
          await Promise.all(
            people.map(async (person, place) => {
              const away = new AbortController()
              if (person.leaves && place % 2 === 0) away.abort(new Error('away'))
              else if (person.leaves) setImmediate(() => away.abort(new Error('away')))
              let leave: () => void
              try {
                leave = await queue.enter(person, away.signal)
              } catch {
                return
              }
              most = Math.max(most, ++inside)
              served++
              await soon()
              inside--
              leave()
            }),
          )
          expect(most).toBeLessThanOrEqual(slots)
          expect(inside).toBe(0)
          expect(served).toBeGreaterThanOrEqual(people.filter((p) => !p.leaves).length)
        },
      ),
      { numRuns: 60 },
    ))
  it('says how many go before one that waits, in the order in which they then go', async () => {
    const queue = new FairQueue(1)
    const first = await queue.enter({ share: 'ada', long: false }, never)
    const people = ['ada', 'bea', 'ada', 'cy', 'bea'].map((share, i) => ({ share, long: i === 3 }))
    const places = people.map((who) => queue.enter(who, never))
    expect(people.map((who) => queue.ahead(who))).toEqual([2, 0, 3, 4, 1])
    expect(queue.ahead({ share: 'bea', long: false })).toBeUndefined()
    first()
    ;(await places[1]!)()
    expect(queue.ahead(people[1]!)).toBeUndefined()
    for (const place of places) void place.then((leave) => leave())
    await Promise.all(places)
  })
})
