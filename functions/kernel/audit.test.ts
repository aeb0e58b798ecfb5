/** Many writers of one chain, each a process of its own, on a clock that only they move. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Block, emptyHead, eventsOf, walk } from '../../domain/audit/chain.ts'
import { record } from './audit.ts'
import { keyOf } from './items.ts'
import { digestNow, network } from './testing/network.ts'

const organisationId = 'org_a'
const who = { kind: 'person' as const, id: 'user-ada' }

beforeEach(() => void vi.spyOn(crypto.subtle, 'digest').mockImplementation(digestNow as never))
afterEach(() => vi.restoreAllMocks())

/** Processes that share a chain. */
function simulated(seed: number) {
  const shared = network(seed)
  return {
    ...shared,
    blocks: () => shared.stored(keyOf.auditEvent.partition(organisationId)) as unknown as Block[],
    waiting: () => shared.stored(keyOf.auditWaiting.partition(organisationId)),
  }
}
type World = ReturnType<typeof simulated>

/** The objects of the chain's events, once it was found whole. */
async function objectsOf({ blocks }: World): Promise<string[]> {
  const events = blocks().flatMap(eventsOf)
  expect((await walk(emptyHead, events)).firstBreak).toBeUndefined()
  return events.map((event) => event.object)
}
const write = (on: ReturnType<World['process']>, ...objects: string[]): Promise<void> =>
  record(
    on,
    organisationId,
    who,
    objects.map((object) => ({ act: 'study.changed', object })),
  )

/** `seq` and `hash` of every block, as the chain's head and its readers take them. */
const ends = (blocks: Block[]): object[] => blocks.map(({ seq, hash }) => ({ seq, hash }))

describe('200 writers at once', () => {
  it('need few rounds, nobody waits long, and each event is there once', async () => {
    const world = simulated(1)
    const took: number[] = []
    const writers = Array.from({ length: 200 }, async (_, number) => {
      await write(world.process(), `study ${number}`)
      took.push(world.time.now())
    })
    await world.time.untilNobodySleeps()
    await Promise.all(writers)
    const objects = await objectsOf(world)
    expect(objects).toHaveLength(200)
    expect(new Set(objects).size).toBe(200)
    expect(world.waiting()).toEqual([])
    expect(ends(world.blocks())).toEqual(
      world
        .blocks()
        .map((block) => eventsOf(block).at(-1)!)
        .map(({ seq, hash }) => ({ seq, hash })),
    )
    expect(world.blocks().length).toBeLessThanOrEqual(5)
    expect(Math.max(...took)).toBeLessThan(500)
    const calls = Object.values(world.calls).reduce((sum, count) => sum + count, 0)
    expect(calls / 200).toBeLessThan(10)
  })

  it('of many events each keep each one’s order, over as many blocks as it takes', async () => {
    const world = simulated(2)
    const names = (n: number): string[] => Array.from({ length: 70 }, (_, i) => `study ${n}.${i}`)
    const writers = [0, 1, 2, 3].map((n) => write(world.process(), ...names(n)))
    await world.time.untilNobodySleeps()
    await Promise.all(writers)
    const objects = await objectsOf(world)
    for (const n of [0, 1, 2, 3]) expect(objects.filter((o) => o.startsWith(`study ${n}.`))).toEqual(names(n))
    expect(objects).toHaveLength(280)
  })
})

describe('a writer who is killed', () => {
  it('at any moment loses nobody’s event and doubles none', async () => {
    let died = 0
    for (let killedAt = 1; killedAt <= 24; killedAt++)
      for (let seed = 1; seed <= 12; seed++) {
        const world = simulated(seed * 100 + killedAt)
        const outcomes = [killedAt, killedAt + 3, Infinity, Infinity, Infinity].map(async (moment, number) => {
          await world.time.sleep(number)
          await write(world.process(moment), `study ${number}`)
          return `study ${number}`
        })
        const settled = Promise.allSettled(outcomes)
        await world.time.untilNobodySleeps()
        const written = (await settled).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
        died += 5 - written.length
        const last = write(world.process(), 'study last')
        await world.time.untilNobodySleeps()
        await last
        const objects = await objectsOf(world)
        expect(new Set(objects).size, `seed ${seed}, killed at ${killedAt}`).toBe(objects.length)
        expect(objects).toEqual(expect.arrayContaining([...written, 'study last']))
        expect(world.waiting()).toEqual([])
      }
    expect(died).toBeGreaterThan(200)
  })

  it('by an answer that was lost, and tried again, is found to have written', async () => {
    const world = simulated(3)
    const on = world.process()
    const create = on.table.create.bind(on.table)
    // As an SDK does that was not answered: what it sends again meets what it wrote.
    on.table.create = async (item) => {
      await create(item)
      return create(item)
    }
    const done = write(on, 'study a')
    await world.time.untilNobodySleeps()
    await done
    expect(await objectsOf(world)).toEqual(['study a'])
    expect(world.waiting()).toEqual([])
  })
})

describe('a writer alone', () => {
  it('writes one item, as version 0.1.0 did, with two questions and one answer', async () => {
    const world = simulated(4)
    const done = write(world.process(), 'study a')
    await world.time.untilNobodySleeps()
    await done
    expect(world.blocks()).toMatchObject([{ seq: 1, object: 'study a', previous: emptyHead.hash }])
    expect(world.calls).toEqual({ query: 2, create: 1 })
  })
})
