/** What an append costs and counts, whatever the clock does; and where a run's bounds are. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bounds } from '../../domain/bounds.ts'
import { countEverySeconds, lookAfterSeconds } from '../../domain/runs/life.ts'
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
import { createSweep } from './sweep.ts'

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
  run = await begin(on, planted, code, nonceOf(`append-${serial++}`))
})

const item = async (): Promise<RunItem> => (await on.deps.table.get<RunItem>(keyOf.run(run.runId)))!
const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => fakeRecord(run.runId, from + index))
const send = async (from: number, to = from): Promise<void> => {
  expect((await run.send(from, records(from, to), to)).status).toBe(200)
}
/** What lists and figures show: the counters of the run's item. */
const shown = async (): Promise<number> => (await item()).received

describe('a count', () => {
  it('comes with the first append after two seconds, not with those before', async () => {
    await send(1)
    expect(await shown()).toBe(0)
    on.clock.advance(countEverySeconds + 1)
    await send(2)
    expect(await shown()).toBe(2)
    await send(3)
    expect(await shown()).toBe(2)
  })
  it.each([-86_400, -10, 86_400])('comes too when the clock has jumped by %d seconds', async (seconds) => {
    on.clock.advance(countEverySeconds + 1)
    await send(1)
    on.clock.advance(seconds)
    await send(2)
    expect(await shown()).toBe(2)
    await send(3)
    expect(await shown()).toBe(2)
    on.clock.advance(countEverySeconds + 1)
    await send(4)
    expect(await shown()).toBe(4)
  })
  it('of a run that falls quiet within two seconds is made by the sweep a minute later', async () => {
    await send(1, 5)
    on.clock.advance(lookAfterSeconds)
    await createSweep(on.deps)()
    expect(await item()).toMatchObject({ received: 5, through: 5, position: 5, state: 'live' })
    const { items } = await on.call('runs', 'list', {
      as: on.person('ada'),
      params: { studyId: planted.studyId },
      query: { limit: 1 },
    })
    expect(items[0]).toMatchObject({ received: 5, position: 5 })
  })
  it('plans one look a minute, not one for every count', async () => {
    const places = new Set<string>()
    for (let seq = 1; seq <= 10; seq++) {
      on.clock.advance(countEverySeconds + 1)
      await send(seq)
      places.add((await on.deps.table.get<object>(keyOf.due(run.runId)))!.gsk!)
    }
    expect(places.size).toBe(1)
  })
})

describe('bounds', () => {
  it('end a run that sends without end, and let it come to its own end', async () => {
    const over = bounds.run.records + 1
    const refused = await run.send(over, [fakeRecord(run.runId, over)])
    expect(refused).toMatchObject({ status: 409, body: { kind: 'bound-reached' } })
    expect((refused.body as { detail: string }).detail).toContain(String(bounds.run.records))
    await send(1)
    await on.deps.table.update(keyOf.run(run.runId), { set: { bytes: bounds.run.bytes } })
    expect((await run.send(2, records(2, 2))).body).toMatchObject({ kind: 'bound-reached' })
    expect((await run.send(2, [await endRecord(run.runId, records(1, 1))])).body).toMatchObject({ state: 'completed' })
  })
})

describe('an append', () => {
  it('is one read and one put', async () => {
    const acts: string[] = []
    const { table } = on.deps
    const counted = Object.fromEntries(
      (['get', 'create', 'update', 'replace', 'remove', 'query'] as const).map((act) => [
        act,
        (...given: never[]) => {
          acts.push(act)
          return (table[act] as (...all: never[]) => unknown)(...given)
        },
      ]),
    )
    Object.assign(on.deps, { table: { ...table, ...counted } })
    const { createIngest } = await import('./ingest.ts')
    const { eventOf } = await import('../kernel/testing.ts')
    const { areas } = await import('../../contracts/index.ts')
    const body = { first: 1, records: records(1, 1), produced: 1, position: 1 }
    const event = eventOf(areas.runs.routes.append, {
      params: { runId: run.runId },
      authorization: run.authorization,
      body,
    } as never)
    const answer = await createIngest(on.deps)(event, {} as never)
    Object.assign(on.deps, { table })
    expect([answer.statusCode, acts]).toEqual([200, ['get', 'create']])
  })
})
