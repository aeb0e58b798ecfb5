/** Places when everybody comes at once, each request a process of its own. */
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { withoutThoseOver, withPlacesFor } from '../../domain/jobs/places.ts'
import { kindFacts } from '../job-kind-facts.ts'
import { type JobItem, type JobPlacesItem, keyOf } from '../kernel/items.ts'
import { chanceFrom, network, type Network } from '../kernel/testing/network.ts'
import { takePlaces } from './places.ts'

const limit = { userId: 'ada', line: 'questions' as const, most: 20 }
const kinds = kindFacts
const heldIn = ({ stored }: Network): string[] =>
  Object.keys((stored(keyOf.jobPlaces.partition('ada'))[0] as unknown as JobPlacesItem | undefined)?.held ?? {})

/** A process that takes a place and makes its job, as asking does. */
async function ask(on: Network, jobId: string, killedAt?: number): Promise<boolean> {
  const process = { ...on.process(killedAt), kinds }
  if (!(await takePlaces(process, limit, [jobId]))) return false
  const job = { ...keyOf.job(jobId), jobId, kind: 'query', state: 'queued' } as unknown as JobItem & {
    pk: string
    sk: string
  }
  await process.table.create(job).catch((error: Error) => {
    if (error.name !== 'AlreadyExists') throw error
  })
  return true
}
const end = (on: Network, jobId: string): Promise<unknown> =>
  on.process().table.update(keyOf.job(jobId), { set: { state: 'failed' } })
const jobsIn = ({ stored }: Network, ids: readonly string[]): string[] =>
  ids.filter((id) => (stored(keyOf.job.partition(id))[0] as unknown as JobItem | undefined)?.state === 'queued')

describe('twenty places', () => {
  it('are twenty for sixty who come at once, whoever is killed, and free again when jobs are over', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const on = network(seed)
      const chance = chanceFrom(seed)
      const ids = Array.from({ length: 60 }, (_, number) => `job_${number}`)
      const asked = Promise.allSettled(
        ids.map((id) => ask(on, id, chance() < 0.2 ? 1 + Math.floor(chance() * 40) : undefined)),
      )
      await on.time.untilNobodySleeps()
      const outcomes = await asked
      const accepted = ids.filter((_, index) => {
        const outcome = outcomes[index]!
        return outcome.status === 'fulfilled' && outcome.value
      })
      expect(jobsIn(on, ids).length).toBeLessThanOrEqual(20)
      expect(heldIn(on)).toHaveLength(20)
      expect(jobsIn(on, accepted)).toEqual(accepted)

      // Half of them come to their end; what a kill left is free after ten minutes.
      const over = accepted.slice(0, 5)
      const ended = Promise.all(over.map((id) => end(on, id)))
      await on.time.untilNobodySleeps()
      await ended
      const later = ids.map((id) => `${id}_later`)
      const waited = on.time.sleep(600_000).then(() => Promise.all(later.map((id) => ask(on, id))))
      await on.time.untilNobodySleeps()
      const taken = (await waited).filter(Boolean).length
      expect(taken).toBe(20 - jobsIn(on, ids).length)
      expect(jobsIn(on, [...ids, ...later])).toHaveLength(20)
    }
  })

  it('are taken once by the same request, however often it comes', async () => {
    const on = network(1)
    const asked = Promise.all(Array.from({ length: 10 }, () => ask(on, 'job_same')))
    await on.time.untilNobodySleeps()
    expect(await asked).toEqual(Array(10).fill(true))
    expect(heldIn(on)).toEqual(['job_same'])
  })

  it('are taken all or none', async () => {
    const on = network(1)
    const process = { ...on.process(), kinds }
    const ids = (count: number, name: string): string[] => Array.from({ length: count }, (_, n) => `job_${name}${n}`)
    const work = (async () => [
      await takePlaces(process, limit, ids(15, 'a')),
      await takePlaces(process, limit, ids(6, 'b')),
      await takePlaces(process, limit, ids(5, 'b')),
      await takePlaces(process, limit, ids(5, 'b')),
    ])()
    await on.time.untilNobodySleeps()
    expect(await work).toEqual([true, false, true, true])
    expect(heldIn(on)).toHaveLength(20)
  })

  it('are given up by a run that people look at', async () => {
    const on = network(1)
    const process = { ...on.process(), kinds }
    const work = (async () => {
      await takePlaces(process, { ...limit, line: 'runs', most: 1 }, ['job_a'])
      const run = { ...keyOf.job('job_a'), jobId: 'job_a', kind: 'pipeline', state: 'held' }
      await process.table.create(run)
      return takePlaces(process, { ...limit, line: 'runs', most: 1 }, ['job_b'])
    })()
    await on.time.untilNobodySleeps()
    expect(await work).toBe(true)
  })
})

describe('places as they are written', () => {
  const at = '2026-03-02T09:00:00.000Z'
  const ids = fc.uniqueArray(fc.constantFrom(...'abcdefghij'), { minLength: 1 })
  it('never pass the limit by a change, and lose none that were there', () =>
    fc.assert(
      fc.property(ids, ids, fc.integer({ min: 1, max: 12 }), (before, more, most) => {
        const places = Object.fromEntries(before.map((id) => [id, at]))
        const after = withPlacesFor(places, more, most, at)
        const fresh = more.filter((id) => !before.includes(id))
        const isRoom = fresh.length === 0 || before.length + fresh.length <= most
        const all = [...new Set([...before, ...more])].sort()
        expect(after && Object.keys(after).sort()).toEqual(isRoom ? all : undefined)
      }),
    ))
  it('name a job that never came for ten minutes', () => {
    const after = (seconds: number): string[] =>
      Object.keys(withoutThoseOver({ a: at }, () => 'missing', new Date(Date.parse(at) + seconds * 1000)))
    expect([after(599), after(600)]).toEqual([['a'], []])
  })
})
