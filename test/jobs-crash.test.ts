/** The host is killed at every write of a job, before it and after it. Then it starts again, the watch looks, and the job must come to a right end. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobLife } from '../domain/jobs/life.ts'
import { type ChargeItem, keyOf } from '../functions/kernel/items.ts'
import { everything, Killed, reportOf, type Stage, stage } from './jobs-walk.ts'

let s: Stage
beforeAll(async () => { s = await stage({ budget: { epsilon: 100_000, delta: 1e-6 } }) })
afterAll(() => s.h.close())

const counting = (ids: readonly number[]) => ({ outputs: [{ type: 'scalar', name: 'n', value: ids.length }] })
const revive = async (): Promise<void> => {
  s.kill(undefined)
  // The host's start, and the minutes after it.
  for (let minute = 0; minute < 4; minute++) {
    await s.steps.watch()
    await s.walk()
    s.h.clock.advance(61)
  }
}
/** Long after: what a slow container or a hung step could still have done is over. */
const later = async (): Promise<void> => { s.h.clock.advance(6 * 3600); await s.steps.watch() }

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
  const mine = charges.filter((c) => c.jobId === jobId).map((c) => c.what).sort()
  const job = await s.job(jobId)
  expect(mine).toEqual(job.charge === undefined ? [] : job.charged === 'committed' ? ['committed', 'reserved'] : mine.includes('reserved') ? ['reserved', 'returned'] : ['returned'])
}

type Question = Record<string, unknown>
const questions: Record<string, { body: Question; ends: string[] }> = {
  'a script under rules': { body: { language: 'python', code: 'n = 1', mode: 'rules' }, ends: ['succeeded'] },
  'a cohort that is too small': { body: { language: 'python', code: 'n = 1', mode: 'rules', cohort: [{ table: 'subjects', column: 'site', is: 'equal', value: 'rare' }] }, ends: ['blocked'] },
  'a query under noise': { body: { language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 }, ends: ['succeeded'] },
  'a query under noise on few': { body: { language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1, cohort: [{ table: 'subjects', column: 'site', is: 'equal', value: 'rare' }] }, ends: ['blocked'] },
}

/** Asks and walks with the host dying at the given write; answers the job's id if there is one, and whether the host died. */
async function dying(body: Question, writes: number, when: 'before' | 'after', more?: (jobId: string) => Promise<unknown>): Promise<{ jobId: string | undefined; died: boolean }> {
  const known = new Set((await s.h.call('jobs', 'list', { as: s.h.person('anil'), query: { limit: 200 } })).items.map((j) => j.jobId))
  s.kill(writes, when)
  const answer = await s.h.answer('jobs', 'ask', { as: s.h.person('anil'), body: { dataset: 'trial', ...body } as never })
  let jobId = answer.status === 202 ? (answer.body as { jobId: string }).jobId : undefined
  try {
    if (!s.dead()) await s.walk()
    if (more && jobId && !s.dead()) await more(jobId)
  } catch (e) { if (!(e instanceof Killed)) throw e }
  const died = s.dead()
  await revive()
  jobId ??= (await s.h.call('jobs', 'list', { as: s.h.person('anil'), query: { limit: 200 } })).items.map((j) => j.jobId).find((id) => !known.has(id))
  return { jobId, died }
}

describe.each(Object.entries(questions))('killed at every write of %s', (_, { body, ends }) => {
  it.each(['before', 'after'] as const)('%s it', async (when) => {
    s.container.send = (job, m) => reportOf(job, m, counting)
    let reached = 0
    for (let writes = 0; writes < 60; writes++) {
      const { jobId, died } = await dying(body, writes, when)
      if (!died) break
      reached++
      // Before the job is there, nothing is: the request failed, and nothing of it is seen.
      if (!jobId) continue
      const job = await s.job(jobId)
      expect(jobLife[job.state].live, `${when} write ${writes}: ${job.state}`).toBe(false)
      expect(ends, `${when} write ${writes}: ${JSON.stringify(job.problem)}`).toContain(job.state)
      await later()
      await clean(jobId)
    }
    expect(reached).toBeGreaterThan(10)
    await later()
    const { items } = await s.h.deps.table.query('JOB#LIVE', { index: true })
    expect(items).toEqual([])
  })
})

it('killed while it is being stopped, it ends as stopped or as if nobody had', async () => {
  for (const when of ['before', 'after'] as const) for (let writes = 0; writes < 20; writes++) {
    s.kill(undefined)
    const { jobId } = await s.h.call('jobs', 'ask', { as: s.h.person('anil'), body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 } })
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
  const { jobId } = await s.h.call('jobs', 'ask', { as: s.h.person('anil'), body: { dataset: 'trial', language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1 } })
  for (let i = 0; i < 3; i++) {
    const { attempt } = await s.job(jobId)
    await s.steps.prepare({ jobId, attempt })
    s.started.length = 0 // the host died while it computed
    await s.steps.watch()
  }
  expect(await s.job(jobId)).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' }, charged: 'returned', attempt: 3 })
  expect((await s.budget()).spent).toBe(spent)
  await later()
  await clean(jobId)
})

it('two hundred reservations race for a budget of one hundred', async () => {
  const t = await stage()
  try {
    const { reserve } = await import('../functions/jobs/charging.ts')
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
  } finally { await t.h.close() }
})
