/** A decision is made once: whatever is drawn later, the noise that was written first is the noise that leaves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import { sha256Hex } from '../../domain/hash.ts'
import type { Finding } from '../../domain/release/policy.ts'
import { ConditionFailed, type Item, queryAll, type Table } from '../../ports/table.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { objectOf } from '../workflow/job-item.ts'
import { type Decision, findingsKept, keepDecision, keptDecision, release, type ReleasedDocument } from './decision.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
  await on.deps.table.create<DatasetItem>({
    ...keyOf.dataset('dat_a'),
    datasetId: 'dat_a',
    organisationId: 'org_a',
    name: 'people',
    title: 'People',
    description: '',
    state: 'published',
    version: 1,
    policy: defaultDatasetPolicy,
    created: '',
    changed: '',
  })
  await on.deps.table.create<Partial<DatasetVersionItem>>({
    ...keyOf.datasetVersion('dat_a', 1),
    datasetId: 'dat_a',
    version: 1,
    hash: 'hash of the dataset',
  })
})
afterAll(() => on.close())

/** A decision whose one output is this number. */
const drawing = (value: number, more: Partial<Decision> = {}): Decision => ({
  outputs: [{ name: 'result', type: 'table', columns: [{ name: 'mean', kind: 'value' }], rows: [[{ value }]] }],
  files: [],
  findings: [],
  guarantee: 'noise',
  cells: [],
  image: 'test',
  ...more,
})

let serial = 0
async function checking(more: Partial<JobItem> = {}): Promise<Item<JobItem>> {
  const jobId = `job_${String(serial++).padStart(8, '0')}`
  const job: JobItem = {
    jobId,
    kind: 'query',
    title: 'T',
    state: 'checking',
    mode: 'noise',
    organisationId: 'org_a',
    datasetId: 'dat_a',
    datasetVersion: 1,
    userId: 'ada',
    purpose: 'to know',
    cohort: [],
    pin: 'p',
    askHash: 'h',
    created: '2026-03-02T09:00:00.000Z',
    attempt: 1,
    subjects: 100,
    steps: { check: { started: '2026-03-02T09:00:00.000Z' } },
    ...more,
  }
  await on.deps.table.create<JobItem>({ ...keyOf.job(jobId), ...job })
  const ask = { language: 'sql', code: 'SELECT avg(age) FROM people', mode: job.mode }
  await on.deps.objects.put('protected', objectOf.ask(jobId), jsonBytes(ask), 'application/json')
  return (await on.deps.table.get<JobItem>(keyOf.job(jobId)))!
}
const found = async ({ jobId }: JobItem) => (await on.deps.table.get<JobItem>(keyOf.job(jobId)))!
const set = { confinement: 'duckdb' } as const

describe('of two drawings', () => {
  it('the first one counts, and the second answers it', async () => {
    const job = await checking()
    const first = await keepDecision(on.deps, job, drawing(1), set)
    expect(first.decision).toEqual(drawing(1))
    // The same step once more, by an execution that read the job before.
    const second = await keepDecision(on.deps, job, drawing(2), set)
    expect(second.decision).toEqual(drawing(1))
    expect(second.job.drawn).toBe(await sha256Hex(jsonBytes(drawing(1))))
    expect((await found(job)).drawn).toBe(second.job.drawn)
    // And once more by one that has read it since.
    expect((await keepDecision(on.deps, await found(job), drawing(3), set)).decision).toEqual(drawing(1))
    expect(await keptDecision(on.deps, await found(job))).toEqual(drawing(1))
  })
  it('one counts when they are kept at the same moment, and both answer that one', async () => {
    const job = await checking()
    const kept = await Promise.all([1, 2, 3].map((value) => keepDecision(on.deps, job, drawing(value), set)))
    const standing = (await keptDecision(on.deps, await found(job)))!
    for (const { decision } of kept) expect(decision).toEqual(standing)
  })
  it('by two attempts, the first one counts', async () => {
    const job = await checking()
    await keepDecision(on.deps, job, drawing(1), set)
    await on.deps.table.update<JobItem>(keyOf.job(job.jobId), { set: { attempt: 2 } })
    expect((await keepDecision(on.deps, await found(job), drawing(2), set)).decision).toEqual(drawing(1))
    expect((await keepDecision(on.deps, job, drawing(3), set)).decision).toEqual(drawing(1))
  })
})

describe('a decision', () => {
  it.each([
    ['was started anew', { attempt: 2 }],
    ['was cancelled', { state: 'cancelled' as const }],
  ])('is not kept of a job that meanwhile %s', async (_, now) => {
    const job = await checking()
    await on.deps.table.update<JobItem>(keyOf.job(job.jobId), { set: now })
    await expect(keepDecision(on.deps, job, drawing(1), set)).rejects.toThrow(ConditionFailed)
    expect((await found(job)).drawn).toBeUndefined()
    expect(await keptDecision(on.deps, await found(job))).toBeUndefined()
  })
  it('lies in quarantine before the job names it', async () => {
    const job = await checking()
    const objects = Object.assign(Object.create(on.deps.objects), {
      put: () => Promise.reject(new Error('full')),
    }) as typeof on.deps.objects
    await expect(keepDecision({ table: on.deps.table, objects }, job, drawing(1), set)).rejects.toThrow('full')
    expect((await found(job)).drawn).toBeUndefined()
  })
  it('is not swallowed when the store fails', async () => {
    const job = await checking()
    const table = Object.assign(Object.create(on.deps.table), {
      update: () => Promise.reject(new Error('away')),
    }) as Table
    await expect(keepDecision({ table, objects: on.deps.objects }, job, drawing(1), set)).rejects.toThrow('away')
  })
})

describe('a release', () => {
  const events = async (jobId: string): Promise<object[]> => {
    const all = await eventsIn(on.deps.table, 'org_a')
    return all
      .filter(({ object, detail }) => object === `job ${jobId}` || detail['job'] === jobId)
      .map(({ act, object, detail }) => ({ act, object, detail }))
  }
  const document = ({ jobId }: JobItem): Promise<ReleasedDocument> =>
    readJson<ReleasedDocument>(on.deps, 'released', objectOf.result(jobId))
  const told = async ({ jobId }: JobItem): Promise<unknown[]> => {
    const items: { cells: unknown[]; jobId: string }[] = []
    for await (const item of queryAll<{ cells: unknown[]; jobId: string }>(on.deps.table, 'DATASET#dat_a', {}))
      if (item.jobId === jobId) items.push(item)
    return items.flatMap(({ cells }) => cells)
  }
  const cell = { subjects: 100, fingerprint: '00', selection: '{"cohort":[],"sql":"s"}', asked: '' }

  it('writes the event and the charge, lays the outputs out, and lets the job succeed', async () => {
    const job = await checking({ charge: 5, confinement: 'duckdb' })
    on.clock.advance(5)
    const at = on.clock.now().toISOString()
    const after = await release(on.deps, job, drawing(1))
    expect(after).toMatchObject({
      state: 'checking',
      outcome: 'succeeded',
      released: at,
      confinement: 'duckdb',
      findings: [],
    })
    expect(after.steps.check).toEqual({ started: job.created, ended: at })
    const { outputs, files, card } = await document(job)
    expect([outputs, files]).toEqual([drawing(1).outputs, []])
    expect(card).toMatchObject({
      jobId: job.jobId,
      asked: 'SELECT avg(age) FROM people',
      purpose: 'to know',
      mode: 'noise',
      guarantee: 'noise',
      released: at,
      dataset: { datasetId: 'dat_a', name: 'people', title: 'People', version: 1, hash: 'hash of the dataset' },
      cost: { nanoRho: 5, delta: 1e-6 },
      confinement: 'duckdb',
    })
    expect(card.cost.epsilon).toBeGreaterThan(0)
    expect(await events(job.jobId)).toEqual([
      {
        act: 'job.released',
        object: `job ${job.jobId}`,
        detail: { dataset: 'dat_a', version: 1, mode: 'noise', result: card.hashes.result },
      },
      { act: 'budget.charged', object: 'dataset dat_a', detail: { job: job.jobId, nanoRho: 5 } },
    ])
    expect(await told(job)).toEqual([])
  })
  it('that cost nothing has no charge, and no epsilon', async () => {
    const job = await checking({ mode: 'rules' })
    await release(on.deps, job, drawing(1, { cells: [cell] }))
    expect((await events(job.jobId)).map((event) => (event as { act: string }).act)).toEqual(['job.released'])
    expect((await document(job)).card.cost).toEqual({ nanoRho: 0, epsilon: 0, delta: 1e-6 })
    // Under rules the check has remembered the cells before.
    expect(await told(job)).toEqual([])
  })
  it('of what was tried on a twin says so', async () => {
    const job = await checking({ mode: 'rules', twin: [] })
    await release(on.deps, job, drawing(1))
    expect((await document(job)).card.mode).toBe('twin')
    expect(await events(job.jobId)).toMatchObject([{ detail: { mode: 'twin' } }])
  })
  it('by checkers remembers what the person will know, and brings its files', async () => {
    const job = await checking({ state: 'held', mode: 'review' })
    const file = { name: 'plot.svg', type: 'image/svg+xml', base64: Buffer.from('<svg/>').toString('base64') }
    await release(on.deps, job, drawing(1, { cells: [cell], files: [file] }), 2)
    expect((await document(job)).files).toEqual([{ name: 'plot.svg', type: 'image/svg+xml' }])
    expect((await document(job)).card.checkers).toBe(2)
    expect(Buffer.from(await on.deps.objects.get('released', objectOf.file(job.jobId, 'plot.svg'))).toString()).toBe(
      '<svg/>',
    )
    expect(await on.deps.objects.head('released', objectOf.file(job.jobId, 'plot.svg'))).toMatchObject({
      type: 'image/svg+xml',
    })
    expect(await told(job)).toEqual([expect.objectContaining({ fingerprint: '00', subjects: 100 })])
  })
  it('keeps two hundred findings with the job', async () => {
    const findings = Array.from(
      { length: findingsKept + 1 },
      (_, row): Finding => ({ rule: 'minimum-subjects', outcome: 'suppress', output: 'result', row }) as never,
    )
    const after = await release(on.deps, await checking(), drawing(1, { findings }))
    expect(after.findings).toEqual(findings.slice(0, 200))
  })
  it('lets nothing be true of a job that was cancelled meanwhile', async () => {
    const job = await checking()
    await on.deps.table.update<JobItem>(keyOf.job(job.jobId), { set: { state: 'cancelled' } })
    await expect(release(on.deps, job, drawing(1))).rejects.toThrow(expect.objectContaining({ name: 'JobMovedOn' }))
    expect(await found(job)).toMatchObject({ state: 'cancelled' })
    expect((await found(job)).outcome).toBeUndefined()
  })
})
