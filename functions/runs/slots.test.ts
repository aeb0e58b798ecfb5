/** Slots of conditions and looks of the sweep: counted once, in whatever order the calls come. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Counter } from '../../domain/runs/assignment.ts'
import { begin, nonceOf, type Planted, plantLink, plantStudy } from '../../test/ingest-support.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { clearDue, dueRuns, putOff, setDue } from '../stores/run-looks.ts'
import { settleSlot, takeSlot } from './slots.ts'

let on: Harness
let planted: Planted
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on, { conditions: [{ name: 'a', weight: 1 }] })
})
afterAll(() => on.close())

const load = async (): Promise<number> =>
  (await on.deps.table.get<Counter>(keyOf.assignment(planted.studyId, 1)))?.load['a'] ?? 0
const conditions = [{ name: 'a', weight: 1 }]

describe('slots', () => {
  it('are taken once, however often a start is repeated', async () => {
    const run = { runId: 'run_once', studyId: planted.studyId, version: 1, seed: 1 }
    const before = await load()
    await Promise.all([1, 2, 3].map(() => takeSlot(on.deps, run, conditions)))
    expect(await load()).toBe(before + 1)
  })
  it('follow the state of a run, by whoever looks first, and those of previews are not counted', async () => {
    const run = await begin(on, planted, await plantLink(on, planted), nonceOf('slots'))
    const held = await load()
    const moved = async (state: RunItem['state']) =>
      on.deps.table.update<RunItem>(keyOf.run(run.runId), { set: { state } })
    const silent = await moved('stale')
    await Promise.all([settleSlot(on.deps, silent), settleSlot(on.deps, silent)])
    expect(await load()).toBe(held - 1)
    const alive = await moved('live')
    expect((await settleSlot(on.deps, alive)).slot).toBe(3)
    expect((await settleSlot(on.deps, silent)).slot).toBe(3)
    expect(await load()).toBe(held)
    await settleSlot(on.deps, { ...alive, preview: true, state: 'stale' })
    expect(await load()).toBe(held)
  })
})

describe('a look', () => {
  const at = (minutes: number): Date => new Date(on.clock.now().getTime() + minutes * 60_000)
  const found = async (minutes: number) =>
    (await dueRuns(on.deps, at(minutes), 10)).find(({ runId }) => runId === 'run_look')
  it('is planned once, moved by a later plan, and put off only from where it was found', async () => {
    await setDue(on.deps, 'run_look', at(1))
    await setDue(on.deps, 'run_look', at(2))
    expect(await found(1)).toBeUndefined()
    const due = (await found(2))!
    await putOff(on.deps, due, at(5))
    expect(await found(3)).toBeUndefined()
    await putOff(on.deps, due, at(9))
    expect(await found(5)).toBeDefined()
    await clearDue(on.deps, 'run_look')
    await putOff(on.deps, due, at(9))
    expect(await found(60)).toBeUndefined()
  })
})
