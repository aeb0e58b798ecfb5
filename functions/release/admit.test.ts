/** What stands before the gate: what was true when it was asked must be true when it runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultDatasetPolicy, type DatasetPolicy } from '../../domain/datasets/policy.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import {
  type ApprovalItem,
  type BudgetItem,
  type ChargeItem,
  type DatasetItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
  type MemberItem,
  type ReleasedItem,
} from '../kernel/items.ts'
import { jsonBytes, readJsonIfThere } from '../kernel/stored-json.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { type Log, objectOf } from '../workflow/job-item.ts'
import { Refused } from '../workflow/job-kind.ts'
import { jobsOf } from '../workflow/testing.ts'
import { countCohort, stillAllowed, takeCharge } from './admit.ts'
import { chargeOf, pinFor, type Question } from './question.ts'

let on: Harness
let jobs: ReturnType<typeof jobsOf>
/** What the engine counts, and by how many a set differs from an earlier one. */
const counted = { subjects: 40, fingerprint: '00000000000000aa' }
let apart = 0
beforeAll(async () => {
  const engine = { count: async () => counted, difference: async () => apart }
  on = await harness({ engine: engine as never })
  jobs = jobsOf(on)
})
afterAll(() => on.close())

const question: Question = {
  dataset: 'people',
  cohort: [],
  language: 'sql',
  code: 'SELECT count(*) FROM people',
  parameters: {},
  mode: 'rules',
  purpose: '',
  declared: [],
  limits: {},
}
let serial = 0
interface Setting {
  asked?: Partial<Question>
  policy?: Partial<DatasetPolicy>
  job?: Partial<JobItem>
  member?: boolean
}
/** A dataset of its own, with a member who asks and a question that waits. */
async function asking({ asked = {}, policy = {}, job = {}, member = true }: Setting = {}) {
  const datasetId = `dat_${String(serial++).padStart(4, '0')}`
  const organisationId = `org_of_${datasetId}`
  const ask = { ...question, ...asked }
  const dataset: Partial<DatasetItem> = {
    datasetId,
    organisationId,
    state: 'published',
    version: 1,
    policy: { ...defaultDatasetPolicy, ...policy },
  }
  const version: Partial<DatasetVersionItem> = { datasetId, version: 1, hash: 'h', data: {} as never }
  await on.deps.table.create({ ...keyOf.dataset(datasetId), ...dataset })
  await on.deps.table.create({ ...keyOf.datasetVersion(datasetId, 1), ...version })
  if (member)
    await on.deps.table.create<Partial<MemberItem>>({
      ...keyOf.member(organisationId, 'ada'),
      organisationId,
      userId: 'ada',
      roles: ['analyst'],
    })
  const pin = await pinFor(on.deps, ask, version as DatasetVersionItem)
  const made = await jobs.make({
    kind: 'query',
    mode: ask.mode,
    datasetId,
    organisationId,
    pin,
    askHash: await sha256Hex(canonical(ask)),
    ...job,
  })
  await on.deps.objects.put('protected', objectOf.ask(made.jobId), jsonBytes(ask), 'application/json')
  return { job: made, ask, pin, datasetId }
}
const codeOf = (admitted: Promise<unknown>): Promise<string> =>
  admitted.then(
    () => 'admitted',
    (error: unknown) => {
      if (!(error instanceof Refused)) throw error
      return error.code
    },
  )
const admitted = (job: JobItem, byItself = true): Promise<string> => codeOf(stillAllowed(on.deps, job, { byItself }))

describe('a question', () => {
  it('that may still be asked comes with its dataset and version', async () => {
    const { job, ask, datasetId } = await asking()
    expect(await stillAllowed(on.deps, job, { byItself: true })).toMatchObject({
      question: ask,
      dataset: { datasetId },
      version: { version: 1, hash: 'h' },
    })
  })
  it.each([
    ['the person has left', { member: false }],
    ['the policy names others', { policy: { people: { kind: 'named', userIds: ['ben'] } } }],
    ['the language is allowed no more', { policy: { languages: ['python'] } }],
    ['the mode is allowed no more', { policy: { modes: ['review'] } }],
    ['the dataset has expired today', { policy: { expires: '2026-03-02' } }],
  ] satisfies [string, Setting][])('is refused when %s', async (_, setting) => {
    expect(await admitted((await asking(setting)).job)).toBe('policy-changed')
  })
  it('may be asked on the last day before the dataset expires', async () => {
    expect(await admitted((await asking({ policy: { expires: '2026-03-03' } })).job)).toBe('admitted')
  })
  it('of which another text is kept than was asked does not run; what stands for another is kept in its job', async () => {
    const { job } = await asking({ job: { askHash: 'another' } })
    expect([await admitted(job), await admitted(job, false)]).toEqual(['infrastructure', 'admitted'])
  })
  it('of a dataset or version that is gone does not run', async () => {
    const [one, other] = [await asking(), await asking()]
    await on.deps.table.remove(keyOf.dataset(one.datasetId))
    await on.deps.table.remove(keyOf.datasetVersion(other.datasetId, 1))
    expect([await admitted(one.job), await admitted(other.job)]).toEqual(['infrastructure', 'infrastructure'])
  })
})

describe('an approval', () => {
  const policy = { approval: true }
  const approve = ({ datasetId, pin }: { datasetId: string; pin: string }): Promise<unknown> =>
    on.deps.table.create<Partial<ApprovalItem>>({ ...keyOf.approval(datasetId, pin), datasetId, pin })

  it('is needed where the policy asks for it, and is for exactly what runs', async () => {
    const without = await asking({ policy })
    expect(await admitted(without.job)).toBe('approval-stale')
    await approve(without)
    expect(await admitted(without.job)).toBe('admitted')
    const another = await asking({ policy, job: { pin: 'of something else' } })
    await approve({ ...another, pin: 'of something else' })
    expect(await admitted(another.job)).toBe('approval-stale')
  })
  it('cannot be had by what asks for something else', async () => {
    const asked = await asking({ policy })
    await approve(asked)
    expect(await admitted(asked.job, false)).toBe('policy-changed')
  })
})

describe('the charge', () => {
  const charging = async (available: number, job: Partial<JobItem> = {}) => {
    const asked = await asking({ asked: { mode: 'noise', epsilon: 1 }, job })
    const { datasetId } = asked
    await on.deps.table.create<BudgetItem>({
      ...keyOf.budget(datasetId),
      datasetId,
      limit: available,
      available,
      spent: 0,
    })
    const allowed = await stillAllowed(on.deps, asked.job, { byItself: true })
    const nanoRho = chargeOf(asked.ask, allowed.dataset.policy.budget)
    const budget = async () => (await on.deps.table.get<BudgetItem>(keyOf.budget(datasetId)))!
    return { ...asked, allowed, nanoRho, budget }
  }

  it('is said by the job, reserved once however often it is taken, and written into the ledger', async () => {
    const { job, allowed, nanoRho, budget, datasetId } = await charging(1_000_000_000)
    const at = jobs.now()
    const charged = await takeCharge(on.deps, job, allowed, at)
    expect(charged).toMatchObject({ charge: nanoRho, charged: 'reserved' })
    expect(await takeCharge(on.deps, charged, allowed, at)).toEqual(charged)
    expect((await budget()).available).toBe(1_000_000_000 - nanoRho)
    const { items } = await on.deps.table.query<ChargeItem>(keyOf.charge.partition(datasetId), { prefix: 'CHARGE#' })
    expect(items).toMatchObject([{ what: 'reserved', nanoRho, at: job.steps.prepare!.started, userId: 'ada' }])
  })
  it('must be covered to the last nano-rho', async () => {
    const { nanoRho } = await charging(0)
    const exact = await charging(nanoRho)
    await takeCharge(on.deps, exact.job, exact.allowed, jobs.now())
    expect((await exact.budget()).available).toBe(0)
    const short = await charging(nanoRho - 1)
    expect(await codeOf(takeCharge(on.deps, short.job, short.allowed, jobs.now()))).toBe('budget-exhausted')
    expect((await short.budget()).available).toBe(nanoRho - 1)
  })
})

describe('a charge', () => {
  const policy = { delta: 1e-6 }
  const of = (mode: Question['mode'], language: Question['language'], epsilon?: number): number =>
    chargeOf({ mode, language, epsilon }, policy)
  it('is nothing without noise, and by one’s epsilon with it; one when none is named', () => {
    expect([of('rules', 'sql', 5), of('review', 'python', 5)]).toEqual([0, 0])
    for (const language of ['sql', 'python'] as const) {
      expect(of('noise', language)).toBe(of('noise', language, 1))
      expect(of('noise', language, 2)).toBeGreaterThan(of('noise', language, 1))
    }
    expect(of('noise', 'python', 1)).toBe(125_000_000)
    expect(of('noise', 'sql', 1)).toBeLessThan(of('noise', 'python', 1))
    expect(of('noise', 'sql', 1)).toBe(of('noise', 'sql', 1))
  })
})

describe('the cohort', () => {
  const count = async (setting: Setting = {}, subjects = 40) => {
    const asked = await asking(setting)
    const allowed = await stillAllowed(on.deps, asked.job, { byItself: true })
    counted.subjects = subjects
    const log = (): Promise<Log | undefined> =>
      readJsonIfThere<Log>(on.deps, 'protected', objectOf.log(asked.job.jobId))
    return { ...asked, log, go: () => countCohort(on.deps, asked.job, allowed) }
  }

  it('of as many as the policy asks for is counted; of fewer it goes no further, and the custodian alone reads why', async () => {
    const policy = { disclosure: { minimumSubjects: 12 } }
    expect(await (await count({ policy }, 12)).go()).toEqual({ subjects: 12, fingerprint: counted.fingerprint })
    const small = await count({ policy }, 11)
    expect(await codeOf(small.go())).toBe('cohort-too-small')
    expect(await small.log()).toEqual({
      subjects: 11,
      runs: [],
      message: 'The cohort is smaller than the minimum of 12.',
    })
  })
  it('under noise is counted whatever its size: nobody has paid to know', async () => {
    const { go, log } = await count({ asked: { mode: 'noise' } }, 1)
    expect(await go()).toEqual({ subjects: 1, fingerprint: counted.fingerprint })
    expect(await log()).toBeUndefined()
  })
  it('that differs by a few from what the person was told is refused, and that is remembered', async () => {
    const asked = await count({ job: { cohort: [{ table: 't', column: 'c', is: 'known' }] } })
    const told: ReleasedItem = {
      datasetId: asked.datasetId,
      version: 1,
      userId: 'ada',
      jobId: 'job_before',
      at: jobs.now(),
      cells: [{ subjects: 42, fingerprint: '00000000000000bb', selection: '{"cohort":[]}', asked: '' }],
    }
    await on.deps.table.create({ ...keyOf.released(asked.datasetId, 'ada', 'job_before'), ...told })
    apart = 10
    expect(await codeOf(asked.go())).toBe('admitted')
    apart = 9
    expect(await codeOf(asked.go())).toBe('differencing')
    expect(await asked.log()).toMatchObject({ subjects: 40 })
    expect(
      await on.deps.table.get<ReleasedItem>(keyOf.released(asked.datasetId, 'ada', asked.job.jobId)),
    ).toMatchObject({ refused: true, cells: [{ subjects: 40, fingerprint: counted.fingerprint }] })
  })
})
