/**
 * The host is killed at every write of a job, before it and after it. Then it starts again, the watch looks, and the
 * job must come to a right end.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ChargeItem, type JobItem, keyOf } from '../functions/kernel/items.ts'
import { everything, Killed, type Stage, stage } from './jobs-walk.ts'
import { reportOf } from '../simulation/memory-engine.ts'

// Hundreds of short lives each: on a busy machine they take their time.
vi.setConfig({ testTimeout: 240_000 })

let here: Stage
beforeAll(async () => {
  here = await stage({ budget: { epsilon: 100_000, delta: 1e-6 } }, 420)
})
afterAll(() => here.h.close())

const counting = (ids: readonly number[]) => ({ outputs: [{ type: 'scalar', name: 'n', value: ids.length }] })
const revive = async (): Promise<void> => {
  here.kill(undefined)
  // The host's start, and the minutes after it, until a visit finds nothing more to begin or to end.
  for (let minute = 0; minute < 6; minute++) {
    const { started, ended } = (await here.steps.watch()) as { started: number; ended: number }
    await here.walk()
    here.h.clock.advance(61)
    if (minute > 0 && started + ended === 0) return
  }
}
/** Long after: what a slow container or a hung step could still have done is over. */
const later = async (): Promise<void> => {
  here.h.clock.advance(6 * 3600)
  await here.steps.watch()
}

/** Nothing is left of an ended job but the question, the log and what was released; the ledger adds up. */
async function clean(jobId: string): Promise<void> {
  expect(await here.left('quarantine', jobId)).toEqual([])
  expect((await here.left('protected', jobId)).filter((k) => k.includes('/inputs/'))).toEqual([])
  const { table } = here.h.deps
  expect(await table.get(keyOf.jobLive(jobId))).toBeUndefined()
  expect(await table.get(keyOf.jobOwner(jobId))).toBeDefined()
  const budget = await here.budget()
  const holds = Object.keys(budget).filter((k) => k.startsWith('hold_'))
  expect(holds).toEqual([])
  expect(budget.available + budget.spent).toBe(budget.limit)
  const charges = await everything<ChargeItem>(table, keyOf.dataset(here.datasetId).pk, 'CHARGE#')
  expect(charges.filter((c) => c.what === 'committed').reduce((sum, c) => sum + c.nanoRho, 0)).toBe(budget.spent)
  const mine = charges
    .filter((c) => c.jobId === jobId)
    .map((c) => c.what)
    .sort()
  const job = await here.job(jobId)
  expect(mine).toEqual(expectedCharges(job, mine))
}

/** What has to stand in the list of charges, for what became of a job. */
function expectedCharges(job: Awaited<ReturnType<Stage['job']>>, written: readonly string[]): string[] {
  if (job.charge === undefined) return []
  if (job.charged === 'committed') return ['committed', 'reserved']
  return written.includes('reserved') ? ['reserved', 'returned'] : ['returned']
}

type Question = Record<string, unknown>
const few = [{ table: 'subjects', column: 'site', is: 'equal', value: 'rare' }]
const questions: Record<string, { body: Question; state: string; code?: string }> = {
  'a script under rules': { body: { language: 'python', code: 'n = 1', mode: 'rules' }, state: 'succeeded' },
  'a script that fails': {
    body: { language: 'python', code: 'oops', mode: 'rules' },
    state: 'failed',
    code: 'script-error',
  },
  'a script under noise': {
    body: { language: 'python', code: 'n = 1', mode: 'noise', epsilon: 5, declared: [{ name: 'n', low: 0, high: 50 }] },
    state: 'succeeded',
  },
  'a cohort that is too small': {
    body: { language: 'python', code: 'n = 1', mode: 'rules', cohort: few },
    state: 'blocked',
    code: 'cohort-too-small',
  },
  'a query under rules': { body: { language: 'sql', code: 'by site', mode: 'rules' }, state: 'succeeded' },
  'a query under noise': { body: { language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 }, state: 'succeeded' },
}
/** Whether the script raises, in every run alike. */
let failing = false
const report: Stage['container']['send'] = (job, manifest) =>
  failing
    ? reportOf(
        job,
        manifest,
        () => ({}),
        { end: 'script-error', exitCode: 1, errorClass: 'NameError', line: 1 },
        here.people,
      )
    : reportOf(job, manifest, counting, {}, here.people)

const newest = async (): Promise<string | undefined> =>
  (await here.h.call('jobs', 'list', { as: here.h.person('anil'), query: { limit: 1 } })).items[0]?.jobId

/**
 * Asks and walks with the host dying at the given write; answers the job's id if there is one, and whether the host
 * died.
 */
async function dying(
  body: Question,
  writes: number,
  when: 'before' | 'after',
  more?: (jobId: string) => Promise<unknown>,
): Promise<{ jobId: string | undefined; died: boolean }> {
  const last = await newest()
  here.kill(writes, when)
  const answer = await here.h.answer('jobs', 'ask', {
    as: here.h.person('anil'),
    body: { dataset: 'trial', ...body } as never,
  })
  let jobId = answer.status === 202 ? (answer.body as { jobId: string }).jobId : undefined
  try {
    if (!here.dead()) await here.walk()
    if (more && jobId && !here.dead()) await more(jobId)
  } catch (e) {
    if (!(e instanceof Killed)) throw e
  }
  const died = here.dead()
  await revive()
  if (!jobId) {
    const now = await newest()
    if (now !== last) jobId = now
  }
  return { jobId, died }
}

/** Kills at each write in turn until a life is long enough for all of them; `right` looks at what became of the job. */
async function everyWrite(
  body: Question,
  when: 'before' | 'after',
  right: (jobId: string, where: string) => Promise<unknown>,
  more?: (jobId: string) => Promise<unknown>,
): Promise<void> {
  let reached = 0
  for (let writes = 0; writes < 80; writes++) {
    const { jobId, died } = await dying(body, writes, when, more)
    if (!died) break
    reached++
    // Before the job is there, nothing is: the request failed, and nothing of it is seen.
    if (!jobId) continue
    await right(jobId, `${when} write ${writes}`)
  }
  expect(reached).toBeGreaterThan(10)
  await later()
  expect((await here.h.deps.table.query('JOB#LIVE', { index: true })).items).toEqual([])
}

// Before a write and after the one before it differ only where writes go out together: one is killed after, too.
describe.each(Object.entries(questions))('killed at every write of %s', (name, { body, state, code }) => {
  it.each(name === 'a script under rules' ? (['before', 'after'] as const) : (['before'] as const))(
    '%s it',
    async (when) => {
      here.container.send = report
      failing = body['code'] === 'oops'
      await everyWrite(body, when, async (jobId, where) => {
        const job = await here.job(jobId)
        expect([job.state, job.problem?.code], where).toEqual([state, code])
        await later()
        await clean(jobId)
      })
    },
  )
})

it('killed at every write of a review, from the question to the release', async () => {
  here.container.send = report
  failing = false
  const vote = (jobId: string, who: string) =>
    here.h.answer('jobs', 'vote', {
      as: here.h.person(who),
      params: { jobId },
      body: { vote: 'approve', comment: '' },
    })
  await everyWrite(
    { language: 'python', code: 'n = 1', mode: 'review', purpose: 'a number' },
    'before',
    async (jobId, where) => {
      // Held until two have voted, nothing seen before: checkers whose vote was lost vote again.
      const held = await here.job(jobId)
      expect(['held', 'succeeded'], where).toContain(held.state)
      const waits = held.state === 'held'
      expect((await here.left('quarantine', jobId)).length > 0, where).toBe(waits)
      const result = await here.h.answer('jobs', 'result', { as: here.h.person('anil'), params: { jobId } })
      expect(result.status, where).toBe(waits ? 409 : 200)
      if (waits) {
        await vote(jobId, 'chen')
        await vote(jobId, 'dora')
        await revive()
      }
      expect((await here.job(jobId)).state, where).toBe('succeeded')
      await later()
      await clean(jobId)
    },
    async (jobId) => {
      await vote(jobId, 'chen')
      await vote(jobId, 'dora')
    },
  )
})

it('killed at every write of the visit that takes up what another kill has left', async () => {
  let writes = 0
  for (let died = true; died && writes < 60; writes++) {
    here.kill(undefined)
    const { jobId } = await here.h.call('jobs', 'ask', {
      as: here.h.person('anil'),
      body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 },
    })
    await here.steps.prepare({ jobId, attempt: 1 })
    here.started.length = 0
    here.kill(writes, 'before')
    await here.steps.watch().catch(() => undefined)
    if (!here.dead()) await here.walk()
    died = here.dead()
    await revive()
    expect((await here.job(jobId)).state, `write ${writes}`).toBe('succeeded')
    await later()
    await clean(jobId)
  }
  expect(writes - 1).toBeGreaterThan(8)
  expect(writes).toBeLessThan(60)
})

it('killed while it is being stopped, it ends as stopped or as if nobody had', async () => {
  for (const when of ['before', 'after'] as const)
    for (let writes = 0; writes < 20; writes++) {
      here.kill(undefined)
      const { jobId } = await here.h.call('jobs', 'ask', {
        as: here.h.person('anil'),
        body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 },
      })
      await here.steps.prepare({ jobId, attempt: 1 })
      here.kill(writes, when)
      here.started.push({ jobId, attempt: 1 })
      await here.h.answer('jobs', 'cancel', { as: here.h.person('anil'), params: { jobId } })
      const died = here.dead()
      await revive()
      expect(['cancelled', 'succeeded']).toContain((await here.job(jobId)).state)
      await later()
      await clean(jobId)
      if (!died) break
    }
})

it('gives up after three attempts, as the platform’s failure, and gives the charge back', async () => {
  here.kill(undefined)
  const spent = (await here.budget()).spent
  const { jobId } = await here.h.call('jobs', 'ask', {
    as: here.h.person('anil'),
    body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 },
  })
  for (let i = 0; i < 3; i++) {
    const { attempt } = await here.job(jobId)
    await here.steps.prepare({ jobId, attempt })
    // The host died while it computed.
    await here.h.deps.table.update<JobItem>(keyOf.job(jobId), { set: { working: attempt } })
    here.started.length = 0
    await here.steps.watch()
  }
  expect(await here.job(jobId)).toMatchObject({
    state: 'failed',
    problem: { code: 'infrastructure' },
    charged: 'returned',
    attempt: 3,
  })
  expect((await here.budget()).spent).toBe(spent)
  await later()
  await clean(jobId)
})

it('two hundred reservations race for a budget of one hundred', async () => {
  const other = await stage()
  try {
    const { reserve } = await import('../functions/workflow/budget-charge.ts')
    const { limit } = await other.budget()
    const charge = Math.floor(limit / 100)
    const jobs = Array.from(
      { length: 200 },
      (_, i) => ({ jobId: `job_${i}`, datasetId: other.datasetId, charge }) as never,
    )
    const granted = (await Promise.all(jobs.map((job) => reserve(other.h.deps, job)))).filter(Boolean).length
    expect(granted).toBe(100)
    const budget = await other.budget()
    expect(budget.available).toBe(limit - 100 * charge)
    // Asked again, each knows where it stands and nothing more is taken.
    expect((await Promise.all(jobs.map((job) => reserve(other.h.deps, job)))).filter(Boolean).length).toBe(100)
    expect((await other.budget()).available).toBe(budget.available)
  } finally {
    await other.h.close()
  }
})
