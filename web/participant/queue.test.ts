import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coverage, recordHash, runHash, type SealedRecord } from '../../domain/runs/records.ts'
import { importRunKey, openRecord } from '../../domain/runs/sealing.ts'
import { type Device, inMemory, type LocalRun } from './device.ts'
import { Queue } from './queue.ts'
import { sealOwn, type StartedRun } from './run-sealing.ts'

const runId = 'run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const key = await importRunKey(new Uint8Array(32).fill(7))
async function fresh(): Promise<StartedRun> {
  const run: LocalRun = {
    nonce: 'nonce',
    code: 'code',
    kid: 'kid',
    wrappedKey: 'wrapped',
    key,
    state: 'running',
    created: '',
    preview: false,
    repeats: false,
    study: { title: '', organisation: '', language: 'en' },
    made: 0,
    position: 0,
    acked: [],
    frozen: [],
    bytes: 0,
  }
  return {
    ...run,
    runId,
    token: 'token',
    condition: '',
    seed: 1,
    contentHash: '',
    own: await sealOwn(key, runId, 'own', {}),
  }
}

/** What a server does: first write wins, other bytes are a conflict. */
class Shelf {
  readonly held = new Map<number, SealedRecord>()
  conflicts = 0
  take(first: number, records: readonly SealedRecord[]): void {
    if (
      records.some((record, index) => {
        const held = this.held.get(first + index)
        return held !== undefined && held.jwe !== record.jwe
      })
    ) {
      this.conflicts++
      return
    }
    for (const [index, record] of records.entries())
      if (!this.held.has(first + index)) this.held.set(first + index, record)
  }
  get acked() {
    const covered = coverage([...this.held.keys()].map((seq) => [seq, seq]))
    return { through: covered.through, ranges: covered.ranges }
  }
  async numbers(): Promise<unknown[]> {
    const rows = [...this.held].sort(([a], [b]) => a - b).filter(([, r]) => r.op === 'append')
    return Promise.all(
      rows.map(
        async ([seq, r]) => ((await openRecord(key, r.jwe, { runId, seq, op: r.op, part: r.part })) as { n: number }).n,
      ),
    )
  }
}
const pause = (n: number): Promise<void> => new Promise((r) => setTimeout(r, n % 3))
const records = (q: Queue, chunk: Awaited<ReturnType<Queue['next']>>): SealedRecord[] =>
  q.body(chunk).records as SealedRecord[]

/** Sends until the queue is empty; answers are sometimes lost (not for ever), and sometimes exact. */
async function send(queue: Queue, shelf: Shelf, luck: () => number): Promise<void> {
  for (let lost = 0; ;) {
    const chunk = await queue.next()
    if (chunk.length === 0) return
    shelf.take(chunk[0]!.seq, records(queue, chunk))
    await pause(luck())
    const what = luck() % 4
    lost = what === 0 ? lost + 1 : 0
    if (what === 1 || lost > 3) await queue.reconcile(shelf.acked)
    else if (what > 1) await queue.acknowledge(shelf.acked)
  }
}
/** Ends the run, sends the rest and says whether the shelf holds exactly `n` rows as a whole run. */
async function whole(queue: Queue, shelf: Shelf, records: number, luck: () => number): Promise<void> {
  await queue.end()
  await send(queue, shelf, luck)
  expect(await shelf.numbers()).toEqual(Array.from({ length: records }, (_, i) => i))
  expect(shelf.conflicts).toBe(0)
  const last = Math.max(...shelf.held.keys())
  expect([...shelf.held.keys()].length).toBe(last)
  const before = Array.from({ length: last - 1 }, (_, i) => shelf.held.get(i + 1)!)
  expect(shelf.held.get(last)!.end).toEqual({ last, hash: await runHash(await Promise.all(before.map(recordHash))) })
}
const lucky = (numbers: readonly number[]): (() => number) => {
  let turn = 0
  return () => numbers[turn++ % numbers.length]!
}

describe('a queue', () => {
  it('numbers records once, whatever is acknowledged while they are being sealed', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat({ max: 100 }), { minLength: 3, maxLength: 20 }),
        async (bursts, chance) => {
          const queue = await Queue.open(inMemory(), await fresh())
          const shelf = new Shelf()
          const luck = lucky(chance)
          let records = 0
          let recording = true
          const sending = (async () => {
            while (recording) {
              await send(queue, shelf, luck)
              await pause(1)
            }
          })()
          for (const burst of bursts) {
            const kept = Array.from({ length: burst }, () => queue.record('append', 'main', { n: records++ }))
            await pause(luck())
            if (luck() % 2) await Promise.all(kept)
          }
          await queue.settled()
          recording = false
          await sending
          await whole(queue, shelf, records, luck)
        },
      ),
      { numRuns: 40 },
    ))

  it('keeps numbering while answers come in the middle of a batch', async () => {
    const queue = await Queue.open(inMemory(), await fresh())
    const shelf = new Shelf()
    await queue.record('append', 'main', { n: 0 })
    await send(queue, shelf, () => 2)
    let recording = true
    const kept = Promise.all(Array.from({ length: 40 }, (_, i) => queue.record('append', 'main', { n: i + 1 }))).then(
      () => {
        recording = false
      },
    )
    while (recording) {
      await queue.acknowledge(shelf.acked)
      await new Promise((r) => setImmediate(r))
    }
    await kept
    await whole(queue, shelf, 41, () => 2)
  })

  it('goes on after a reload at any moment, without gaps and without repeats', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ burst: fc.integer({ min: 1, max: 12 }), sent: fc.nat({ max: 3 }) }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(fc.nat({ max: 100 }), { minLength: 3, maxLength: 20 }),
        async (loads, chance) => {
          const device: Device = inMemory()
          await device.put(await fresh())
          const shelf = new Shelf()
          let made = 0
          for (const { burst, sent } of loads) {
            const [run] = await device.runs()
            const queue = await Queue.open(
              device,
              structuredClone({ ...run!, key: undefined }) as unknown as StartedRun,
            )
            queue.run.key = key
            expect((await queue.finished()).map((r) => r['n'])).toEqual(Array.from({ length: made }, (_, i) => i))
            await Promise.all(Array.from({ length: burst }, () => queue.record('append', 'main', { n: made++ })))
            for (let i = 0; i < sent; i++) {
              const chunk = await queue.next()
              if (chunk.length > 0) shelf.take(chunk[0]!.seq, records(queue, chunk))
              if (i % 2) await queue.acknowledge(shelf.acked)
            }
            // The tab goes away: the same records, cut anew.
            for (const chunk of queue.parting(3000)) shelf.take(chunk.first, chunk.records as SealedRecord[])
          }
          const [run] = await device.runs()
          await whole(await Queue.open(device, run as StartedRun), shelf, made, lucky(chance))
        },
      ),
      { numRuns: 40 },
    ))

  it('freezes what it sends: a repeat has the same bytes, also after more was recorded', async () => {
    const queue = await Queue.open(inMemory(), await fresh())
    await queue.record('append', 'main', { n: 0 })
    const first = records(queue, await queue.next())
    await queue.record('append', 'main', { n: 1 })
    expect(records(queue, await queue.next())).toEqual(first)
    await queue.acknowledge({ through: 1, ranges: [] })
    expect((await queue.next()).map((r) => r.seq)).toEqual([2])
  })

  it('keeps chunks to 25 records, and what a parting page sends to its bytes', async () => {
    const queue = await Queue.open(inMemory(), await fresh())
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        queue.record('append', 'main', { n, noise: crypto.getRandomValues(new Uint8Array(600)).join() }),
      ),
    )
    expect((await queue.next()).length).toBe(25)
    const parting = queue.parting(55_000)
    expect(parting.reduce((sum, c) => sum + JSON.stringify(c).length, 0)).toBeLessThanOrEqual(55_000)
    expect(parting.flatMap((c) => c.records.map((_, i) => c.first + i))).toEqual(
      Array.from({ length: parting.reduce((sum, c) => sum + c.records.length, 0) }, (_, i) => i + 1),
    )
    expect(parting.length).toBeGreaterThan(0)
  })

  it('gives no number to what JSON cannot carry', async () => {
    const queue = await Queue.open(inMemory(), await fresh())
    const results = await Promise.allSettled([
      queue.record('append', 'main', { n: 0 }),
      queue.record('append', 'main', { n: 1n }),
      queue.record('append', 'main', { n: 1 }),
    ])
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    await whole(queue, new Shelf(), 2, () => 2)
  })

  it('sends again what an exact count misses', async () => {
    const queue = await Queue.open(inMemory(), await fresh())
    const shelf = new Shelf()
    await Promise.all([0, 1, 2].map((n) => queue.record('append', 'main', { n })))
    await send(queue, shelf, () => 2)
    shelf.held.delete(2)
    await queue.reconcile(shelf.acked)
    expect(queue.left).toBe(1)
    await whole(queue, shelf, 3, () => 2)
  })
})
