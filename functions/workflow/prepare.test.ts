/**
 * The first step, and stopping: what a job becomes when its kind prepares, refuses or fails, and when a person stops
 * it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ComputeUnavailable } from '../../ports/compute.ts'
import type { JobItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { JobMovedOn } from './job-item.ts'
import { type JobKindSteps, Refused } from './job-kind.ts'
import { createPrepare, type Prepared } from './prepare.ts'
import { stopJob } from './stop-job.ts'
import { jobsOf, playedKinds } from './testing.ts'

let on: Harness
let jobs: ReturnType<typeof jobsOf>
beforeAll(async () => {
  on = await harness()
  jobs = jobsOf(on)
})
afterAll(() => on.close())

describe('preparing', () => {
  const queued = (more: Partial<JobItem> = {}) => jobs.make({ state: 'queued', waiting: 'turn', steps: {}, ...more })
  const step = (
    { jobId, attempt }: Pick<JobItem, 'jobId' | 'attempt'>,
    prepare: JobKindSteps['prepare'],
  ): Promise<Prepared> => createPrepare({ ...on.deps, kinds: playedKinds({ prepare }) })({ jobId, attempt })

  it('says when each step began and ended, and what computes', async () => {
    const job = await queued()
    const began = jobs.now()
    const prepared = await step(job, async (_, running, at) => {
      expect(running).toMatchObject({ state: 'running', steps: { prepare: { started: began } } })
      expect(running.waiting).toBeUndefined()
      expect(at).toBe(began)
      on.clock.advance(3)
      return { compute: 'query', set: { subjects: 12 } }
    })
    expect(prepared).toEqual({ jobId: job.jobId, attempt: 1, compute: 'query', container: undefined })
    expect(await jobs.of(job)).toMatchObject({
      state: 'running',
      subjects: 12,
      steps: { prepare: { started: began, ended: jobs.now() }, compute: { started: jobs.now() } },
    })
  })
  it('anew forgets the steps before; a kind that takes up what it began keeps them', async () => {
    const steps = { check: { started: '2026-03-01T00:00:00.000Z' } }
    const begun = '2026-03-01T00:00:01.000Z'
    for (const kind of ['script', 'pipeline'] as const) {
      const job = await queued({ kind, state: 'running', steps })
      await step(job, async () => ({ compute: 'pipeline', computeStarted: begun }))
      const now = await jobs.of(job)
      expect(now.steps.check).toEqual(kind === 'pipeline' ? steps.check : undefined)
      expect(now.steps.compute).toEqual({ started: begun })
    }
  })
  it.each([
    ['cohort-too-small', 'blocked', true],
    ['policy-changed', 'failed', true],
    ['infrastructure', 'failed', true],
    ['budget-exhausted', 'failed', false],
  ] as const)('that is refused by %s decides the job %s, and computes nothing', async (code, outcome, keepsCharge) => {
    const job = await queued()
    const prepared = await step(job, async () => {
      await jobs.change(job, { charge: 5, charged: 'reserved' })
      throw new Refused(code)
    })
    expect(prepared).toEqual({ jobId: job.jobId, attempt: 1, compute: 'none' })
    const refused = await jobs.of(job)
    expect(refused).toMatchObject({ state: 'running', outcome, problem: { code, step: 'prepare' } })
    expect(refused.steps.prepare).toMatchObject({ ended: jobs.now() })
    expect(refused.steps.prepare!.failed).toBe(outcome === 'failed' ? true : undefined)
    expect(refused.charge).toBe(keepsCharge ? 5 : undefined)
    expect(refused.charged).toBe(keepsCharge ? 'reserved' : undefined)
  })
  it.each([
    ['is over', { state: 'cancelled' }],
    ['was decided', { outcome: 'failed' }],
    ['waits for an approval', { waiting: 'approval' }],
    ['has begun another attempt', { attempt: 2 }],
    ['is held', { state: 'held' }],
  ] as [string, Partial<JobItem>][])('does nothing for a job that %s', async (_, more) => {
    const job = await queued(more)
    const never = (): Promise<never> => Promise.reject(new Error('prepared'))
    expect(await step({ ...job, attempt: 1 }, never)).toEqual({ jobId: job.jobId, attempt: 1, compute: 'none' })
    expect(await jobs.of(job)).toEqual(job)
  })
  it('computes nothing when the job was cancelled meanwhile; an error is the workflow’s to repeat', async () => {
    const job = await queued()
    const prepared = await step(job, async () => {
      await jobs.change(job, { state: 'cancelled' })
      return { compute: 'query' }
    })
    expect(prepared.compute).toBe('none')
    await expect(step(await queued(), () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  })
})

describe('stopping', () => {
  const ada = { kind: 'person', id: 'ada' } as const
  const over = ({ state }: JobItem): Error => new Error(`over: ${state}`)
  const stopped: string[] = []
  const stop = (job: Parameters<typeof stopJob>[1], failing?: Error) => {
    stopped.length = 0
    return stopJob(
      {
        ...on.deps,
        workflow: {
          start: async () => {},
          running: async () => true,
          stop: async (jobId, attempt) => {
            stopped.push(`execution ${jobId} ${attempt}`)
          },
        },
        compute: {
          ...on.deps.compute,
          stop: async (jobId, attempt) => {
            if (failing) throw failing
            stopped.push(`container ${jobId} ${attempt}`)
          },
        },
      },
      job,
      ada,
      over,
    )
  }

  it('cancels the job first, then its execution, then its container', async () => {
    const job = await jobs.make({ attempt: 2 })
    expect(await stop(job)).toMatchObject({ state: 'cancelled', problem: { code: 'cancelled', step: 'compute' } })
    expect(stopped).toEqual([`execution ${job.jobId} 2`, `container ${job.jobId} 2`])
    // What its container still reads goes when the watch comes by.
    expect([await jobs.hasInputs(job), await jobs.hasReport(job)]).toEqual([true, false])
  })
  it('stops the execution alone of a kind without containers', async () => {
    const job = await jobs.make({ kind: 'query' })
    await stop(job)
    expect(stopped).toEqual([`execution ${job.jobId} 1`])
  })
  it('looks again at a job that moved on, and says so of one that is over', async () => {
    const job = await jobs.make()
    await jobs.change(job, { state: 'checking' })
    expect(await stop(job)).toMatchObject({ state: 'cancelled' })
    await expect(stop(job)).rejects.toThrow('over: cancelled')
    expect(stopped).toEqual([])
  })
  it('fails nobody’s request because the place is away: the watch stops it then', async () => {
    const job = await jobs.make()
    expect(await stop(job, new ComputeUnavailable('away'))).toMatchObject({ state: 'cancelled' })
    expect(on.logs.at(-1)).toEqual({ event: 'error', at: 'stop', error: 'ComputeUnavailable', job: job.jobId })
    await expect(stop(await jobs.make(), new JobMovedOn('a fault'))).rejects.toThrow('a fault')
  })
})
