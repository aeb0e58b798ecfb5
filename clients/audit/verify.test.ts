import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChainEvent, emptyHead, link } from '../../domain/audit/chain.ts'
import { verifyChain } from './verify.ts'

async function chain(length: number, mark = ''): Promise<ChainEvent[]> {
  const events: ChainEvent[] = []
  for (let i = 0; i < length; i++)
    events.push(
      await link(events.at(-1) ?? emptyHead, {
        at: '2026-03-01T12:00:00.000Z',
        act: 'study.changed',
        who: { kind: 'person', id: 'u' },
        object: 'study std_x',
        detail: { i, mark },
      }),
    )
  return events
}
const server =
  (events: ChainEvent[], size = 3) =>
  async (from: number) => ({
    items: events.filter((e) => e.seq >= from).slice(0, size),
    head: events.length ? { seq: events.at(-1)!.seq, hash: events.at(-1)!.hash } : emptyHead,
  })

/** What may happen to the event at an index; `other` is another chain of the same length. */
const damage = {
  alter: (events, at) => events.with(at, { ...events[at]!, detail: { i: at, mark: 'x' } }),
  delete: (events, at) => events.toSpliced(at, 1),
  replace: (events, at, other) => events.with(at, { ...other[at]!, previous: events[at]!.previous }),
} satisfies Record<string, (events: ChainEvent[], at: number, other: ChainEvent[]) => ChainEvent[]>
const damages = Object.keys(damage) as (keyof typeof damage)[]

describe('verifying a chain', () => {
  it('finds any chain whole that nobody touched, and says where it stands', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 5 }), async (length, size) => {
        const events = await chain(length)
        const seen: number[] = []
        const verdict = await verifyChain(server(events, size), {
          known: events[Math.floor(length / 2)],
          onProgress: (c) => seen.push(c),
        })
        expect(verdict).toEqual({ head: length ? { seq: length, hash: events.at(-1)!.hash } : emptyHead })
        expect(seen.at(-1)).toBe(length)
      }),
      { numRuns: 40 },
    ))

  it('names the first event that was altered, deleted or replaced', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 10 }),
        fc.nat(),
        fc.constantFrom(...damages),
        async (length, pick, how) => {
          const events = await chain(length)
          const at = pick % (length - 1)
          const damaged = damage[how](events, at, await chain(length, 'other'))
          // A replaced first event is right in itself; the one after it does not continue it.
          expect((await verifyChain(server(damaged))).firstBreak?.seq).toBe(how === 'replace' && at === 0 ? 2 : at + 1)
        },
      ),
      { numRuns: 60 },
    ))

  it('notices a chain written anew, or shortened, by the head it knew', async () => {
    const events = await chain(6)
    expect(await verifyChain(server(await chain(8, 'anew')), { known: events[4]! })).toMatchObject({
      rewritten: { seq: 5, was: events[4]!.hash },
    })
    expect(await verifyChain(server(events.slice(0, 3)), { known: events[4]! })).toMatchObject({
      rewritten: { seq: 5, was: events[4]!.hash },
    })
  })

  it('does not believe a head that the events do not reach', async () => {
    const events = await chain(4)
    expect(
      (
        await verifyChain(async (from) => ({
          ...(await server(events)(from)),
          head: { seq: 9, hash: events[3]!.hash },
        }))
      ).firstBreak,
    ).toEqual({ seq: 5, reason: 'missing' })
    expect(
      (await verifyChain(async (from) => ({ ...(await server(events)(from)), head: { seq: 4, hash: 'f'.repeat(64) } })))
        .firstBreak,
    ).toEqual({ seq: 4, reason: 'altered' })
  })
})
