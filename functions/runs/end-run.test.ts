/** Ends of runs: counted exactly, once, and without anything left where nothing may be left. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Table } from '../../ports/table.ts'
import {
  begin,
  endRecord,
  fakeRecord,
  nonceOf,
  type Planted,
  plantLink,
  plantStudy,
} from '../../test/ingest-support.ts'
import type { Item } from '../../ports/table.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { objectKey } from '../stores/run-records.ts'
import { bringUpToDate, endWithoutData, lateObjects, purge } from './end-run.ts'

let on: Harness
let planted: Planted
let code: string
let serial = 0
let run: Awaited<ReturnType<typeof begin>>
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on)
  code = await plantLink(on, planted)
})
afterAll(() => on.close())
beforeEach(async () => {
  run = await begin(on, planted, code, nonceOf(`end-${serial++}`))
})
const item = async (): Promise<Item<RunItem>> => (await on.deps.table.get<RunItem>(keyOf.run(run.runId)))!

describe('bringing a run up to date', () => {
  it('counts what came, dates it no later than now, and loses no race', async () => {
    await run.send(1, [fakeRecord(run.runId, 1), fakeRecord(run.runId, 2)])
    const before = await item()
    const both = await Promise.all([bringUpToDate(on.deps, before), bringUpToDate(on.deps, before)])
    expect(both.map(({ run: r }) => r.received)).toEqual([2, 2])
    on.clock.advance(-60)
    const { run: after } = await bringUpToDate(on.deps, await item())
    expect(after).toMatchObject({ last: on.clock.now().toISOString(), counted: on.clock.now().toISOString() })
    on.clock.advance(60)
  })
  it('leaves a finished run as it is', async () => {
    const records = [fakeRecord(run.runId, 1)]
    await run.send(1, records)
    await run.send(2, [await endRecord(run.runId, records)])
    const done = await item()
    expect(done.state).toBe('completed')
    expect((await bringUpToDate(on.deps, done)).run).toEqual(done)
    expect(await item()).toEqual(done)
  })
})

describe('an end without data', () => {
  const left = async (): Promise<number> => {
    const { items } = await on.deps.table.query(keyOf.chunk.partition(run.runId))
    let objects = 0
    for await (const _ of on.objects.list('sealed', `runs/${run.runId}/`)) objects++
    return items.filter((i) => i.sk !== 'RUN' && i.sk !== 'DUE').length + objects
  }
  it('leaves neither key, records, objects nor their list, also when it was killed at any write', async () => {
    await run.send(1, [fakeRecord(run.runId, 1)])
    const sha256 = 'a'.repeat(64)
    const { runId } = run
    await on.call('runs', 'uploads', { params: { runId }, authorization: run.authorization, body: { sha256, size: 3 } })
    await on.objects.put('sealed', objectKey(runId, sha256), new Uint8Array(3), 'application/octet-stream')
    for (let writes = 0; ; writes++) {
      let remaining = writes
      const dies =
        <A extends unknown[], R>(act: (...given: A) => Promise<R>) =>
        async (...given: A): Promise<R> => {
          if (remaining-- <= 0) throw new Error('killed')
          return act(...given)
        }
      const { table } = on.deps
      const dying = Object.assign(Object.create(table) as Table, {
        create: dies(table.create.bind(table)),
        update: dies(table.update.bind(table)),
        remove: dies(table.remove.bind(table)),
      })
      const ended = await endWithoutData({ ...on.deps, table: dying }, await item(), 'withdrawn').catch(() => undefined)
      // Whoever was told it is withdrawn finds nothing; whoever was not can repeat it.
      if (!ended) continue
      expect(await left()).toBe(0)
      break
    }
    const after = await item()
    expect(after).toMatchObject({ state: 'withdrawn', received: 0, bytes: 0 })
    expect([after.wrappedKey, after.endHash]).toEqual([undefined, undefined])
  })
  it('never brings back a run that was withdrawn', async () => {
    const withdrawn = await endWithoutData(on.deps, await item(), 'withdrawn')
    expect((await endWithoutData(on.deps, withdrawn, 'aborted')).state).toBe('withdrawn')
    expect((await endWithoutData(on.deps, withdrawn, 'withdrawn')).withdrawn).toBe(withdrawn.withdrawn)
  })
  it('is looked at once more for objects, if there were links for any', async () => {
    const ended = await endWithoutData(on.deps, await item(), 'aborted')
    expect(lateObjects(ended)).toBeUndefined()
    const late = lateObjects({ ...ended, objects: true })!
    expect(late.getTime()).toBeGreaterThan(on.clock.now().getTime() + 15 * 60_000)
    expect(lateObjects({ ...ended, objects: true, state: 'live' })).toBeUndefined()
  })
  it('purges of one run, not of one whose id begins alike', async () => {
    const other = { ...keyOf.chunk(`${run.runId}2`, 1), first: 1 }
    await on.deps.table.create(other)
    await purge(on.deps, run.runId)
    expect(await on.deps.table.get(keyOf.chunk(`${run.runId}2`, 1))).toBeDefined()
  })
})
