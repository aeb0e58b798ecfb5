/**
 * However sends are repeated, cut anew, interleaved or reordered: the stored sequence is the one that was acknowledged
 * first.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { harness, type Harness } from '../functions/kernel/testing.ts'
import { begin, endRecord, fakeRecord, plantLink, type Planted, plantStudy } from './ingest-support.ts'

let h: Harness
let s: Planted
let code: string
beforeAll(async () => {
  h = await harness()
  s = await plantStudy(h)
  code = await plantLink(h, s, { expires: '2031-01-01T00:00:00.000Z' })
})
afterAll(() => h.close())

const length = 14
/**
 * One request: a cut of the sequence, in one of two writings (a second tab with other bytes), after some time, alone or
 * at once with the one before.
 */
const send = fc.record({
  first: fc.integer({ min: 1, max: length }),
  size: fc.integer({ min: 1, max: 6 }),
  writing: fc.constantFrom('x', 'x', 'x', 'y'),
  seconds: fc.constantFrom(0, 0, 1, 3),
  together: fc.boolean(),
})
let n = 0

const stored = async (runId: string) =>
  (await h.call('runs', 'sealed', { as: h.person('ada'), params: { runId } })).records
const covered = (a: { through: number; ranges: [number, number][] }, seq: number): boolean =>
  seq <= a.through || a.ranges.some(([x, y]) => x <= seq && seq <= y)

it('never loses, changes or doubles an acknowledged record, and completes exactly when all are there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(send, { minLength: 1, maxLength: 14 }), async (sends) => {
      const run = await begin(h, s, code, `nonce-of-case-number-${n++}`)
      const writing = (w: string) => Array.from({ length }, (_, i) => fakeRecord(run.runId, i + 1, `${w} ${i + 1}`))
      const acknowledged = new Map<number, string>()
      const refusals: unknown[] = []
      let batch: Promise<void>[] = []
      for (const { first, size, writing: w, seconds, together } of sends) {
        if (!together) {
          await Promise.all(batch)
          batch = []
        }
        h.clock.advance(seconds)
        const records = writing(w).slice(first - 1, first - 1 + size)
        batch.push(
          run.send(first, records).then(({ status, body }) => {
            if (status !== 200) {
              refusals.push(body)
              return
            }
            const { acked } = body as { acked: { through: number; ranges: [number, number][] } }
            for (const [i, r] of records.entries()) {
              expect(covered(acked, first + i)).toBe(true)
              expect(acknowledged.get(first + i) ?? r.jwe).toBe(r.jwe)
              acknowledged.set(first + i, r.jwe)
            }
          }),
        )
      }
      await Promise.all(batch)
      for (const refusal of refusals) expect(refusal).toMatchObject({ kind: 'record-conflict' })
      const there = await stored(run.runId)
      expect(there.map((r) => r.seq)).toEqual([...acknowledged.keys()].sort((a, b) => a - b))
      for (const r of there) expect(r.jwe).toBe(acknowledged.get(r.seq))
      const standing = await run.standing()
      for (let seq = 1; seq <= length; seq++) expect(covered(standing.acked, seq)).toBe(acknowledged.has(seq))

      // Whatever is missing is sent now, one by one, after the end: what stands then is whole.
      const whole = Array.from(
        { length },
        (_, i) => there.find((r) => r.seq === i + 1) ?? fakeRecord(run.runId, i + 1, `x ${i + 1}`),
      ).map(({ op, part, jwe }) => ({ op, part, jwe }))
      const missing = whole.flatMap((_, i) => (acknowledged.has(i + 1) ? [] : [i + 1]))
      let last = await run.send(length + 1, [await endRecord(run.runId, whole)])
      expect(last.body).toMatchObject(
        missing.length > 0 ? { state: 'incomplete', missing: missing.length } : { state: 'completed' },
      )
      for (const seq of missing) last = await run.send(seq, [whole[seq - 1]!])
      expect(last.body).toMatchObject({ state: 'completed', acked: { through: length + 1, ranges: [] } })
      expect((await stored(run.runId)).map((r) => r.jwe).slice(0, length)).toEqual(whole.map((r) => r.jwe))
    }),
    { numRuns: 40 },
  )
})
