/** What every store of logs must do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeRecord, type LogRecord, type PlacedRecord } from '../domain/pipelines/log.ts'
import { type LogPage, type Logs, largestPage } from './logs.ts'

export interface LogsUnderTest {
  logs: Logs
  /** Writes to a run's log what its runner would write. */
  write(runId: string, text: string): Promise<void>
  close(): Promise<void>
}

const at = Date.parse('2026-03-02T09:00:00.000Z')
const rows = (count: number, first = 0): LogRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    t: at + first + index,
    s: (first + index) % 3 === 0 ? ('err' as const) : ('out' as const),
    x: `line ${first + index} äß ${'x'.repeat((first + index) % 40)}`,
  }))
const plain = (records: readonly PlacedRecord[]): LogRecord[] => records.map(({ id: _, next: __, ...r }) => r)
const text = (records: readonly LogRecord[]): string => records.map(encodeRecord).join('')
const last = (t: number): LogRecord & { end: string } => ({ t, s: 'sys', x: 'It ended.', end: 'finished' })

/** Runs the suite. */
export function logsContract(name: string, open: () => Promise<LogsUnderTest>): void {
  describe(`logs: ${name}`, () => {
    let tested: LogsUnderTest
    let serial = 0
    const allOf = async (run: string): Promise<PlacedRecord[]> => {
      const seen: PlacedRecord[] = []
      for (let page: LogPage | undefined; !page?.ended;) {
        page = await tested.logs.read(run, page?.next ?? 0, largestPage)
        seen.push(...page.records)
      }
      return seen
    }
    const fresh = (): string => `job_${String(serial++).padStart(32, '0')}`
    beforeAll(async () => {
      tested = await open()
    })
    afterAll(async () => {
      await tested.close()
    })

    it('has nothing of a run that has written nothing', async () => {
      const run = fresh()
      expect(await tested.logs.read(run, 0, largestPage)).toEqual({ records: [], first: 0, next: 0, ended: false })
      expect(await tested.logs.tail(run, undefined, largestPage)).toEqual({
        records: [],
        first: 0,
        next: 0,
        ended: false,
      })
    })
    it('reads every record once and in order, in pages of any size, forwards and backwards', async () => {
      const run = fresh()
      const all = [...rows(30), last(at + 30)]
      await tested.write(run, text(all))
      for (const limits of [
        largestPage,
        { records: 7, bytes: 1 << 20 },
        { records: 100, bytes: 300 },
        { records: 100, bytes: 1 },
      ]) {
        const seen: PlacedRecord[] = []
        let page: LogPage
        do {
          page = await tested.logs.read(run, seen.at(-1)?.next ?? 0, limits)
          expect(page.records.length).toBeLessThanOrEqual(limits.records)
          seen.push(...page.records)
        } while (!page.ended)
        expect(plain(seen)).toEqual(all)
        for (const [index, record] of seen.slice(1).entries()) expect(record.id).toBe(seen[index]!.next)
        expect(await tested.logs.read(run, seen.at(-1)!.next, limits)).toMatchObject({ records: [], ended: true })
        const back: PlacedRecord[] = []
        for (let before: number | undefined; before !== 0;) {
          const { records, first } = await tested.logs.tail(run, before, limits)
          expect(records.length).toBeGreaterThan(0)
          back.unshift(...records)
          before = first
        }
        expect(back).toEqual(seen)
      }
    })
    it('goes on from a place within a record with the one after it', async () => {
      const run = fresh()
      const all = rows(4)
      await tested.write(run, text(all))
      const { records } = await tested.logs.read(run, 0, largestPage)
      expect(plain((await tested.logs.read(run, records[1]!.id + 3, largestPage)).records)).toEqual(all.slice(2))
      expect((await tested.logs.read(run, records[3]!.next + 1000, largestPage)).records).toEqual([])
    })
    it('follows a log that grows, from the middle of a line to its end, and stops there', async () => {
      const run = fresh()
      const all = [...rows(30), last(at + 30)]
      const whole = text(all)
      const seen: PlacedRecord[] = []
      const following = (async () => {
        for await (const page of tested.logs.follow(run, 0, new AbortController().signal)) seen.push(...page.records)
      })()
      const cuts = [0, 40, 41, 700, 701, whole.length]
      for (let i = 1; i < cuts.length; i++) await tested.write(run, whole.slice(cuts[i - 1], cuts[i]))
      await following
      expect(plain(seen)).toEqual(all)
      // Somebody comes back, and somebody comes late.
      for (const from of [seen[11]!.next, 0]) {
        const again: PlacedRecord[] = []
        for await (const page of tested.logs.follow(run, from, new AbortController().signal))
          again.push(...page.records)
        expect(again).toEqual(seen.filter((r) => r.id >= from))
      }
    })
    it('lets a follower go', async () => {
      const run = fresh()
      const gone = new AbortController()
      await tested.write(run, text(rows(2)))
      for await (const page of tested.logs.follow(run, 0, gone.signal)) {
        expect(page.records).toHaveLength(2)
        gone.abort()
      }
    })
    it('keeps the platform’s last word, once, after a line that was cut short; archived it reads the same', async () => {
      const run = fresh()
      const all = rows(3)
      await tested.write(run, `${text(all)}{"t":17`)
      await tested.logs.conclude(run, last(at + 99))
      await tested.logs.conclude(run, last(at + 100))
      const whole = await allOf(run)
      expect(plain(whole)).toEqual([...all, last(at + 99)])
      await tested.logs.archive(run)
      await tested.logs.archive(run)
      expect(await allOf(run)).toEqual(whole)
      expect((await tested.logs.tail(run, undefined, { records: 2, bytes: 1 << 20 })).records).toEqual(whole.slice(-2))
      const again: PlacedRecord[] = []
      for await (const page of tested.logs.follow(run, whole[2]!.id, new AbortController().signal))
        again.push(...page.records)
      expect(again).toEqual(whole.slice(2))
    })
    it('concludes a log that nobody began', async () => {
      const run = fresh()
      await tested.logs.conclude(run, last(at))
      expect(plain((await tested.logs.read(run, 0, largestPage)).records)).toEqual([last(at)])
    })
  })
}
