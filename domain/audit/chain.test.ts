import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acts } from './acts.ts'
import { type ChainEvent, emptyHead, type Entry, link, walk } from './chain.ts'

const text = fc.string({ unit: 'grapheme' })
const entry: fc.Arbitrary<Entry> = fc.record({
  at: fc.date({ noInvalidDate: true }).map((d) => d.toISOString()),
  act: fc.constantFrom(...acts),
  who: fc.record({
    kind: fc.constantFrom('person' as const, 'token' as const, 'participant' as const, 'platform' as const),
    id: text,
  }),
  object: text,
  detail: fc.dictionary(
    fc.string({ minLength: 1 }).filter((k) => k !== '__proto__'),
    fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 })),
    { maxKeys: 3 },
  ),
})
const build = async (entries: Entry[]): Promise<ChainEvent[]> => {
  const events: ChainEvent[] = []
  for (const one of entries) events.push(await link(events.at(-1) ?? emptyHead, one))
  return events
}
const chain = fc.array(entry, { minLength: 2, maxLength: 8 })
function altered(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  return typeof value === 'boolean' ? !value : `${String(value)}x`
}
/** Any one change of one character, number or flag somewhere below. */
function alter(target: Record<string, unknown>, pick: number): void {
  const places: [Record<string, unknown>, string][] = []
  const visit = (within: Record<string, unknown>): void => {
    for (const [key, value] of Object.entries(within))
      if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>)
      else places.push([within, key])
  }
  visit(target)
  const [holder, key] = places[pick % places.length]!
  const value = holder[key]
  holder[key] = altered(value)
}

describe('the audit chain', () => {
  it('hashes an event to exactly this, so that chains of earlier versions stay whole', async () => {
    const event = await link(emptyHead, {
      at: '2026-01-01T00:00:00.000Z',
      act: 'member.invited',
      who: { kind: 'person', id: 'acc_1', name: undefined },
      object: 'organisation org_1',
      detail: { roles: ['analyst', 'checker'], count: 2, resent: false },
    })
    expect(event).toMatchObject({ seq: 1, previous: '0'.repeat(64) })
    expect(event.hash).toBe('9c50851af5c291139f2a7e5c72f7ab8e620275594fb5f01db47697d1182d5dfd')
  })
  it('is whole as it was written, in one go or in pages', () =>
    fc.assert(
      fc.asyncProperty(chain, fc.nat(8), async (entries, cut) => {
        const events = await build(entries)
        const all = await walk(emptyHead, events)
        expect(all).toEqual({ head: { seq: events.length, hash: events.at(-1)!.hash } })
        const first = await walk(emptyHead, events.slice(0, cut))
        expect((await walk(first.head, events.slice(cut))).head).toEqual(all.head)
      }),
      { numRuns: 50 },
    ))
  it('names the event in which anything was altered', () =>
    fc.assert(
      fc.asyncProperty(chain, fc.nat(), fc.nat(), async (entries, where, what) => {
        const events = structuredClone(await build(entries))
        const at = where % events.length
        alter(events[at] as unknown as Record<string, unknown>, what)
        const { firstBreak } = await walk(emptyHead, events)
        expect(firstBreak?.seq).toBe(at + 1)
      }),
      { numRuns: 200 },
    ))
  it('names an event whose hash was computed anew, by the next one', async () => {
    const events = await build(
      Array.from({ length: 4 }, (_, index) => ({
        at: '2026-01-01T00:00:00.000Z',
        act: 'run.opened',
        who: { kind: 'person', id: 'a' },
        object: `run ${index}`,
        detail: {},
      })),
    )
    events[1] = await link({ seq: 1, hash: events[0]!.hash }, { ...events[1]!, object: 'run forged' })
    expect((await walk(emptyHead, events)).firstBreak).toEqual({ seq: 3, reason: 'relinked' })
  })
  it('names the first of two that changed places', () =>
    fc.assert(
      fc.asyncProperty(chain, fc.nat(), async (entries, where) => {
        const events = await build(entries)
        const at = where % (events.length - 1)
        ;[events[at], events[at + 1]] = [events[at + 1]!, events[at]!]
        expect((await walk(emptyHead, events)).firstBreak).toEqual({ seq: at + 1, reason: 'missing' })
      }),
      { numRuns: 50 },
    ))
  it('names what was deleted, one or a stretch in the middle', () =>
    fc.assert(
      fc.asyncProperty(chain, fc.nat(), fc.integer({ min: 1, max: 3 }), async (entries, where, count) => {
        const events = await build(entries)
        const at = where % (events.length - 1)
        events.splice(at, Math.min(count, events.length - 1 - at))
        expect((await walk(emptyHead, events)).firstBreak).toEqual({ seq: at + 1, reason: 'missing' })
      }),
      { numRuns: 50 },
    ))
  it('notices another beginning, and events put in', async () => {
    const same: Entry = {
      at: '2026-01-01T00:00:00.000Z',
      act: 'study.created',
      who: { kind: 'person', id: 'a' },
      object: 'x',
      detail: {},
    }
    const events = await build([same, same, same])
    expect((await walk({ seq: 0, hash: 'f'.repeat(64) }, events)).firstBreak).toEqual({ seq: 1, reason: 'relinked' })
    expect((await walk(emptyHead, [events[0]!, events[0]!, events[1]!])).firstBreak).toEqual({
      seq: 2,
      reason: 'missing',
    })
  })
})
