/**
 * Outputs under review: two blinded votes, questions and answers, and nothing visible to the analyst before the
 * release.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ReleasedItem } from '../functions/kernel/items.ts'
import { keyOf } from '../functions/kernel/items.ts'
import { everything, reportOf, type Stage, stage } from './jobs-walk.ts'

let s: Stage
let jobId: string
beforeAll(async () => {
  s = await stage()
  s.container.send = (job, m) =>
    reportOf(
      job,
      m,
      (ids) => ({ secret_shape: ids.length, outputs: [{ type: 'scalar', name: 'held_number', value: 41.5 }] }),
      {
        outputs: [
          {
            file: 'result.json',
            bytes: Buffer.from(
              JSON.stringify({ outputs: [{ type: 'scalar', name: 'held_number', value: 41.5 }] }),
            ).toString('base64url'),
          },
          { file: 'plot.png', bytes: Buffer.from('a picture').toString('base64url') },
        ],
      },
    )
})
afterAll(() => s.h.close())
const p = (name: string) => s.h.person(name)
const asked = async (who = 'anil') => {
  const job = await s.h.call('jobs', 'ask', {
    as: p(who),
    body: { dataset: 'trial', language: 'python', code: 'plot()', mode: 'review', purpose: 'a figure' },
  })
  await s.walk()
  return job.jobId
}
beforeEach(async () => {
  jobId = await asked()
})
const vote = (who: string, v: 'approve' | 'reject' | 'ask', comment = '') =>
  s.h.answer('jobs', 'vote', { as: p(who), params: { jobId }, body: { vote: v, comment } })
const state = async () => (await s.job(jobId)).state
const view = () => s.h.call('jobs', 'get', { as: p('anil'), params: { jobId } })

describe('a held output', () => {
  it('is seen by checkers, and by nobody else', async () => {
    expect(await view()).toMatchObject({
      state: 'held',
      waiting: 'checkers',
      findings: [],
      hasResult: false,
      checks: { votes: 0, needed: 2, questions: [] },
      may: ['cancel'],
    })
    const review = await s.h.call('jobs', 'review', { as: p('chen'), params: { jobId } })
    expect(review).toMatchObject({
      subjects: 60,
      outputs: [{ name: 'held_number', rows: [[{ value: 41.5 }]] }],
      files: [{ name: 'plot.png', type: 'image/png', base64: Buffer.from('a picture').toString('base64') }],
      question: { code: 'plot()' },
      votes: [],
      job: { may: ['check'] },
    })
    expect(review.findings.length).toBeGreaterThan(0)
    for (const who of ['anil', 'cleo', 'otto'])
      expect(await s.h.refused('jobs', 'review', { as: p(who), params: { jobId } })).toMatchObject({
        kind: 'forbidden',
      })
    expect(await s.h.refused('jobs', 'review', { as: p('rosa'), params: { jobId } })).toMatchObject({
      kind: 'not-found',
    })
    expect(await s.h.refused('jobs', 'result', { as: p('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
    expect(await s.h.refused('jobs', 'download', { as: p('anil'), params: { jobId, format: 'json' } })).toMatchObject({
      kind: 'result-not-released',
    })
    expect(JSON.stringify([await view(), await s.h.call('jobs', 'list', { as: p('anil') })])).not.toMatch(
      /41\.5|held_number|plot\.png/,
    )
    expect(await everything(s.h.deps.table, keyOf.dataset(s.datasetId).pk, `RELEASED#user-anil#${jobId}`)).toEqual([])
  })
  it('is released by two approvals, with plots and a card that says so', async () => {
    expect((await vote('chen', 'approve')).body).toMatchObject({ state: 'held', checks: { votes: 1 } })
    expect((await vote('chen', 'approve', 'still')).body).toMatchObject({ state: 'held', checks: { votes: 1 } })
    expect((await vote('dora', 'approve')).body).toMatchObject({ state: 'succeeded', hasResult: true })
    const result = await s.h.call('jobs', 'result', { as: p('anil'), params: { jobId } })
    expect(result).toMatchObject({
      outputs: [{ name: 'held_number' }],
      files: [{ name: 'plot.png', url: expect.stringContaining('http') as string }],
      card: { checkers: 2, mode: 'review', purpose: 'a figure' },
    })
    expect(Buffer.from(await s.h.objects.get('released', `jobs/${jobId}/files/plot.png`)).toString()).toBe('a picture')
    expect(await s.left('quarantine', jobId)).toEqual([])
    expect(
      await everything<ReleasedItem>(s.h.deps.table, keyOf.dataset(s.datasetId).pk, `RELEASED#user-anil#${jobId}`),
    ).toMatchObject([{ cells: [{ subjects: 60 }] }])
    expect((await vote('dina', 'reject')).body).toMatchObject({ kind: 'wrong-state' })
  })
  it('is blocked by two rejections', async () => {
    await vote('chen', 'reject')
    expect((await vote('dora', 'reject', 'too fine')).body).toMatchObject({
      state: 'blocked',
      problem: { code: 'checkers-refused' },
      hasResult: false,
    })
    expect(await s.left('quarantine', jobId)).toEqual([])
    expect(JSON.stringify(await view())).not.toContain('too fine')
    expect(await s.h.refused('jobs', 'result', { as: p('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
  })
  it('keeps votes blind until one’s own is in; one of each shows both, and either may change', async () => {
    const seen = async (who: string) => (await s.h.call('jobs', 'review', { as: p(who), params: { jobId } })).votes
    await vote('chen', 'approve', 'fine by me')
    expect(await seen('dora')).toEqual([])
    expect(await seen('chen')).toEqual([])
    await vote('dora', 'reject', 'not by me')
    expect(await state()).toBe('held')
    expect(await seen('chen')).toMatchObject([{ name: 'Dora', vote: 'reject', comment: 'not by me' }])
    expect(await seen('dora')).toMatchObject([{ name: 'Chen', vote: 'approve' }])
    expect(await seen('dina')).toEqual([])
    await vote('chen', 'reject')
    expect(await state()).toBe('blocked')
  })
  it('goes to a third checker when two disagree', async () => {
    await vote('chen', 'approve')
    await vote('dora', 'reject')
    await vote('dina', 'approve')
    expect(await state()).toBe('succeeded')
  })
  it('counts two approvals at the same moment once', async () => {
    await Promise.all([vote('chen', 'approve'), vote('dora', 'approve'), vote('dina', 'approve')])
    expect(await state()).toBe('succeeded')
    const chain = await everything<{ act: string; object: string }>(s.h.deps.table, `AUDIT#${s.organisationId}`, '')
    expect(chain.filter((e) => e.object === `job ${jobId}` && e.act === 'job.voted')).toHaveLength(3)
  })
  it('comes back with a question, and waits for the answer', async () => {
    expect(
      (await s.h.answer('jobs', 'answer', { as: p('anil'), params: { jobId }, body: { text: 'nobody asked' } })).body,
    ).toMatchObject({ kind: 'wrong-state' })
    expect((await vote('chen', 'ask')).body).toMatchObject({
      kind: 'invalid-request',
      errors: [{ path: '/body/comment' }],
    })
    expect((await vote('chen', 'ask', 'What is on the y axis?')).body).toMatchObject({
      state: 'held',
      waiting: 'answer',
      checks: { votes: 0 },
    })
    expect(await view()).toMatchObject({
      waiting: 'answer',
      may: ['cancel', 'answer'],
      checks: { questions: [{ by: 'checker', text: 'What is on the y axis?' }] },
    })
    expect(
      await s.h.refused('jobs', 'answer', { as: p('cleo'), params: { jobId }, body: { text: 'x' } }),
    ).toMatchObject({ kind: 'forbidden' })
    expect(
      await s.h.call('jobs', 'answer', { as: p('anil'), params: { jobId }, body: { text: 'The mean.' } }),
    ).toMatchObject({ waiting: 'checkers', checks: { questions: [{}, { by: 'analyst', text: 'The mean.' }] } })
  })
  it('is nobody’s own to check', async () => {
    await s.h.deps.table.update(keyOf.member(s.organisationId, 'user-carl'), {
      set: { roles: ['analyst', 'custodian', 'checker'] },
    })
    jobId = await asked('carl')
    expect((await vote('carl', 'approve')).body).toMatchObject({ kind: 'own-output' })
    expect(await s.h.refused('jobs', 'review', { as: p('carl'), params: { jobId } })).toMatchObject({
      kind: 'own-output',
    })
    const { items } = await s.h.call('jobs', 'reviews', { as: p('carl'), params: { organisationId: s.organisationId } })
    expect(items.find((i) => i.jobId === jobId)).toMatchObject({ own: true })
  })
  it('may be stopped, and then nothing of it is left', async () => {
    await vote('chen', 'approve')
    expect(await s.h.call('jobs', 'cancel', { as: p('anil'), params: { jobId } })).toMatchObject({ state: 'cancelled' })
    expect(await s.left('quarantine', jobId)).toEqual([])
    expect((await vote('dora', 'approve')).body).toMatchObject({ kind: 'wrong-state' })
    expect(await s.h.refused('jobs', 'review', { as: p('dora'), params: { jobId } })).toMatchObject({
      kind: 'wrong-state',
    })
  })
  it('ends as the votes say when the host dies at any write of the last one', async () => {
    for (const when of ['before', 'after'] as const) {
      let writes = 0
      let died = true
      while (died && writes < 20) {
        writes++
        jobId = await asked()
        await vote('chen', 'approve')
        s.kill(writes, when)
        await vote('dora', 'approve')
        died = s.dead()
        s.kill(undefined)
        await s.steps.watch()
        await s.steps.watch()
        const voted = await s.h.deps.table.get(keyOf.vote(jobId, 'user-dora'))
        expect(await state(), `${when} ${writes}`).toBe(voted ? 'succeeded' : 'held')
        expect((await s.left('quarantine', jobId)).length > 0).toBe(!voted)
      }
      expect([died, writes > 6]).toEqual([false, true])
    }
  })
})

describe('the queue', () => {
  it('lists what waits first, and what was decided on request', async () => {
    await vote('chen', 'approve')
    const open = await s.h.call('jobs', 'reviews', { as: p('chen'), params: { organisationId: s.organisationId } })
    expect(open.items.every((i) => i.state === 'held')).toBe(true)
    expect(open.items.find((i) => i.jobId === jobId)).toMatchObject({
      dataset: 'trial',
      owner: 'Anil',
      purpose: 'a figure',
      votes: 1,
      voted: true,
      own: false,
      waiting: 'checkers',
    })
    await vote('dora', 'approve')
    const ids = async (which: 'open' | 'all') =>
      (
        await s.h.call('jobs', 'reviews', {
          as: p('dora'),
          params: { organisationId: s.organisationId },
          query: { state: which, limit: 200 },
        })
      ).items.map((i) => i.jobId)
    expect(await ids('open')).not.toContain(jobId)
    expect(await ids('all')).toContain(jobId)
    expect(
      await s.h.refused('jobs', 'reviews', { as: p('anil'), params: { organisationId: s.organisationId } }),
    ).toMatchObject({ kind: 'forbidden' })
  })
})
