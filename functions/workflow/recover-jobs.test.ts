/** The watch's visit: what it does with a job, by the state in which it finds it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { queryAll } from '../../ports/table.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { JobMovedOn, objectOf } from './job-item.ts'
import type { JobKindSteps } from './job-kind.ts'
import { createRecoverJobs, type Watched } from './recover-jobs.ts'
import { jobsOf, playedKinds } from './testing.ts'

let on: Harness
let jobs: ReturnType<typeof jobsOf>
beforeAll(async () => {
  on = await harness()
  jobs = jobsOf(on)
})
afterAll(() => on.close())

/** What was asked of workflow, containers and kinds, in order. */
const asked: string[] = []
const running = new Set<string>()
beforeEach(async () => {
  asked.length = 0
  running.clear()
  on.logs.length = 0
  for await (const pointer of queryAll<object>(on.deps.table, 'JOB#LIVE', { index: true }))
    await on.deps.table.remove({ pk: pointer.pk, sk: pointer.sk })
})

const ask = async (what: string): Promise<void> => {
  asked.push(what)
}
function visit(played: Partial<JobKindSteps> = {}): Promise<Watched> {
  return createRecoverJobs({
    ...on.deps,
    kinds: playedKinds({
      afterEnd: (_, jobId) => ask(`after ${jobId}`),
      concludeHeld: (_, { jobId }, by) => ask(`votes ${jobId} ${by}`),
      ...played,
    }),
    workflow: {
      start: (jobId, attempt) => ask(`start ${jobId} ${attempt}`),
      stop: (jobId, attempt) => ask(`stop ${jobId} ${attempt}`),
      running: async (jobId, attempt) => running.has(`${jobId} ${attempt}`),
    },
    compute: { ...on.deps.compute, stop: (jobId, attempt) => ask(`container ${jobId} ${attempt}`) },
  })()
}
const nothing: Watched = { looked: 0, started: 0, ended: 0, failed: 0 }

describe('a pointer without a job', () => {
  it('is left for ten minutes, then forgotten with what was asked', async () => {
    const { jobId } = await jobs.make()
    await on.deps.table.remove(keyOf.job(jobId))
    await on.deps.objects.put('protected', objectOf.ask(jobId), new Uint8Array(1), 'application/json')
    on.clock.advance(599)
    expect(await visit()).toEqual({ ...nothing, looked: 1 })
    expect(await jobs.live({ jobId })).toBeDefined()
    on.clock.advance(1)
    expect(await visit()).toEqual({ ...nothing, looked: 1, ended: 1 })
    expect(await jobs.live({ jobId })).toBeUndefined()
    expect(await on.deps.objects.head('protected', objectOf.ask(jobId))).toBeUndefined()
    expect(await visit()).toEqual(nothing)
  })
  it('is put back when its request, made again, makes the job at this moment', async () => {
    const job = await jobs.make()
    await on.deps.objects.put('protected', objectOf.ask(job.jobId), new Uint8Array(1), 'application/json')
    await on.deps.table.remove(keyOf.job(job.jobId))
    on.clock.advance(600)
    const { remove } = on.deps.table
    on.deps.table.remove = async (key) => {
      await remove(key)
      if (key.sk === keyOf.jobLive(job.jobId).sk) await on.deps.table.create(job)
    }
    expect(await visit()).toEqual({ ...nothing, looked: 1 })
    on.deps.table.remove = remove
    expect(await jobs.live(job)).toBeDefined()
    expect(await on.deps.objects.head('protected', objectOf.ask(job.jobId))).toBeDefined()
  })
})

describe('a live job', () => {
  it('is left alone while its execution runs', async () => {
    const job = await jobs.make()
    running.add(`${job.jobId} 1`)
    expect(await visit()).toEqual({ ...nothing, looked: 1 })
    expect(asked).toEqual([])
  })
  it('that is queued is started, at the same attempt, when its turn has come', async () => {
    const job = await jobs.make({ state: 'queued', steps: {} })
    expect(await visit({ mayStart: async () => false })).toEqual({ ...nothing, looked: 1 })
    expect(asked).toEqual([])
    expect(await on.deps.table.get(keyOf.jobOwner(job.jobId))).toMatchObject({ jobId: job.jobId })
    expect(await visit()).toEqual({ ...nothing, looked: 1, started: 1 })
    expect(asked).toEqual([`start ${job.jobId} 1`])
    expect((await jobs.of(job)).attempt).toBe(1)
  })
  it('that was prepared before is not held back by its turn', async () => {
    const job = await jobs.make({ state: 'queued' })
    expect(await visit({ mayStart: async () => false })).toEqual({ ...nothing, looked: 1, started: 1 })
    expect(asked).toContain(`start ${job.jobId} 2`)
  })
  it('whose execution is lost begins anew, after what is left of it was stopped', async () => {
    const job = await jobs.make()
    expect(await visit()).toEqual({ ...nothing, looked: 1, started: 1 })
    expect(asked).toEqual([`container ${job.jobId} 1`, `start ${job.jobId} 2`])
    expect((await jobs.of(job)).attempt).toBe(2)
  })
  it('of a kind that takes up what it began is started again, and nothing of it stopped', async () => {
    const job = await jobs.make({ kind: 'pipeline' })
    await visit()
    expect(asked).toEqual([`start ${job.jobId} 2`])
  })
  it.each([
    ['script', 3, 'compute', { compute: { started: '' }, prepare: { started: '' } }],
    ['pipeline', 50, 'check', { check: { started: '' }, prepare: { started: '' } }],
  ] as const)('of kind %s is given up at attempt %i, in the step it was at', async (kind, attempt, step, steps) => {
    const job = await jobs.make({ kind, attempt: attempt - 1, working: attempt - 1, strikes: attempt - 2, steps })
    expect(await visit()).toMatchObject({ started: 1, ended: 0 })
    await jobs.change(job, { working: attempt })
    asked.length = 0
    expect(await visit()).toMatchObject({ started: 0, ended: 1 })
    expect(asked).toEqual([`container ${job.jobId} ${attempt}`])
    expect(await jobs.of(job)).toMatchObject({ state: 'failed', attempt, problem: { code: 'infrastructure', step } })
  })
  it('that waited for its place each time has done nothing wrong', async () => {
    const job = await jobs.make({ kind: 'query' })
    for (let kills = 1; kills <= 5; kills++) expect(await visit()).toMatchObject({ started: 1, ended: 0 })
    expect(await jobs.of(job)).toMatchObject({ state: 'running', attempt: 6, strikes: 0 })
    // Three kills while it is at work are too many, however often it had waited before.
    for (let kills = 1; kills <= 3; kills++) {
      await jobs.change(job, { working: 5 + kills })
      await visit()
    }
    expect(await jobs.of(job)).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' } })
  })
  it.each([
    ['query', 100],
    ['script', 10],
  ] as const)('of kind %s is not started for ever: %i times', async (kind, attempt) => {
    const job = await jobs.make({ kind, attempt: attempt - 1 })
    expect(await visit()).toMatchObject({ started: 1, ended: 0 })
    expect(await visit()).toMatchObject({ started: 0, ended: 1 })
    expect(await jobs.of(job)).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' } })
  })
  it('that waits for an approval is not started, and is found by its owner', async () => {
    const job = await jobs.make({ state: 'queued', waiting: 'approval', steps: {} })
    expect(await visit()).toEqual({ ...nothing, looked: 1 })
    expect(asked).toEqual([])
    expect(await on.deps.table.get(keyOf.jobOwner(job.jobId))).toMatchObject({ jobId: job.jobId })
  })
  it('that was decided is settled', async () => {
    const problem = { code: 'script-error' as const, step: 'compute' as const }
    const job = await jobs.make({ state: 'checking', outcome: 'failed', problem })
    expect(await visit()).toEqual({ ...nothing, looked: 1, ended: 1 })
    expect(await jobs.of(job)).toMatchObject({ state: 'failed', problem })
    expect(asked).toEqual([`after ${job.jobId}`])
  })
  it('that is held has its votes counted; released by them, it is settled whatever runs', async () => {
    const job = await jobs.make({ state: 'held' })
    running.add(`${job.jobId} 1`)
    expect(await visit()).toEqual({ ...nothing, looked: 1 })
    expect(asked).toEqual([`votes ${job.jobId} step`, `after ${job.jobId}`])
    await jobs.change(job, { outcome: 'succeeded' })
    expect(await visit()).toEqual({ ...nothing, looked: 1, ended: 1 })
    expect(await jobs.of(job)).toMatchObject({ state: 'succeeded' })
  })
  it('that comes to its end while it is looked at is not started again, and that is no error', async () => {
    const job = await jobs.make()
    const table = Object.assign(Object.create(on.deps.table), {
      update: async (...change: Parameters<typeof on.deps.table.update>) => {
        await jobs.change(job, { title: 'moved' })
        return on.deps.table.update(...change)
      },
    }) as typeof on.deps.table
    const watch = createRecoverJobs({
      ...on.deps,
      table,
      kinds: playedKinds(),
      workflow: { start: (jobId) => ask(`start ${jobId}`), stop: async () => {}, running: async () => false },
    })
    expect(await watch()).toEqual({ ...nothing, looked: 1 })
    expect(asked).toEqual([])
    expect((await jobs.of(job)).attempt).toBe(1)
  })
})

describe('a cancelled job', () => {
  const cancelled = (more: Partial<JobItem> = {}) => jobs.make({ state: 'cancelled', ended: jobs.now(), ...more })

  it('has its execution stopped if it runs, and its container as long as a stop may have come too early', async () => {
    const job = await cancelled()
    running.add(`${job.jobId} 1`)
    on.clock.advance(899)
    await visit()
    expect(asked).toEqual([`stop ${job.jobId} 1`, `container ${job.jobId} 1`, `after ${job.jobId}`])
    running.clear()
    asked.length = 0
    on.clock.advance(1)
    await visit()
    expect(asked).toEqual([`after ${job.jobId}`])
  })
  it('of a kind without containers, or not prepared, has none to stop', async () => {
    await cancelled({ kind: 'query' })
    await cancelled({ steps: {} })
    await visit()
    expect(asked.filter((what) => what.startsWith('container'))).toEqual([])
  })
  it('of a pipeline has its runner stopped however late, and a minute for its last word', async () => {
    const job = await cancelled({ kind: 'pipeline' })
    on.clock.advance(59)
    expect(await visit()).toEqual({ ...nothing, looked: 1 })
    expect(asked).toEqual([`container ${job.jobId} 1`])
    expect(await jobs.live(job)).toBeDefined()
    on.clock.advance(1)
    expect(await visit()).toEqual({ ...nothing, looked: 1, ended: 1 })
    expect(await jobs.live(job)).toBeUndefined()
    const late = await cancelled({ kind: 'pipeline' })
    on.clock.advance(5000)
    asked.length = 0
    await visit()
    expect(asked[0]).toBe(`container ${late.jobId} 1`)
  })
})

describe('a job that ended otherwise', () => {
  it('is cleaned up after, and nothing of it stopped', async () => {
    const job = await jobs.make({ state: 'failed', ended: jobs.now() })
    expect(await visit()).toEqual({ ...nothing, looked: 1, ended: 1 })
    expect(asked).toEqual([`after ${job.jobId}`])
    expect([await jobs.live(job), await jobs.hasInputs(job), await jobs.hasReport(job)]).toEqual([
      undefined,
      false,
      false,
    ])
  })
})

describe('an error', () => {
  it('at one job is logged by its name and stops neither the others nor what kinds do at each visit', async () => {
    const [first, second] = [await jobs.make({ state: 'held' }), await jobs.make({ state: 'held' })]
    const watched = await visit({
      concludeHeld: async (_, { jobId }) => {
        if (jobId === first.jobId) throw new RangeError('broken')
        await ask(`votes ${jobId}`)
      },
      afterVisit: () => ask('visit'),
    })
    expect(watched).toEqual({ ...nothing, looked: 2, failed: 1 })
    expect(asked).toEqual([`votes ${second.jobId}`, `after ${second.jobId}`, ...Array<string>(5).fill('visit')])
    expect(on.logs).toContainEqual({ event: 'error', route: 'watch', error: 'RangeError', job: first.jobId })
    expect(on.logs.at(-1)).toEqual({ event: 'watched', ...watched })
  })
  it('of a kind’s visit is logged, also when it is no Error, and stops no other kind', async () => {
    let visits = 0
    const watched = await visit({
      afterVisit: () => {
        visits++
        return visits === 1 ? Promise.reject('text') : Promise.resolve()
      },
    })
    expect(visits).toBe(5)
    expect(watched).toEqual({ ...nothing, failed: 1 })
    expect(on.logs[0]).toMatchObject({ event: 'error', error: 'string', job: 'visit of query' })
  })
  it('is none when somebody else moved the job on', async () => {
    await jobs.make({ state: 'held' })
    const watched = await visit({ concludeHeld: () => Promise.reject(new JobMovedOn('faster')) })
    expect(watched).toEqual({ ...nothing, looked: 1 })
  })
})
