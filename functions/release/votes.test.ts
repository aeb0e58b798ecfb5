/** Checkers' votes: two that agree end a held job, whoever counts and however often. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobItem, VoteItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { JobMovedOn } from '../workflow/job-item.ts'
import { jobsOf, playedKinds } from '../workflow/testing.ts'
import { type Decision, keepDecision } from './decision.ts'
import { conclude, putVote, votesOn } from './votes.ts'

let on: Harness
let jobs: ReturnType<typeof jobsOf>
beforeAll(async () => {
  on = await harness()
  jobs = jobsOf(on)
})
afterAll(() => on.close())

const decision: Decision = { outputs: [], files: [], findings: [], guarantee: 'g', cells: [], image: 'i' }
const held = async (more: Partial<JobItem> = {}) => {
  const job = await jobs.make({ state: 'held', waiting: 'checkers', mode: 'review', ...more })
  return (await keepDecision(on.deps, job, decision, { confinement: 'bubblewrap' })).job
}
const vote = (job: JobItem, userId: string, said: VoteItem['vote'], at = jobs.now()): Promise<void> =>
  putVote(on.deps, { jobId: job.jobId, userId, vote: said, comment: '', at })

/** Counts, with a release that lets the job succeed; answers what it was called with. */
async function count(job: JobItem): Promise<[Decision, number][]> {
  const released: [Decision, number][] = []
  await conclude({ ...on.deps, kinds: playedKinds() }, await jobs.of(job), 'request', async (kept, approvals) => {
    released.push([kept, approvals])
    await jobs.change(job, { outcome: 'succeeded' })
    return jobs.of(job)
  })
  return released
}

describe('votes', () => {
  it('are one for each person: the last one', async () => {
    const job = await held()
    await vote(job, 'zoe', 'approve', '2026-03-02T09:00:01.000Z')
    await vote(job, 'ben', 'approve', '2026-03-02T09:00:02.000Z')
    expect((await votesOn(on.deps, job.jobId)).map(({ userId }) => userId)).toEqual(['zoe', 'ben'])
    await vote(job, 'zoe', 'reject', '2026-03-02T09:00:03.000Z')
    const all = await votesOn(on.deps, job.jobId)
    expect(all.map(({ userId, vote: said }) => `${userId} ${said}`)).toEqual(['ben approve', 'zoe reject'])
  })
})

describe('counting', () => {
  it.each([
    ['nobody', []],
    ['one who approves', ['approve']],
    ['one who rejects', ['reject']],
    ['two who disagree', ['approve', 'reject']],
  ] as const)('decides nothing by %s', async (_, said) => {
    const job = await held()
    for (const [index, one] of said.entries()) await vote(job, `checker-${index}`, one)
    expect(await count(job)).toEqual([])
    expect(await jobs.of(job)).toMatchObject({ state: 'held', waiting: 'checkers' })
  })
  it('lets out what was kept when two approve, whoever rejects', async () => {
    const job = await held()
    for (const [name, said] of [
      ['a', 'approve'],
      ['b', 'reject'],
      ['c', 'approve'],
    ] as const)
      await vote(job, name, said)
    expect(await count(job)).toEqual([[decision, 2]])
    expect(await jobs.of(job)).toMatchObject({ state: 'succeeded' })
  })
  it('blocks when two reject, whoever approves', async () => {
    const job = await held()
    for (const [name, said] of [
      ['a', 'reject'],
      ['b', 'approve'],
      ['c', 'reject'],
      ['d', 'approve'],
    ] as const)
      await vote(job, name, said)
    expect(await count(job)).toEqual([])
    expect(await jobs.of(job)).toMatchObject({
      state: 'blocked',
      problem: { code: 'checkers-refused', step: 'check' },
    })
  })
  it('lets nothing out twice after a crash between release and end', async () => {
    const job = await held({ outcome: 'succeeded' })
    for (const name of ['a', 'b']) await vote(job, name, 'approve')
    expect(await count(job)).toEqual([])
    expect(await jobs.of(job)).toMatchObject({ state: 'succeeded' })
  })
  it('gives way to an end that was faster, and to nothing else', async () => {
    const job = await held()
    for (const name of ['a', 'b']) await vote(job, name, 'approve')
    const failing = (error: Error): Promise<void> =>
      conclude({ ...on.deps, kinds: playedKinds() }, job, 'step', async () => {
        throw error
      })
    await expect(failing(new JobMovedOn('faster'))).resolves.toBeUndefined()
    await expect(failing(new Error('away'))).rejects.toThrow('away')
  })
})
