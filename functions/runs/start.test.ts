/** Starts: the same again answers the same, refusals leave nothing, and the sweep knows of each from the beginning. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookAfterSeconds } from '../../domain/runs/life.ts'
import { begin, nonceOf, type Planted, plantLink, plantStudy, wrappedFor } from '../../test/ingest-support.ts'
import { indexKeyOf, keyOf, type LinkItem, type RunItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { finishStart } from './start.ts'

let on: Harness
let planted: Planted
beforeAll(async () => {
  on = await harness()
  planted = await plantStudy(on)
})
afterAll(() => on.close())
const startBody = (nonce: string) => ({ nonce, kid: planted.kid, wrappedKey: wrappedFor(nonce) })

describe('a start', () => {
  it('is looked at by the sweep a minute later', async () => {
    const run = await begin(on, planted, await plantLink(on, planted), nonceOf('first'))
    const at = new Date(on.clock.now().getTime() + lookAfterSeconds * 1000).toISOString()
    expect((await on.deps.table.get<object>(keyOf.due(run.runId)))!.gsk).toBe(
      indexKeyOf.due.byTime({ at, runId: run.runId }).gsk,
    )
  })
  it('answers the same to the same nonce, and refuses another key under it', async () => {
    const code = await plantLink(on, planted)
    const nonce = nonceOf('twice')
    const [one, two] = await Promise.all([
      begin(on, planted, code, nonce),
      on.call('runs', 'start', { params: { code }, body: startBody(nonce) }),
    ])
    expect(two).toMatchObject({ runId: one.runId, token: one.token, condition: one.condition })
    expect((await on.deps.table.get<LinkItem>(keyOf.link(code)))!.started).toBe(1)
    expect(
      await on.refused('runs', 'start', {
        params: { code },
        body: { ...startBody(nonce), wrappedKey: wrappedFor(nonceOf('x')) },
      }),
    ).toMatchObject({ kind: 'invalid-request' })
  })
  it.each([
    ['of another organisation', { kid: 'another-key' }],
    ['of another length', { wrappedKey: 'AAAA' }],
  ])('with a key %s leaves nothing', async (_, wrong) => {
    const code = await plantLink(on, planted)
    const writes: string[] = []
    const { create } = on.deps.table
    on.deps.table.create = (item) => {
      writes.push(item.pk)
      return create(item)
    }
    try {
      // The same way writes, when nothing is wrong with it.
      await on.call('runs', 'start', {
        params: { code },
        body: startBody(nonceOf(`right-${Object.keys(wrong).join()}`)),
      })
      expect(writes.splice(0)).not.toEqual([])
      await on.refused('runs', 'start', { params: { code }, body: { ...startBody(nonceOf('wrong')), ...wrong } })
    } finally {
      on.deps.table.create = create
    }
    expect(writes).toEqual([])
  })
  it('that its link refuses in the end leaves neither run nor look', async () => {
    const code = await plantLink(on, planted, { quota: 1 })
    const first = await begin(on, planted, code, nonceOf('quota-1'))
    const run = (await on.deps.table.get<RunItem>(keyOf.run(first.runId)))!
    const runId = 'run_late'
    const late = await on.deps.table.create<RunItem>({
      ...run,
      ...keyOf.run(runId),
      gpk: undefined as never,
      gsk: undefined as never,
      runId,
      pending: true,
    })
    await expect(finishStart(on.deps, late)).rejects.toMatchObject({ kind: 'study-full' })
    expect(await on.deps.table.get(keyOf.run(runId))).toBeUndefined()
    expect(await on.deps.table.get(keyOf.due(runId))).toBeUndefined()
  })
})
