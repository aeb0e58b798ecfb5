/**
 * Outputs under review: two blinded votes, questions and answers, and nothing visible to the analyst before the
 * release.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ReleasedItem } from '../functions/kernel/items.ts'
import { keyOf } from '../functions/kernel/items.ts'
import { everything, type Stage, stage } from './jobs-walk.ts'
import { reportOf } from '../simulation/memory-engine.ts'
import { eventsIn } from '../functions/kernel/testing/chain.ts'

let here: Stage
let jobId: string
beforeAll(async () => {
  here = await stage()
  here.container.send = (job, manifest) =>
    reportOf(
      job,
      manifest,
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
afterAll(() => here.h.close())
const person = (name: string) => here.h.person(name)
const asked = async (who = 'anil') => {
  const job = await here.h.call('jobs', 'ask', {
    as: person(who),
    body: { dataset: 'trial', language: 'python', code: 'plot()', mode: 'review', purpose: 'a figure' },
  })
  await here.walk()
  return job.jobId
}
beforeEach(async () => {
  jobId = await asked()
})
const vote = (who: string, v: 'approve' | 'reject' | 'ask', comment = '') =>
  here.h.answer('jobs', 'vote', { as: person(who), params: { jobId }, body: { vote: v, comment } })
const state = async () => (await here.job(jobId)).state
const view = () => here.h.call('jobs', 'get', { as: person('anil'), params: { jobId } })

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
    const review = await here.h.call('jobs', 'review', { as: person('chen'), params: { jobId } })
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
      expect(await here.h.refused('jobs', 'review', { as: person(who), params: { jobId } })).toMatchObject({
        kind: 'forbidden',
      })
    expect(await here.h.refused('jobs', 'review', { as: person('rosa'), params: { jobId } })).toMatchObject({
      kind: 'not-found',
    })
    expect(await here.h.refused('jobs', 'result', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
    expect(
      await here.h.refused('jobs', 'download', { as: person('anil'), params: { jobId, format: 'json' } }),
    ).toMatchObject({
      kind: 'result-not-released',
    })
    expect(JSON.stringify([await view(), await here.h.call('jobs', 'list', { as: person('anil') })])).not.toMatch(
      /41\.5|held_number|plot\.png/,
    )
    expect(
      await everything(here.h.deps.table, keyOf.dataset(here.datasetId).pk, `RELEASED#user-anil#${jobId}`),
    ).toEqual([])
  })
  it('is released by two approvals, with plots and a card that says so', async () => {
    expect((await vote('chen', 'approve')).body).toMatchObject({ state: 'held', checks: { votes: 1 } })
    expect((await vote('chen', 'approve', 'still')).body).toMatchObject({ state: 'held', checks: { votes: 1 } })
    expect((await vote('dora', 'approve')).body).toMatchObject({ state: 'succeeded', hasResult: true })
    const result = await here.h.call('jobs', 'result', { as: person('anil'), params: { jobId } })
    expect(result).toMatchObject({
      outputs: [{ name: 'held_number' }],
      files: [{ name: 'plot.png', url: expect.stringContaining('http') as string }],
      card: { checkers: 2, mode: 'review', purpose: 'a figure' },
    })
    expect(Buffer.from(await here.h.objects.get('released', `jobs/${jobId}/files/plot.png`)).toString()).toBe(
      'a picture',
    )
    expect(await here.left('quarantine', jobId)).toEqual([])
    expect(
      await everything<ReleasedItem>(
        here.h.deps.table,
        keyOf.dataset(here.datasetId).pk,
        `RELEASED#user-anil#${jobId}`,
      ),
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
    expect(await here.left('quarantine', jobId)).toEqual([])
    expect(JSON.stringify(await view())).not.toContain('too fine')
    expect(await here.h.refused('jobs', 'result', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
  })
  it('keeps votes blind until one’s own is in; one of each shows both, and either may change', async () => {
    const seen = async (who: string) =>
      (await here.h.call('jobs', 'review', { as: person(who), params: { jobId } })).votes
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
    const chain = await eventsIn(here.h.deps.table, here.organisationId)
    expect(chain.filter((e) => e.object === `job ${jobId}` && e.act === 'job.voted')).toHaveLength(3)
  })
  it('comes back with a question, and waits for the answer', async () => {
    expect(
      (
        await here.h.answer('jobs', 'answer', {
          as: person('anil'),
          params: { jobId },
          body: { text: 'nobody asked' },
        })
      ).body,
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
      await here.h.refused('jobs', 'answer', { as: person('cleo'), params: { jobId }, body: { text: 'x' } }),
    ).toMatchObject({ kind: 'forbidden' })
    expect(
      await here.h.call('jobs', 'answer', { as: person('anil'), params: { jobId }, body: { text: 'The mean.' } }),
    ).toMatchObject({ waiting: 'checkers', checks: { questions: [{}, { by: 'analyst', text: 'The mean.' }] } })
  })
  it('is nobody’s own to check', async () => {
    await here.h.deps.table.update(keyOf.member(here.organisationId, 'user-carl'), {
      set: { roles: ['analyst', 'custodian', 'checker'] },
    })
    jobId = await asked('carl')
    expect((await vote('carl', 'approve')).body).toMatchObject({ kind: 'own-output' })
    expect(await here.h.refused('jobs', 'review', { as: person('carl'), params: { jobId } })).toMatchObject({
      kind: 'own-output',
    })
    const { items } = await here.h.call('jobs', 'reviews', {
      as: person('carl'),
      params: { organisationId: here.organisationId },
    })
    expect(items.find((i) => i.jobId === jobId)).toMatchObject({ own: true })
  })
  it('may be stopped, and then nothing of it is left', async () => {
    await vote('chen', 'approve')
    expect(await here.h.call('jobs', 'cancel', { as: person('anil'), params: { jobId } })).toMatchObject({
      state: 'cancelled',
    })
    expect(await here.left('quarantine', jobId)).toEqual([])
    expect((await vote('dora', 'approve')).body).toMatchObject({ kind: 'wrong-state' })
    expect(await here.h.refused('jobs', 'review', { as: person('dora'), params: { jobId } })).toMatchObject({
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
        here.kill(writes, when)
        await vote('dora', 'approve')
        died = here.dead()
        here.kill(undefined)
        await here.steps.watch()
        await here.steps.watch()
        const voted = await here.h.deps.table.get(keyOf.vote(jobId, 'user-dora'))
        expect(await state(), `${when} ${writes}`).toBe(voted ? 'succeeded' : 'held')
        expect((await here.left('quarantine', jobId)).length > 0).toBe(!voted)
      }
      expect([died, writes > 6]).toEqual([false, true])
    }
  })
})

describe('the queue', () => {
  it('lists what waits first, and what was decided on request', async () => {
    await vote('chen', 'approve')
    const open = await here.h.call('jobs', 'reviews', {
      as: person('chen'),
      params: { organisationId: here.organisationId },
    })
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
        await here.h.call('jobs', 'reviews', {
          as: person('dora'),
          params: { organisationId: here.organisationId },
          query: { state: which, limit: 200 },
        })
      ).items.map((i) => i.jobId)
    expect(await ids('open')).not.toContain(jobId)
    expect(await ids('all')).toContain(jobId)
    expect(
      await here.h.refused('jobs', 'reviews', {
        as: person('anil'),
        params: { organisationId: here.organisationId },
      }),
    ).toMatchObject({ kind: 'forbidden' })
  })
})
