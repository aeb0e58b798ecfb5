/**
 * Histories from a fixed set of seeds hold every law, and those in which a fault was put back do not. Histories play in
 * threads of their own: a played machine is played for good.
 */
import { describe, expect, it, vi } from 'vitest'
import { tableContract } from '../ports/table.contract.ts'
import type { Table } from '../ports/table.ts'
import { missed } from './coverage.ts'
import { mutations } from './mutations.ts'
import { ItemStore } from './store.ts'
import { playHistories } from './threads.ts'

vi.setConfig({ testTimeout: 400_000 })

/** The items of a world, answered at once, and is its index. */
function tableOn(store: ItemStore): Table {
  const shownAt = (): number => Date.now()
  return {
    get: async (key, attributes) => store.get(key, attributes) as never,
    create: async (item) => store.create(item, shownAt()) as never,
    replace: async (item, rev) => store.replace(item, rev, shownAt()) as never,
    update: async (key, change) => store.update(key, change, shownAt()) as never,
    remove: async (key, when = []) => store.remove(key, when, shownAt()),
    query: async (pk, options = {}) => store.query(pk, options, Date.now()) as never,
  }
}
tableContract('simulated', async () => ({ table: tableOn(new ItemStore()), close: async () => {} }))

const histories = 60
/** Seeds that broke a law once (as 45 did, which is among the others), and one that walks what they do not. */
const besides = [61, 64, 76, 900_027]
/** Steps that these seeds do not walk; `npm run bench -- simulate` says which longer plays do. No actor makes syntheses. */
const notWalked = [
  'RUN stale → incomplete',
  'RUN stale → completed',
  'RUN stale → withdrawn',
  'RUN incomplete → aborted',
  'RUN incomplete → withdrawn',
  'JOB held → failed',
]

describe('histories', () => {
  it('hold every law, and walk the life cycles', async () => {
    const { outcomes, broken } = await playHistories({
      from: 1,
      threads: 2,
      milliseconds: Infinity,
      most: histories,
      besides,
    })
    expect(broken?.lines.slice(-40).join('\n')).toBeUndefined()
    expect(outcomes).toHaveLength(histories + besides.length)
    expect(outcomes.reduce((kills, outcome) => kills + outcome.kills, 0)).toBeGreaterThan(5000)
    const seen = new Set(outcomes.flatMap((outcome) => outcome.seen))
    expect(missed(seen).filter((step) => !step.startsWith('SYN ') && !notWalked.includes(step))).toEqual([])
  })

  it('are the same from the same seed', async () => {
    const wanted = { from: 7, threads: 1, milliseconds: Infinity, most: 4 }
    const [first, second] = await Promise.all([playHistories(wanted), playHistories(wanted)])
    expect(second.outcomes).toEqual(first.outcomes)
    expect(new Set(first.outcomes.map((outcome) => outcome.trace)).size).toBe(4)
  })

  it.each(Object.entries(mutations))('find a fault that is put back: %s', async (mutation, { what }) => {
    const { outcomes } = await playHistories({
      from: 1,
      threads: 1,
      milliseconds: 300_000,
      most: 400,
      mutation,
      shrinks: false,
    })
    expect(outcomes.at(-1)!.broken, what).toBeDefined()
  })
})
