/** Files of a synthetic table go on their day, not before it, and not on a day from which they were put off. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyOf, type SynthesisItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { synthesisObject } from '../stores/synthesis-files.ts'
import { setDue, sweepExpired } from './expiry.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
})
afterAll(() => on.close())

const firstDay = '2026-04-01T00:00:00.000Z'
const laterDay = '2026-05-01T00:00:00.000Z'
const justBefore = (day: string): string => new Date(Date.parse(day) - 1).toISOString()

let serial = 0
/** A table made by the second of two jobs, to go on `expires`. */
async function ready(expires: string | undefined = firstDay, due = expires): Promise<string> {
  const synthesisId = `syn_${String(serial++).padStart(8, '0')}`
  const jobs = ['job_a', 'job_b']
  await on.deps.table.create<Partial<SynthesisItem>>({
    ...keyOf.synthesis(synthesisId),
    synthesisId,
    state: 'ready',
    attempts: jobs.map((jobId) => ({ planHash: 'h', jobId })),
    expires,
  })
  if (due !== undefined) await setDue(on.deps, synthesisId, due)
  for (const job of jobs)
    for (const file of ['csv', 'parquet', 'dictionary', 'croissant', 'made', 'card'] as const)
      await on.deps.objects.put('released', synthesisObject[file](synthesisId, job), new Uint8Array(1), 'text/plain')
  return synthesisId
}
const stateOf = async (synthesisId: string): Promise<string> =>
  (await on.deps.table.get<SynthesisItem>(keyOf.synthesis(synthesisId)))!.state
const dayOf = async (synthesisId: string): Promise<string | undefined> =>
  (await on.deps.table.get<object>(keyOf.synthesisDue(synthesisId)))?.gsk
async function filesOf(synthesisId: string): Promise<string[]> {
  const names: string[] = []
  for await (const key of on.deps.objects.list('released', `synthesis/${synthesisId}/`))
    names.push(key.slice(`synthesis/${synthesisId}/`.length))
  return names.sort()
}
const sweepAt = (instant: string): Promise<number> => {
  on.clock.set(instant)
  return sweepExpired(on.deps)
}
const kept = ['job_a/card.json', 'job_a/made.json', 'job_b/card.json', 'job_b/made.json']

describe('the files of a synthetic table', () => {
  it('go on their day, not a moment before; card and figures stay', async () => {
    const synthesisId = await ready()
    expect(await sweepAt(justBefore(firstDay))).toBe(0)
    expect(await filesOf(synthesisId)).toHaveLength(12)
    expect(await stateOf(synthesisId)).toBe('ready')
    await sweepAt('2026-04-01T00:00:01.000Z')
    expect(await filesOf(synthesisId)).toEqual(kept)
    expect(await stateOf(synthesisId)).toBe('expired')
    expect(await dayOf(synthesisId)).toBeUndefined()
    expect(await sweepAt(laterDay)).toBe(0)
  })
  it('that were put off stay until their new day, and go on it', async () => {
    const synthesisId = await ready()
    await setDue(on.deps, synthesisId, laterDay)
    await on.deps.table.update<SynthesisItem>(keyOf.synthesis(synthesisId), { set: { expires: laterDay } })
    expect(await dayOf(synthesisId)).toBe(`${laterDay}#${synthesisId}`)
    expect(await sweepAt(justBefore(laterDay))).toBe(0)
    expect(await filesOf(synthesisId)).toHaveLength(12)
    await sweepAt('2026-05-01T00:00:01.000Z')
    expect(await filesOf(synthesisId)).toEqual(kept)
    expect(await stateOf(synthesisId)).toBe('expired')
  })
  it('stay when the pointer still names the old day: the synthesis decides, and the pointer is mended', async () => {
    const synthesisId = await ready(laterDay, firstDay)
    await sweepAt('2026-04-02T00:00:00.000Z')
    expect(await filesOf(synthesisId)).toHaveLength(12)
    expect(await stateOf(synthesisId)).toBe('ready')
    expect(await dayOf(synthesisId)).toBe(`${laterDay}#${synthesisId}`)
    await sweepAt(laterDay)
    await sweepAt('2026-05-01T00:00:01.000Z')
    expect(await filesOf(synthesisId)).toEqual(kept)
  })
  it('go at the very instant that the synthesis names', async () => {
    const synthesisId = await ready(laterDay, firstDay)
    await sweepAt(laterDay)
    expect(await stateOf(synthesisId)).toBe('expired')
  })
  it('stay when it is to be kept for ever, and the pointer goes', async () => {
    const synthesisId = await ready()
    await on.deps.table.update<SynthesisItem>(keyOf.synthesis(synthesisId), { remove: ['expires'] })
    await sweepAt(laterDay)
    expect(await filesOf(synthesisId)).toHaveLength(12)
    expect(await stateOf(synthesisId)).toBe('ready')
    expect(await dayOf(synthesisId)).toBeUndefined()
  })
  it('go with the next visit when a crash came between', async () => {
    const synthesisId = await ready()
    await on.deps.objects.remove('released', synthesisObject.csv(synthesisId, 'job_a'))
    await on.deps.table.update<SynthesisItem>(keyOf.synthesis(synthesisId), { set: { state: 'expired' } })
    await sweepAt(laterDay)
    expect(await filesOf(synthesisId)).toEqual(kept)
    expect(await dayOf(synthesisId)).toBeUndefined()
  })
})

describe('a pointer without its synthesis', () => {
  it('is taken away', async () => {
    await setDue(on.deps, 'syn_nothing', firstDay)
    expect(await sweepAt(laterDay)).toBe(1)
    expect(await dayOf('syn_nothing')).toBeUndefined()
  })
})
