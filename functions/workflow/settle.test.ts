/** Settling: what the steps decided becomes the job's state, however often and by whom it is asked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { JobMovedOn } from './job-item.ts'
import { createSettle, settleJob } from './settle.ts'
import { jobsOf, playedKinds } from './testing.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
let jobs: ReturnType<typeof jobsOf>
beforeAll(async () => {
  on = await harness()
  jobs = jobsOf(on)
})
afterAll(() => on.close())

const after: string[] = []
async function settle({ jobId, attempt }: Pick<JobItem, 'jobId' | 'attempt'>): Promise<void> {
  after.length = 0
  const kinds = playedKinds({
    afterEnd: async (_, ended) => {
      after.push(ended)
    },
  })
  expect(await createSettle({ ...on.deps, kinds })({ jobId, attempt })).toEqual({})
}
const problem = { code: 'script-error', step: 'compute' } as const

describe('settling', () => {
  it.each([
    ['succeeded', undefined, 'succeeded', undefined],
    ['failed', problem, 'failed', problem],
    [
      'blocked',
      { code: 'cohort-too-small', step: 'prepare' },
      'blocked',
      { code: 'cohort-too-small', step: 'prepare' },
    ],
    ['failed', undefined, 'failed', { code: 'infrastructure', step: 'compute' }],
    [undefined, undefined, 'failed', { code: 'infrastructure', step: 'compute' }],
    [undefined, problem, 'failed', { code: 'infrastructure', step: 'compute' }],
  ] as const)('of the outcome %s with the problem %j comes to %s', async (outcome, found, state, said) => {
    const job = await jobs.make({ state: 'checking', outcome, problem: found })
    await settle(job)
    const settled = await jobs.of(job)
    expect(settled.state).toBe(state)
    expect(settled.problem).toEqual(said)
    expect(after).toEqual([job.jobId])
    expect(await jobs.hasReport(job)).toBe(false)
  })
  it('twice changes nothing', async () => {
    const job = await jobs.make({ state: 'checking', outcome: 'succeeded' })
    await settle(job)
    const first = await jobs.of(job)
    on.clock.advance(60)
    await settle(job)
    expect(await jobs.of(job)).toEqual(first)
  })
  it('is another attempt’s matter while the job lives, and nobody’s when there is no job', async () => {
    const job = await jobs.make({ state: 'checking', outcome: 'succeeded', attempt: 2 })
    await settle({ ...job, attempt: 1 })
    expect((await jobs.of(job)).state).toBe('checking')
    expect(after).toEqual([])
    await settle({ jobId: 'job_nobody', attempt: 1 })
    expect(after).toEqual([])
  })
  it('of a job that is over cleans up, whichever attempt asks', async () => {
    const job = await jobs.make({ state: 'cancelled', ended: jobs.now(), attempt: 2 })
    await settle({ ...job, attempt: 1 })
    expect([await jobs.hasReport(job), await jobs.hasInputs(job)]).toEqual([false, false])
    expect(after).toEqual([job.jobId])
  })
  it.each([
    ['waits for an approval', { state: 'queued', waiting: 'approval' }],
    ['is held and undecided', { state: 'held', waiting: 'checkers' }],
  ] as const)('leaves a job alone that %s', async (_, more) => {
    const job = await jobs.make(more)
    await settle(job)
    expect(await jobs.of(job)).toEqual(job)
    expect(await jobs.hasReport(job)).toBe(true)
  })
})

describe('holding', () => {
  it('keeps the outputs in quarantine, empties the inputs, and lets checkers find it', async () => {
    const job = await jobs.make({ state: 'checking', outcome: 'held', mode: 'review' })
    const at = jobs.now()
    await settle(job)
    const held = await jobs.of(job)
    expect(held).toMatchObject({ state: 'held', waiting: 'checkers', votes: 0 })
    expect(held.steps.check).toMatchObject({ ended: at })
    expect(held.outcome).toBeUndefined()
    expect([await jobs.hasReport(job), await jobs.hasInputs(job)]).toEqual([true, false])
    expect(await on.deps.table.get(keyOf.jobHeld(job.jobId))).toMatchObject({
      jobId: job.jobId,
      held: at,
      gpk: 'ORG#org_a',
      gsk: `HELD#1#${at}#${job.jobId}`,
    })
    const last = (await eventsIn(on.deps.table, 'org_a')).at(-1)
    expect(last).toMatchObject({ act: 'job.held', object: `job ${job.jobId}`, detail: { dataset: 'dat_a' } })
    expect(await jobs.live(job)).toBe(`ada#${job.created}#${job.jobId}`)
  })
  it('of a pipeline’s run gives its place to others; its end takes it off the checkers’ list', async () => {
    const job = await jobs.make({ kind: 'pipeline', state: 'checking', outcome: 'held', mode: 'review' })
    await settle(job)
    expect(await jobs.live(job)).toBe(`held:ada#${job.created}#${job.jobId}`)
    const held = (await on.deps.table.get<{ held: string }>(keyOf.jobHeld(job.jobId)))!.held
    await jobs.change(job, { outcome: 'succeeded' })
    await settle(job)
    expect(await jobs.live(job)).toBeUndefined()
    expect((await on.deps.table.get<object>(keyOf.jobHeld(job.jobId)))!.gsk).toBe(`HELD#0#${held}#${job.jobId}`)
  })
  it('of a kind without containers leaves what lies among inputs', async () => {
    const job = await jobs.make({ kind: 'query', state: 'checking', outcome: 'held', mode: 'review' })
    await settle(job)
    expect(await jobs.hasInputs(job)).toBe(true)
  })
})

describe('of two ends', () => {
  it('the loser does what follows from the winner’s', async () => {
    const job = await jobs.make({ state: 'checking', outcome: 'succeeded' })
    await jobs.change(job, { state: 'cancelled', ended: jobs.now() })
    await settleJob({ ...on.deps, kinds: playedKinds() }, job)
    expect((await jobs.of(job)).state).toBe('cancelled')
    expect(await jobs.hasReport(job)).toBe(false)
  })
  it('the loser does nothing while the job lives on, or when it is gone', async () => {
    const job = await jobs.make({ state: 'checking', outcome: 'succeeded' })
    await jobs.change(job, { attempt: 2 })
    await settleJob({ ...on.deps, kinds: playedKinds() }, job)
    expect((await jobs.of(job)).state).toBe('checking')
    expect(await jobs.hasReport(job)).toBe(true)
    await on.deps.table.remove(keyOf.job(job.jobId))
    await settleJob({ ...on.deps, kinds: playedKinds() }, job)
    expect(await jobs.hasReport(job)).toBe(true)
  })
  it('an error of the store is nobody’s victory', async () => {
    const job = await jobs.make({ state: 'checking', outcome: 'succeeded' })
    const update = (): Promise<never> => Promise.reject(new Error('away'))
    const table = Object.assign(Object.create(on.deps.table), { update }) as typeof on.deps.table
    await expect(settleJob({ ...on.deps, table, kinds: playedKinds() }, job)).rejects.toThrow('away')
    await expect(settleJob({ ...on.deps, table, kinds: playedKinds() }, job)).rejects.not.toThrow(JobMovedOn)
  })
})
