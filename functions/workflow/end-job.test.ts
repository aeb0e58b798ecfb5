/**
 * What follows from a job's end, and for how long it stays under the watch: a cancelled container may still write, a
 * step that hung may still want its charge.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BudgetItem, ChargeItem, JobItem } from '../kernel/items.ts'
import { keyOf } from '../kernel/items.ts'
import { linkSeconds } from '../kernel/links.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { pipelineObject } from '../pipelines/objects.ts'
import { synthesisObject } from '../stores/synthesis-files.ts'
import { reserve } from './budget-charge.ts'
import { end, finish } from './end-job.ts'
import { currentStep, JobMovedOn, objectOf } from './job-item.ts'
import { livePointer } from './pointers.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
})
afterAll(() => on.close())

let serial = 0
const at = (): string => on.clock.now().toISOString()
/** A running job with its pointer, its inputs, and something in quarantine. */
async function running(more: Partial<JobItem> = {}): Promise<JobItem> {
  const jobId = `job_${String(serial++).padStart(8, '0')}`
  const job: JobItem = {
    jobId,
    kind: 'script',
    title: 'T',
    state: 'running',
    organisationId: 'org_a',
    datasetId: `dat_${jobId}`,
    datasetVersion: 1,
    userId: 'ada',
    purpose: '',
    cohort: [],
    pin: 'p',
    askHash: 'h',
    created: at(),
    attempt: 1,
    steps: { prepare: { started: at(), ended: at() }, compute: { started: at() } },
    ...more,
  }
  await on.deps.table.create<JobItem>({ ...keyOf.job(jobId), ...job })
  await on.deps.table.create({ ...livePointer(on.deps, job) })
  await write('protected', objectOf.manifest(jobId))
  await write('quarantine', objectOf.report(jobId))
  return job
}
const write = (bucket: 'protected' | 'quarantine' | 'released', key: string): Promise<void> =>
  on.deps.objects.put(bucket, key, new Uint8Array(3), 'application/octet-stream')
const found = async (jobId: string) => (await on.deps.table.get<JobItem>(keyOf.job(jobId)))!
const watched = async (jobId: string): Promise<string | undefined> =>
  (await on.deps.table.get<object>(keyOf.jobLive(jobId)))?.gsk
const isThere = async (bucket: 'protected' | 'quarantine' | 'released', key: string): Promise<boolean> =>
  (await on.deps.objects.head(bucket, key)) !== undefined
const cancel = async (jobId: string, by: 'step' | 'request' = 'step'): Promise<void> => {
  const job = await found(jobId)
  await end(on.deps, job, { code: 'cancelled', step: currentStep(job) }, { by })
}
const finishAgain = async (jobId: string): Promise<void> => finish(on.deps, await found(jobId))

describe('a cancelled job', () => {
  it('is under the watch for as long as its container’s links live: what it writes late is destroyed, too', async () => {
    const { jobId, created } = await running()
    await cancel(jobId)
    expect(await watched(jobId)).toBe(`~over#${created}#${jobId}`)
    expect(await isThere('quarantine', objectOf.report(jobId))).toBe(false)

    await write('quarantine', objectOf.report(jobId))
    on.clock.advance(linkSeconds.container - 1)
    await finishAgain(jobId)
    expect(await isThere('quarantine', objectOf.report(jobId))).toBe(false)
    expect(await watched(jobId)).toBeDefined()

    await write('quarantine', objectOf.report(jobId))
    on.clock.advance(1)
    await finishAgain(jobId)
    expect(await isThere('quarantine', objectOf.report(jobId))).toBe(false)
    expect(await watched(jobId)).toBeUndefined()
  })
  it('has this time also when its job was charged', async () => {
    const { jobId, datasetId } = await running({ charge: 5, charged: 'reserved', mode: 'noise' })
    await on.deps.table.create<BudgetItem>({ ...keyOf.budget(datasetId), datasetId, limit: 9, available: 9, spent: 0 })
    await reserve(on.deps, await found(jobId))
    await cancel(jobId)
    on.clock.advance(linkSeconds.container - 1)
    await finishAgain(jobId)
    expect(await watched(jobId)).toBeDefined()
    on.clock.advance(1)
    await finishAgain(jobId)
    expect(await watched(jobId)).toBeUndefined()
  })
  it.each([
    ['that never computed', { steps: { prepare: { started: '2026-03-02T09:00:00.000Z' } } }],
    ['whose late writing nobody can open', { kind: 'pipeline', run: { experimentId: 'exp_a' } as never }],
  ] satisfies [string, Partial<JobItem>][])('%s needs no time', async (_, more) => {
    const { jobId } = await running(more)
    await cancel(jobId)
    expect(await watched(jobId)).toBeUndefined()
  })
  it('keeps its inputs while a person’s request ends it, until the watch comes by', async () => {
    const { jobId } = await running({ kind: 'pipeline', run: { experimentId: 'exp_a' } as never })
    await cancel(jobId, 'request')
    expect(await isThere('protected', objectOf.manifest(jobId))).toBe(true)
    expect(await isThere('quarantine', objectOf.report(jobId))).toBe(false)
    expect(await watched(jobId)).toMatch(/^~over#/)
    await finishAgain(jobId)
    expect(await isThere('protected', objectOf.manifest(jobId))).toBe(false)
    expect(await watched(jobId)).toBeUndefined()
  })
  it('before any step took it up leaves nothing to wait for, and no step that never was', async () => {
    const { jobId } = await running({ state: 'queued', steps: {} })
    await cancel(jobId, 'request')
    expect(await watched(jobId)).toBeUndefined()
    expect((await found(jobId)).steps).toEqual({})
  })
  it('that a step computes is under the watch for a quarter of an hour: what the step answers late goes too', async () => {
    const { jobId } = await running({ kind: 'query' })
    await cancel(jobId, 'request')
    await write('quarantine', objectOf.query(jobId))
    on.clock.advance(899)
    await finishAgain(jobId)
    expect(await isThere('quarantine', objectOf.query(jobId))).toBe(false)
    expect(await watched(jobId)).toBeDefined()
    on.clock.advance(1)
    await finishAgain(jobId)
    expect(await watched(jobId)).toBeUndefined()
  })
})

describe('outputs that lay ready', () => {
  type Case = [string, Partial<JobItem>, (jobId: string) => string[]]
  const protectedRun = { kind: 'pipeline', state: 'held', run: { experimentId: 'exp_a' } as never } as const
  const cases: Case[] = [
    ['a statement', { kind: 'query' }, (id) => [objectOf.result(id)]],
    ['a script', { mode: 'review' }, (id) => [objectOf.result(id), objectOf.file(id, 'plot.png')]],
    [
      'a synthesis',
      { kind: 'synthesis' },
      (id) => [
        synthesisObject.csv('syn_a', id),
        synthesisObject.card('syn_a', id),
        synthesisObject.evaluation('syn_a', id),
      ],
    ],
    ['a run on a protected dataset', protectedRun, (id) => [pipelineObject.index(id), pipelineObject.artifact(id, 0)]],
    ['a run without one', { ...protectedRun, datasetId: '' }, (id) => [pipelineObject.artifact(id, 0)]],
  ]
  /** A job at its gate. */
  async function atTheGate(more: Partial<JobItem>): Promise<JobItem> {
    const job = await running({ state: 'checking', ...more })
    const steps = { ...job.steps, check: { started: at() } }
    await on.deps.table.update<JobItem>(keyOf.job(job.jobId), { set: { steps } })
    const ask = jsonBytes({ act: 'make', synthesisId: 'syn_a' })
    await on.deps.objects.put('protected', objectOf.ask(job.jobId), ask, 'application/json')
    return found(job.jobId)
  }
  const lay = (keys: string[]) => Promise.all(keys.map((key) => write('released', key)))
  const left = async (keys: string[]): Promise<string[]> => {
    const there = await Promise.all(keys.map((key) => isThere('released', key)))
    return keys.filter((_, index) => there[index])
  }

  it.each(cases)('of %s go when a person cancels before they are settled', async (_, more, keysOf) => {
    const { jobId } = await atTheGate(more)
    const keys = keysOf(jobId)
    await lay([...keys, objectOf.log(jobId)])
    await cancel(jobId, 'request')
    expect(await watched(jobId)).toMatch(/^~over#/)
    await finishAgain(jobId)
    expect(await left(keys)).toEqual([])
    // What a trial printed is its owner's, however it ended.
    expect(await left([objectOf.log(jobId)])).toEqual([objectOf.log(jobId)])
    await finishAgain(jobId)
  })
  it.each(cases)('of %s go when the gate lays them ready after the cancellation', async (_, more, keysOf) => {
    const { jobId } = await atTheGate(more)
    const keys = keysOf(jobId)
    await cancel(jobId)
    await finishAgain(jobId)
    on.clock.advance(899)
    await finishAgain(jobId)
    await lay(keys)
    expect(await watched(jobId)).toMatch(/^~over#/)
    on.clock.advance(linkSeconds.container)
    await finishAgain(jobId)
    expect(await left(keys)).toEqual([])
    expect(await watched(jobId)).toBeUndefined()
  })
  it('go when the platform gave the job up, or the checkers came to think otherwise', async () => {
    for (const code of ['infrastructure', 'checkers-refused'] as const) {
      const { jobId } = await atTheGate({ kind: 'query', mode: 'review' })
      await end(on.deps, await found(jobId), { code, step: 'check' })
      await lay([objectOf.result(jobId)])
      on.clock.advance(900)
      await finishAgain(jobId)
      expect(await left([objectOf.result(jobId)]), code).toEqual([])
      expect(await watched(jobId)).toBeUndefined()
    }
  })
  it.each(cases)('of %s stay when it succeeds', async (_, more, keysOf) => {
    const { jobId } = await atTheGate(more)
    const keys = keysOf(jobId)
    await lay(keys)
    await end(on.deps, await found(jobId), undefined)
    await finishAgain(jobId)
    expect(await left(keys)).toEqual(keys)
  })
  it('of a run that failed by itself are its owner’s, if its own data are all it had and its index opens them', async () => {
    for (const [datasetId, index, stays] of [
      ['', true, true],
      ['', false, false],
      ['dat_a', true, false],
    ] as const) {
      const { jobId } = await atTheGate({ ...protectedRun, datasetId })
      const keys = [pipelineObject.artifact(jobId, 0), ...(index ? [pipelineObject.index(jobId)] : [])]
      await lay(keys)
      await end(on.deps, await found(jobId), { code: 'script-error', step: 'compute' })
      expect(await left(keys)).toEqual(stays ? keys : [])
    }
  })
})

describe('a job that ended by itself', () => {
  it('is forgotten at once, with its inputs', async () => {
    const { jobId } = await running()
    await end(on.deps, await found(jobId), { code: 'script-error', step: 'compute' })
    expect(await watched(jobId)).toBeUndefined()
    expect(await isThere('protected', objectOf.manifest(jobId))).toBe(false)
  })
  it('stays for a quarter of an hour when it was charged: a step that hangs may still want its charge', async () => {
    const { jobId, datasetId } = await running({ kind: 'query', charge: 5, charged: 'reserved', mode: 'noise' })
    await on.deps.table.create<BudgetItem>({ ...keyOf.budget(datasetId), datasetId, limit: 9, available: 9, spent: 0 })
    await reserve(on.deps, await found(jobId))
    await end(on.deps, await found(jobId), { code: 'infrastructure', step: 'compute' })
    const budget = async () => (await on.deps.table.get<BudgetItem>(keyOf.budget(datasetId)))!
    expect(await budget()).toMatchObject({ available: 9, spent: 0, [`hold_${jobId}`]: expect.anything() })
    on.clock.advance(899)
    await finishAgain(jobId)
    expect(await watched(jobId)).toBeDefined()
    expect(await budget()).toHaveProperty(`hold_${jobId}`)
    on.clock.advance(1)
    await finishAgain(jobId)
    expect(await watched(jobId)).toBeUndefined()
    expect(await budget()).not.toHaveProperty(`hold_${jobId}`)
    expect(await budget()).toMatchObject({ available: 9, spent: 0 })
  })
})

describe('an end', () => {
  const charges = async (datasetId: string): Promise<string[]> => {
    const { items } = await on.deps.table.query<ChargeItem>(keyOf.charge.partition(datasetId), { prefix: 'CHARGE#' })
    return items.map(({ what, nanoRho }) => `${what} ${nanoRho}`)
  }
  const events = async (jobId: string): Promise<string[]> => {
    const all = await eventsIn(on.deps.table, 'org_a')
    return all.filter((e) => e.object === `job ${jobId}` || e.detail['job'] === jobId).map((e) => e.act)
  }

  it.each([
    ['cancelled', 'cancelled', 'job.cancelled'],
    ['script-error', 'failed', 'job.failed'],
    ['cohort-too-small', 'blocked', 'job.blocked'],
  ] as const)('by %s makes the job %s, with its event', async (code, state, act) => {
    const { jobId } = await running({ waiting: 'turn' })
    on.clock.advance(5)
    await end(on.deps, await found(jobId), { code, step: 'compute' })
    const job = await found(jobId)
    expect(job).toMatchObject({ state, ended: at(), problem: { code, step: 'compute' } })
    expect(job.steps.compute).toEqual({
      started: job.created,
      ended: at(),
      ...(state === 'failed' ? { failed: true } : {}),
    })
    expect(job.steps.settle).toBeUndefined()
    expect(job.waiting).toBeUndefined()
    expect(await events(jobId)).toEqual([act])
  })
  it('without a problem is a success, whose event was written with its release', async () => {
    const { jobId } = await running({ state: 'checking' })
    await end(on.deps, await found(jobId), undefined)
    const job = await found(jobId)
    expect(job).toMatchObject({ state: 'succeeded', steps: { settle: { started: at(), ended: at() } } })
    expect(job.problem).toBeUndefined()
    expect(await events(jobId)).toEqual([])
  })
  it('pays for what depends on the data, gives back what does not, and says so in chain and ledger', async () => {
    const outcomes = [
      { code: 'cancelled', steps: { prepare: { started: at() } }, charged: 'returned' },
      { code: 'cancelled', steps: { compute: { started: at() } }, charged: 'committed' },
      { code: 'infrastructure', steps: { compute: { started: at() } }, charged: 'returned' },
      { code: 'output-unsafe', steps: { check: { started: at() } }, charged: 'committed' },
    ] as const
    for (const { code, steps, charged } of outcomes) {
      const { jobId, datasetId } = await running({ kind: 'query', steps, charge: 5, charged: 'reserved' })
      await on.deps.table.create<BudgetItem>({
        ...keyOf.budget(datasetId),
        datasetId,
        limit: 9,
        available: 9,
        spent: 0,
      })
      await reserve(on.deps, await found(jobId))
      await end(on.deps, await found(jobId), { code, step: 'compute' })
      const paid = charged === 'committed'
      expect(await found(jobId)).toMatchObject({ charged })
      expect(await on.deps.table.get(keyOf.budget(datasetId))).toMatchObject({
        available: paid ? 4 : 9,
        spent: paid ? 5 : 0,
      })
      expect(await charges(datasetId)).toEqual([`${charged} 5`])
      expect((await events(jobId)).includes('budget.charged'), code).toBe(paid)
      // Once more comes to the same.
      await finishAgain(jobId)
      expect(await charges(datasetId)).toEqual([`${charged} 5`])
    }
  })
  it('is won by one of two', async () => {
    const { jobId } = await running()
    const read = await found(jobId)
    await end(on.deps, read, { code: 'cancelled', step: 'compute' })
    await expect(end(on.deps, read, { code: 'script-error', step: 'compute' })).rejects.toThrow(JobMovedOn)
    expect(await found(jobId)).toMatchObject({ state: 'cancelled', problem: { code: 'cancelled' } })
  })
})
