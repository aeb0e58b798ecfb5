/** Sealed objects count once on their link and their run, wherever a request is killed and whoever comes at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bounds } from '../../domain/bounds.ts'
import type { Table } from '../../ports/table.ts'
import { begin, nonceOf, type Planted, plantLink, plantStudy } from '../../test/ingest-support.ts'
import { keyOf, type LinkItem, type RunItem, type RunObjectsItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { takePlace } from './sealed-objects.ts'

let on: Harness
let planted: Planted
let table: Table
let code: string
let runId: string
let serial = 0
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on)
  table = { ...on.deps.table }
})
afterAll(() => on.close())
beforeEach(async () => {
  Object.assign(on.deps.table, table)
  code = await plantLink(on, planted)
  runId = (await begin(on, planted, code, nonceOf(`objects-${serial++}`))).runId
})

const object = (which: number, size = 10) => ({ sha256: which.toString(16).padStart(64, '0'), size })
const run = async (id = runId): Promise<RunItem> => (await table.get<RunItem>(keyOf.run(id)))!
const take = async (which: number, id = runId): Promise<string> => {
  try {
    // Each caller is a process of its own.
    await takePlace({ ...on.deps, memory: new Map() as never }, await run(id), object(which))
    return 'taken'
  } catch (e) {
    return (e as { kind?: string }).kind ?? (e as Error).message
  }
}
const counted = async (): Promise<[objects: number, bytes: number]> => {
  const link = (await table.get<LinkItem>(keyOf.link(code)))!
  return [link.objects ?? 0, link.objectBytes ?? 0]
}
const named = async (id = runId): Promise<number> =>
  (await table.get<RunObjectsItem>(keyOf.runObjects(id)))?.asked.length ?? 0
/** Dies at a write, counted from 0. */
function killedAt(write: number): void {
  let writes = 0
  const dies =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (writes++ >= write) throw new Error('killed')
      return act(...args)
    }
  Object.assign(on.deps.table, {
    create: dies(table.create),
    update: dies(table.update),
    replace: dies(table.replace),
  })
}
const alive = (): void => {
  Object.assign(on.deps.table, table)
}

describe('an object', () => {
  it('counts once, wherever its request is killed and however often it is asked for again', async () => {
    for (let kill = 0; kill < 4; kill++) {
      await take(100 + kill)
      const [before] = await counted()
      killedAt(kill)
      await take(kill)
      await take(kill)
      alive()
      expect(await take(kill)).toBe('taken')
      expect(await take(kill)).toBe('taken')
      expect(await counted()).toEqual([before + 1, 10 * (before + 1)])
      expect(await named()).toBe(before + 1)
    }
  })
  it('counts once when many ask for it at once, among many others', async () => {
    const all = Array.from({ length: 60 }, (_, n) => n % 20)
    expect(new Set(await Promise.all(all.map((n) => take(n))))).toEqual(new Set(['taken']))
    expect([await counted(), await named()]).toEqual([[20, 200], 20])
  })
  it('that was counted and whose request was killed is not forgotten by however many others', async () => {
    await take(0)
    killedAt(1)
    await take(1)
    alive()
    expect([await counted(), await named()]).toEqual([[2, 20], 1])
    const other = (await begin(on, planted, code, nonceOf(`objects-${serial++}`))).runId
    for (let n = 0; n < 40; n++) await take(n, other)
    expect(await take(1)).toBe('taken')
    expect([await counted(), await named(), await named(other)]).toEqual([[42, 420], 2, 40])
    const { taking } = (await table.get<LinkItem>(keyOf.link(code)))!
    expect(taking!.length).toBeLessThanOrEqual(16)
  })
  it('that its run refuses in the end is taken off its link, now or when the link looks', async () => {
    await take(0)
    const asked = Array.from({ length: bounds.run.objects - 1 }, (_, n) => object(n === 0 ? 0 : 1000 + n).sha256)
    await table.update<RunObjectsItem>(keyOf.runObjects(runId), { set: { asked } })
    for (const n of [1, 2]) {
      killedAt(1)
      await take(n)
      alive()
    }
    expect(await counted()).toEqual([3, 30])
    expect(await take(3)).toBe('taken')
    expect(await counted()).toEqual([4, 40])
    expect(await take(1)).toBe('bound-reached')
    expect(await counted()).toEqual([3, 30])
    const other = (await begin(on, planted, code, nonceOf(`objects-${serial++}`))).runId
    for (let n = 0; n < 16; n++) await take(n, other)
    expect([await counted(), await named()]).toEqual([[18, 180], bounds.run.objects])
  })
  it('is not kept for a run that was withdrawn since', async () => {
    await take(0)
    killedAt(1)
    await take(1)
    alive()
    await on.call('runs', 'withdrawRun', { as: on.person('ada'), params: { runId }, body: { reason: 'By mail' } })
    const other = (await begin(on, planted, code, nonceOf(`objects-${serial++}`))).runId
    for (let n = 0; n < 20; n++) await take(n, other)
    expect(await table.get(keyOf.runObjects(runId))).toBeUndefined()
  })
})
