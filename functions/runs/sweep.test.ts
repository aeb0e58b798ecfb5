/** What the sweep finds, in whatever order it and others come, and whatever the clock does. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { furthestLookSeconds, lateObjectSeconds, lookAfterSeconds, staleAfterSeconds } from '../../domain/runs/life.ts'
import type { Key, Table } from '../../ports/table.ts'
import {
  begin,
  endRecord,
  fakeRecord,
  nonceOf,
  type Planted,
  plantLink,
  plantStudy,
} from '../../test/ingest-support.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { objectKey } from '../stores/run-records.ts'
import { dueRuns } from '../stores/run-looks.ts'
import { createSweep } from './sweep.ts'

let on: Harness
let planted: Planted
let code: string
let serial = 0
let run: Awaited<ReturnType<typeof begin>>
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on, { conditions: [{ name: 'a', weight: 1 }] })
  code = await plantLink(on, planted, { expires: '2030-01-01T00:00:00.000Z' })
})
afterAll(() => on.close())
beforeEach(async () => {
  // Runs of the test before are none of this one's.
  on.clock.advance(10 * staleAfterSeconds)
  await sweep()
  await sweep()
  run = await begin(on, planted, code, nonceOf(`sweep-${serial++}`))
})

const sweep = () => createSweep(on.deps)()
const item = async (): Promise<RunItem | undefined> => on.deps.table.get<RunItem>(keyOf.run(run.runId))
const send = (from: number) => run.send(from, [fakeRecord(run.runId, from)], from)
const dueAt = async (): Promise<string | undefined> =>
  (await on.deps.table.get<object>(keyOf.due(run.runId)))?.gsk?.split('#')[0]
const inSeconds = (seconds: number): string => new Date(on.clock.now().getTime() + seconds * 1000).toISOString()

/** A record is stored, and that is the last thing that its request does. */
async function sendAndLoseCount(): Promise<void> {
  const { create, query, update } = on.deps.table
  const lost = (): never => {
    throw new Error('lost')
  }
  on.deps.table.create = async (made) => {
    const stored = await create(made)
    if (made.pk === keyOf.chunk.partition(run.runId) && made.sk.startsWith('C#'))
      Object.assign(on.deps.table, { query: lost, update: lost, create: lost })
    return stored
  }
  try {
    expect((await send(1)).status).toBe(500)
  } finally {
    Object.assign(on.deps.table, { create, query, update })
  }
}

describe('a live run', () => {
  it('is looked at while records may come in the shadow of a count, then left alone until it is stale', async () => {
    const begun = on.clock.now()
    await send(1)
    on.clock.advance(lookAfterSeconds)
    expect(await sweep()).toMatchObject({ looked: 1, failed: 0 })
    expect(await dueAt()).toBe(inSeconds(lookAfterSeconds))
    on.clock.advance(lookAfterSeconds)
    await sweep()
    expect(await dueAt()).toBe(new Date(begun.getTime() + staleAfterSeconds * 1000).toISOString())
    on.clock.set((await dueAt())!)
    expect(await sweep()).toMatchObject({ stale: 1 })
    expect([(await item())!.state, await dueAt()]).toEqual(['stale', undefined])
    await send(2)
    expect([(await item())!.state, await dueAt()]).toEqual(['live', inSeconds(lookAfterSeconds)])
  })
  it('that was stale is counted when the record that woke it was stored and its count was lost', async () => {
    on.clock.advance(2 * lookAfterSeconds)
    await sweep()
    on.clock.set((await dueAt())!)
    await sweep()
    expect((await item())!.state).toBe('stale')
    await sendAndLoseCount()
    expect(await item()).toMatchObject({ state: 'stale', received: 0 })
    on.clock.advance(lookAfterSeconds)
    await sweep()
    expect(await item()).toMatchObject({ state: 'live', received: 1 })
  })
  it('that was quiet is counted soon when the record that ended its silence was stored and its count was lost', async () => {
    on.clock.advance(2 * lookAfterSeconds)
    await sweep()
    await sweep()
    expect([(await item())!.state, (await dueAt())! > inSeconds(lookAfterSeconds)]).toEqual(['live', true])
    await sendAndLoseCount()
    expect(await item()).toMatchObject({ received: 0 })
    on.clock.advance(lookAfterSeconds)
    await sweep()
    expect(await item()).toMatchObject({ state: 'live', received: 1 })
  })
  it('keeps the look that an append has planned while the sweep was at work', async () => {
    on.clock.advance(2 * lookAfterSeconds)
    const { table } = on.deps
    let once = async (): Promise<void> => {
      once = async () => {}
      await send(1)
    }
    // The append comes after the sweep has read the run and before it puts the look off.
    const watched: Table = Object.assign(Object.create(table) as Table, {
      query: async (...all: Parameters<Table['query']>) => {
        const page = await table.query(...all)
        if (all[0] === keyOf.chunk.partition(run.runId)) await once()
        return page
      },
    })
    await createSweep({ ...on.deps, table: watched })()
    expect(await dueAt()).toBe(inSeconds(lookAfterSeconds))
  })
  it('that a clock ahead of its time has planned and dated is found, and is stale an hour later', async () => {
    on.clock.advance(86_400)
    await send(1)
    on.clock.advance(-86_400)
    await sweep()
    expect((await item())!.last <= on.clock.now().toISOString()).toBe(true)
    on.clock.advance(staleAfterSeconds + lookAfterSeconds)
    await sweep()
    on.clock.advance(lookAfterSeconds)
    await sweep()
    expect((await item())!.state).toBe('stale')
  })
})

describe('a clock that was ahead of its time and is right again', () => {
  const all = async () => (await on.deps.table.query<object>('RUN#DUE', { index: true })).items.map((i) => i.gsk!)
  it.each([2 * 60, 30 * 60, 3600, 10 * 3600])('by %i s keeps nothing waiting', async (ahead) => {
    await send(1)
    on.clock.advance(ahead)
    await sweep()
    await send(2)
    on.clock.advance(-ahead)
    await sweep()
    // As if it had never been wrong: counted within a minute, stale an hour after its last record.
    expect((await all()).every((gsk) => gsk <= inSeconds(staleAfterSeconds))).toBe(true)
    await send(3)
    on.clock.advance(lookAfterSeconds)
    await sweep()
    expect((await item())!.received).toBe(3)
    on.clock.advance(staleAfterSeconds)
    await sweep()
    on.clock.advance(lookAfterSeconds)
    await sweep()
    expect((await item())!.state).toBe('stale')
  })
  it('is noticed once, and small steps are none', async () => {
    await sweep()
    on.clock.advance(-30)
    expect(await sweep()).toMatchObject({ looked: 0 })
    on.clock.advance(3600)
    await sweep()
    await send(1)
    on.clock.advance(-3600)
    expect(await sweep()).toMatchObject({ looked: 1 })
    expect(await sweep()).toMatchObject({ looked: 0 })
  })
})

describe('looks', () => {
  it('come oldest first, and last those that nobody would plan so far ahead', async () => {
    const at = async (runId: string, seconds: number) =>
      on.deps.table.create({ ...keyOf.due(runId), runId, gpk: 'RUN#DUE', gsk: `${inSeconds(seconds)}#${runId}` })
    await Promise.all([at('run_far', furthestLookSeconds + 60), at('run_b', -5), at('run_a', -10), at('run_soon', 5)])
    const ids = async (limit: number) => (await dueRuns(on.deps, on.clock.now(), limit)).map((d) => d.runId)
    expect(await ids(10)).toEqual(['run_a', 'run_b', 'run_far'])
    expect(await ids(1)).toEqual(['run_a', 'run_far'])
    expect(await sweep()).toMatchObject({ looked: 3, finished: 3 })
    expect(await ids(10)).toEqual([])
  })
  it('at a run that cannot be finished come again soon, then later and later, and keep nobody from the others', async () => {
    on.clock.advance(lookAfterSeconds)
    const { get } = on.deps.table
    const broken: Table = Object.assign(Object.create(on.deps.table) as Table, {
      get: async (key: Key, attributes?: string[]) => {
        if (key.sk === 'RUN') throw new Error('no run')
        return get(key, attributes)
      },
    })
    for (const seconds of [60, 120, 240, 480, 900, 900]) {
      expect(await createSweep({ ...on.deps, table: broken })()).toMatchObject({ looked: 1, failed: 1 })
      expect(await dueAt()).toBe(inSeconds(seconds))
      on.clock.advance(seconds)
    }
    expect(await sweep()).toMatchObject({ looked: 1, failed: 0 })
    expect((await on.deps.table.get<object>(keyOf.due(run.runId)))!).not.toHaveProperty('failures')
  })
})

describe('objects', () => {
  const sha256 = (which: number): string => which.toString(16).padStart(64, '0')
  const ask = (which: number) =>
    on.answer('runs', 'uploads', {
      params: { runId: run.runId },
      authorization: run.authorization,
      body: { sha256: sha256(which), size: 3 },
    })
  const store = (which: number) =>
    on.objects.put('sealed', objectKey(run.runId, sha256(which)), new Uint8Array(3), 'application/octet-stream')
  const stored = async (): Promise<string[]> => {
    const keys: string[] = []
    for await (const key of on.objects.list('sealed', `runs/${run.runId}/`)) keys.push(key.slice(-1))
    return keys
  }

  it('that no record names go when the run is complete, also those that come late', async () => {
    for (const which of [1, 2, 3]) expect((await ask(which)).status).toBe(200)
    await Promise.all([store(1), store(2)])
    const named = fakeRecord(run.runId, 1, 'x', { object: { sha256: sha256(1), size: 3 } })
    await run.send(1, [named])
    expect((await run.send(2, [await endRecord(run.runId, [named])])).body).toMatchObject({ state: 'completed' })
    await store(3)
    on.clock.advance(lateObjectSeconds)
    await sweep()
    expect([await stored(), await dueAt()]).toEqual([['1'], undefined])
  })
  it('named by chunks that do not say so are found in their records', async () => {
    await ask(4)
    await store(4)
    const named = fakeRecord(run.runId, 1, 'x', { object: { sha256: sha256(4), size: 3 } })
    await run.send(1, [named])
    await on.deps.table.update(keyOf.chunk(run.runId, 1), { remove: ['objects'] })
    await run.send(2, [await endRecord(run.runId, [named])])
    on.clock.advance(lateObjectSeconds)
    await sweep()
    expect(await stored()).toEqual(['4'])
  })
  it('that arrive after a withdrawal are removed when none can arrive any more', async () => {
    await ask(5)
    await run.send(1, [fakeRecord(run.runId, 1)])
    await on.call('runs', 'withdrawRun', {
      as: on.person('ada'),
      params: { runId: run.runId },
      body: { reason: 'By mail' },
    })
    on.clock.advance(600)
    await sweep()
    await store(5)
    on.clock.advance(lateObjectSeconds)
    await sweep()
    expect([await stored(), await dueAt(), (await item())!.state]).toEqual([[], undefined, 'withdrawn'])
  })
})
