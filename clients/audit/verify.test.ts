import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChainEvent, emptyHead, link } from '../../domain/audit/chain.ts'
import { verifyChain } from './verify.ts'

async function chain(n: number, mark = ''): Promise<ChainEvent[]> {
  const events: ChainEvent[] = []
  for (let i = 0; i < n; i++)
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

describe('verifying a chain', () => {
  it('finds any chain whole that nobody touched, and says where it stands', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 5 }), async (n, size) => {
        const events = await chain(n)
        const seen: number[] = []
        const verdict = await verifyChain(server(events, size), {
          known: events[Math.floor(n / 2)],
          onProgress: (c) => seen.push(c),
        })
        expect(verdict).toEqual({ head: n ? { seq: n, hash: events.at(-1)!.hash } : emptyHead })
        expect(seen.at(-1)).toBe(n)
      }),
      { numRuns: 40 },
    ))

  it('names the first event that was altered, deleted or replaced', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 10 }),
        fc.nat(),
        fc.constantFrom('alter', 'delete', 'replace'),
        async (n, pick, how) => {
          const events = await chain(n)
          const at = pick % (n - 1)
          const other = await chain(n, 'other')
          const damaged =
            how === 'alter'
              ? events.map((e, i) => (i === at ? { ...e, detail: { i, mark: 'x' } } : e))
              : how === 'delete'
                ? events.filter((_, i) => i !== at)
                : events.map((e, i) => (i === at ? { ...other[i]!, previous: e.previous } : e))
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
