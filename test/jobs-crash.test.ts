/**
 * The host is killed at every write of a job, before it and after it. Then it starts again, the watch looks, and the
 * job must come to a right end.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ChargeItem, keyOf } from '../functions/kernel/items.ts'
import { everything, Killed, reportOf, type Stage, stage } from './jobs-walk.ts'

// Hundreds of short lives each: on a busy machine they take their time.
vi.setConfig({ testTimeout: 240_000 })

let s: Stage
beforeAll(async () => {
  s = await stage({ budget: { epsilon: 100_000, delta: 1e-6 } }, 420)
})
afterAll(() => s.h.close())

const counting = (ids: readonly number[]) => ({ outputs: [{ type: 'scalar', name: 'n', value: ids.length }] })
const revive = async (): Promise<void> => {
  s.kill(undefined)
  // The host's start, and the minutes after it, until a visit finds nothing more to begin or to end.
  for (let minute = 0; minute < 6; minute++) {
    const { started, ended } = (await s.steps.watch()) as { started: number; ended: number }
    await s.walk()
    s.h.clock.advance(61)
    if (minute > 0 && started + ended === 0) return
  }
}
/** Long after: what a slow container or a hung step could still have done is over. */
const later = async (): Promise<void> => {
  s.h.clock.advance(6 * 3600)
  await s.steps.watch()
}

/** Nothing is left of an ended job but the question, the log and what was released; the ledger adds up. */
async function clean(jobId: string): Promise<void> {
  expect(await s.left('quarantine', jobId)).toEqual([])
  expect((await s.left('protected', jobId)).filter((k) => k.includes('/inputs/'))).toEqual([])
  const { table } = s.h.deps
  expect(await table.get(keyOf.jobLive(jobId))).toBeUndefined()
  expect(await table.get(keyOf.jobOwner(jobId))).toBeDefined()
  const budget = await s.budget()
  const holds = Object.keys(budget).filter((k) => k.startsWith('hold_'))
  expect(holds).toEqual([])
  expect(budget.available + budget.spent).toBe(budget.limit)
  const charges = await everything<ChargeItem>(table, keyOf.dataset(s.datasetId).pk, 'CHARGE#')
  expect(charges.filter((c) => c.what === 'committed').reduce((sum, c) => sum + c.nanoRho, 0)).toBe(budget.spent)
  const mine = charges
    .filter((c) => c.jobId === jobId)
    .map((c) => c.what)
    .sort()
  const job = await s.job(jobId)
  expect(mine).toEqual(
    job.charge === undefined
      ? []
      : job.charged === 'committed'
        ? ['committed', 'reserved']
        : mine.includes('reserved')
          ? ['reserved', 'returned']
          : ['returned'],
  )
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
const report: Stage['container']['send'] = (job, m) =>
  failing
    ? reportOf(job, m, () => ({}), { end: 'script-error', exitCode: 1, errorClass: 'NameError', line: 1 }, s.people)
    : reportOf(job, m, counting, {}, s.people)

const newest = async (): Promise<string | undefined> =>
  (await s.h.call('jobs', 'list', { as: s.h.person('anil'), query: { limit: 1 } })).items[0]?.jobId

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
  s.kill(writes, when)
  const answer = await s.h.answer('jobs', 'ask', {
    as: s.h.person('anil'),
    body: { dataset: 'trial', ...body } as never,
  })
  let jobId = answer.status === 202 ? (answer.body as { jobId: string }).jobId : undefined
  try {
    if (!s.dead()) await s.walk()
    if (more && jobId && !s.dead()) await more(jobId)
  } catch (e) {
    if (!(e instanceof Killed)) throw e
  }
  const died = s.dead()
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
  expect((await s.h.deps.table.query('JOB#LIVE', { index: true })).items).toEqual([])
}

// Before a write and after the one before it differ only where writes go out together: one is killed after, too.
describe.each(Object.entries(questions))('killed at every write of %s', (name, { body, state, code }) => {
  it.each(name === 'a script under rules' ? (['before', 'after'] as const) : (['before'] as const))(
    '%s it',
    async (when) => {
      s.container.send = report
      failing = body['code'] === 'oops'
      await everyWrite(body, when, async (jobId, where) => {
        const job = await s.job(jobId)
        expect([job.state, job.problem?.code], where).toEqual([state, code])
        await later()
        await clean(jobId)
      })
    },
  )
})

it('killed at every write of a review, from the question to the release', async () => {
  s.container.send = report
  failing = false
  const vote = (jobId: string, who: string) =>
    s.h.answer('jobs', 'vote', { as: s.h.person(who), params: { jobId }, body: { vote: 'approve', comment: '' } })
  await everyWrite(
    { language: 'python', code: 'n = 1', mode: 'review', purpose: 'a number' },
    'before',
    async (jobId, where) => {
      // Held until two have voted, nothing seen before: checkers whose vote was lost vote again.
      const held = await s.job(jobId)
      expect(['held', 'succeeded'], where).toContain(held.state)
      const waits = held.state === 'held'
      expect((await s.left('quarantine', jobId)).length > 0, where).toBe(waits)
      const result = await s.h.answer('jobs', 'result', { as: s.h.person('anil'), params: { jobId } })
      expect(result.status, where).toBe(waits ? 409 : 200)
      if (waits) {
        await vote(jobId, 'chen')
        await vote(jobId, 'dora')
        await revive()
      }
      expect((await s.job(jobId)).state, where).toBe('succeeded')
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
    s.kill(undefined)
    const { jobId } = await s.h.call('jobs', 'ask', {
      as: s.h.person('anil'),
      body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 },
    })
    await s.steps.prepare({ jobId, attempt: 1 })
    s.started.length = 0
    s.kill(writes, 'before')
    await s.steps.watch().catch(() => undefined)
    if (!s.dead()) await s.walk()
    died = s.dead()
    await revive()
    expect((await s.job(jobId)).state, `write ${writes}`).toBe('succeeded')
    await later()
    await clean(jobId)
  }
  expect(writes - 1).toBeGreaterThan(8)
  expect(writes).toBeLessThan(60)
})

it('killed while it is being stopped, it ends as stopped or as if nobody had', async () => {
  for (const when of ['before', 'after'] as const)
    for (let writes = 0; writes < 20; writes++) {
      s.kill(undefined)
      const { jobId } = await s.h.call('jobs', 'ask', {
        as: s.h.person('anil'),
        body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 },
      })
      await s.steps.prepare({ jobId, attempt: 1 })
      s.kill(writes, when)
      s.started.push({ jobId, attempt: 1 })
      await s.h.answer('jobs', 'cancel', { as: s.h.person('anil'), params: { jobId } })
      const died = s.dead()
      await revive()
      expect(['cancelled', 'succeeded']).toContain((await s.job(jobId)).state)
      await later()
      await clean(jobId)
      if (!died) break
    }
})

it('gives up after three attempts, as the platform’s failure, and gives the charge back', async () => {
  s.kill(undefined)
  const spent = (await s.budget()).spent
  const { jobId } = await s.h.call('jobs', 'ask', {
    as: s.h.person('anil'),
    body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 },
  })
  for (let i = 0; i < 3; i++) {
    const { attempt } = await s.job(jobId)
    await s.steps.prepare({ jobId, attempt })
    s.started.length = 0 // the host died while it computed
    await s.steps.watch()
  }
  expect(await s.job(jobId)).toMatchObject({
    state: 'failed',
    problem: { code: 'infrastructure' },
    charged: 'returned',
    attempt: 3,
  })
  expect((await s.budget()).spent).toBe(spent)
  await later()
  await clean(jobId)
})

it('two hundred reservations race for a budget of one hundred', async () => {
  const t = await stage()
  try {
    const { reserve } = await import('../functions/workflow/budget-charge.ts')
    const { limit } = await t.budget()
    const charge = Math.floor(limit / 100)
    const jobs = Array.from({ length: 200 }, (_, i) => ({ jobId: `job_${i}`, datasetId: t.datasetId, charge }) as never)
    const granted = (await Promise.all(jobs.map((job) => reserve(t.h.deps, job)))).filter(Boolean).length
    expect(granted).toBe(100)
    const budget = await t.budget()
    expect(budget.available).toBe(limit - 100 * charge)
    // Asked again, each knows where it stands and nothing more is taken.
    expect((await Promise.all(jobs.map((job) => reserve(t.h.deps, job)))).filter(Boolean).length).toBe(100)
    expect((await t.budget()).available).toBe(budget.available)
  } finally {
    await t.h.close()
  }
})
