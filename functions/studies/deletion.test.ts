/** Deleting a study while others use it: the index is behind, and a start is at any point of its way. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Item, Table } from '../../ports/table.ts'
import { begin, nonceOf, type Planted, plantLink, plantStudy, wrappedFor } from '../../test/ingest-support.ts'
import { keyOf, type RunItem, type StudyItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { createSweep } from '../runs/sweep.ts'

let on: Harness
let planted: Planted
let table: Table
let serial = 0
beforeAll(async () => {
  on = await harness()
  table = { ...on.deps.table }
})
afterAll(() => on.close())
beforeEach(async () => {
  played({})
  planted = await plantStudy(on, { conditions: [{ name: 'a', weight: 1 }] })
})

const ada = () => on.person('ada')
const nonce = (): string => nonceOf(`deletion-${serial++}`)
const read = () => on.deps.table.get<StudyItem>(keyOf.study(planted.studyId))
const close = () => table.update<StudyItem>(keyOf.study(planted.studyId), { set: { state: 'closed' } })
const remove = () =>
  on.call('studies', 'remove', { as: ada(), params: { studyId: planted.studyId }, query: { title: 'Flanker' } })
const refusal = () =>
  on.refused('studies', 'remove', { as: ada(), params: { studyId: planted.studyId }, query: { title: 'Flanker' } })
/** The same table with some of its acts played otherwise. */
const played = (acts: Partial<Table>): void => {
  Object.assign(on.deps.table, table, acts)
}
/** The index does not show what was written after now. */
async function indexStandsStill(): Promise<void> {
  const { items } = await table.query<object>(`STUDY#${planted.studyId}`, { index: true })
  const shown = new Set(items.map(({ pk, sk }) => `${pk} ${sk}`))
  played({
    query: async (pk, options = {}) => {
      const page = await table.query(pk, options)
      if (!options.index || pk !== `STUDY#${planted.studyId}`) return page as never
      return { ...page, items: page.items.filter((item) => shown.has(`${item.pk} ${item.sk}`)) } as never
    },
  })
}
const sweepLater = async (): Promise<void> => {
  played({})
  on.clock.advance(61)
  await createSweep(on.deps)()
  await createSweep(on.deps)()
}
const left = async (): Promise<string[]> =>
  (await table.query<object>(`STUDY#${planted.studyId}`)).items.map(({ sk }) => sk)

describe('a study that is deleted', () => {
  it('has the results of a run that the index does not show yet, and stays as it was', async () => {
    const code = await plantLink(on, planted)
    await indexStandsStill()
    await begin(on, planted, code, nonce())
    const before = await close()
    expect(await refusal()).toMatchObject({ kind: 'wrong-state' })
    expect(await read()).toMatchObject({ state: 'closed' })
    expect((await read())!.deleting).toBeUndefined()
    const body = { state: 'live', rev: (await read())!.rev! } as const
    expect(before.rev).toBeDefined()
    await on.call('studies', 'setState', { as: ada(), params: { studyId: planted.studyId }, body })
  })

  it('keeps a run that starts while its deletion begins', async () => {
    const code = await plantLink(on, planted)
    await close()
    let run: Awaited<ReturnType<typeof begin>> | undefined
    played({
      update: async (key, change) => {
        if (change.set && 'deleting' in change.set) {
          // A start that was admitted before the study was closed goes all its way at this moment.
          await table.update(keyOf.study(planted.studyId), { set: { state: 'live' } })
          played({})
          run = await begin(on, planted, code, nonce())
          const closed = await close()
          await indexStandsStill()
          return table.update(key, { ...change, when: [{ attribute: 'rev', is: 'equal', value: closed.rev! }] })
        }
        return table.update(key, change)
      },
    })
    expect(await refusal()).toMatchObject({ kind: 'wrong-state' })
    expect(await table.get<RunItem>(keyOf.run(run!.runId))).toMatchObject({ state: 'live' })
    expect((await read())!.deleting).toBeUndefined()
  })

  it.each(['before', 'after'] as const)('or a start comes to light: never both, deleted %s its slot', async (when) => {
    const code = await plantLink(on, planted)
    let deleted: boolean | undefined
    const deletion = async (): Promise<void> => {
      played({})
      await close()
      deleted = await remove().then(
        () => true,
        () => false,
      )
    }
    const isSlot = (item: Item<object>): boolean => item.sk.startsWith('ASSIGN#')
    played({
      create: async (item) => {
        if (when === 'before' && isSlot(item)) await deletion()
        const made = await table.create(item)
        if (when === 'after' && isSlot(item)) await deletion()
        return made
      },
    })
    const answer = await on.answer('runs', 'start', {
      params: { code },
      body: { nonce: nonce(), kid: planted.kid, wrappedKey: wrappedFor('x') },
    })
    expect(deleted).toBeDefined()
    expect([answer.status === 201, deleted]).not.toEqual([true, true])
    expect(answer.status === 201 || deleted).toBe(true)
    if (deleted) await sweepLater()
    const due = (await table.query('RUN#DUE', { index: true })).items.filter((i) => JSON.stringify(i).includes(code))
    expect(deleted ? due : []).toEqual([])
  })

  it('takes links and previews with it that the index did not show, by a second look', async () => {
    const seen = await plantLink(on, planted, { kind: 'preview' })
    await indexStandsStill()
    const unseen = await plantLink(on, planted)
    const run = await begin(on, planted, seen, nonce())
    await table.update<RunItem>(keyOf.run(run.runId), { set: { state: 'completed' } })
    await table.remove(keyOf.due(run.runId))
    await close()
    await remove()
    expect(await table.get(keyOf.link(unseen))).toBeDefined()
    await sweepLater()
    await sweepLater()
    expect(await table.get(keyOf.link(seen))).toBeUndefined()
    expect(await table.get(keyOf.link(unseen))).toBeUndefined()
    expect(await table.get(keyOf.run(run.runId))).toBeUndefined()
    expect(await left()).toEqual([])
  })

  it('goes whole when its deletion was killed, wherever that was', async () => {
    const { items } = await table.query<object>(`STUDY#${planted.studyId}`)
    for (let kill = 0; ; kill++) {
      played({})
      // The same study anew: another organisation would need another key.
      for (const item of items) await table.create(item).catch(() => undefined)
      const code = await plantLink(on, planted)
      await close()
      let decided = false
      let acts = 0
      const dies =
        <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          if (acts++ >= kill) throw new Error('killed')
          const answer = await act(...args)
          decided ||= JSON.stringify(args).includes('"REST"')
          return answer
        }
      played({ create: dies(table.create) as never, update: dies(table.update) as never, remove: dies(table.remove) })
      const done = await remove().then(
        () => true,
        () => false,
      )
      played({})
      // Nothing of it has gone; whoever wants it gone says so again.
      const isWhole = decided || done || (await table.get(keyOf.link(code))) !== undefined
      expect(isWhole, `killed at ${kill}`).toBe(true)
      if (!decided && !done) await remove()
      await sweepLater()
      expect(await left(), `killed at ${kill}`).toEqual([])
      expect(await table.get(keyOf.link(code))).toBeUndefined()
      if (done) break
    }
  })

  it('takes no change while somebody deletes it', async () => {
    await table.update<StudyItem>(keyOf.study(planted.studyId), {
      set: { state: 'closed', deleting: '2026-03-02T09:00:00.000Z' },
    })
    const { rev } = (await read())!
    const params = { studyId: planted.studyId }
    const refused = [
      await on.refused('studies', 'setState', { as: ada(), params, body: { state: 'live', rev: rev! } }),
      await on.refused('studies', 'change', { as: ada(), params, body: { title: 'New', rev: rev! } }),
      await on.refused('studies', 'createLink', { as: ada(), params, body: { kind: 'preview', label: 'x', hours: 1 } }),
    ]
    expect(refused.map(({ kind }) => kind)).toEqual(['changed-meanwhile', 'changed-meanwhile', 'not-found'])
    await remove()
    expect(await read()).toBeUndefined()
  })
})
