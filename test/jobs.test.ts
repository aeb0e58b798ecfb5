/**
 * Jobs from the question to the end, over real parts and an engine in memory: who sees what, who may do what, and that
 * every step may run twice.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ask } from '../contracts/jobs.ts'
import type { z } from 'zod'
import { jobCodes } from '../domain/release/job-codes.ts'
import { jobLife, jobStates, mayBecome } from '../domain/jobs/life.ts'
import { move } from '../functions/workflow/job-item.ts'
import { type DatasetItem, keyOf, type ReleasedItem } from '../functions/kernel/items.ts'
import { everything, type Stage, stage } from './jobs-walk.ts'
import { people, reportOf } from '../simulation/memory-engine.ts'
import { eventsIn } from '../functions/kernel/testing/chain.ts'

let here: Stage
const anil = () => here.h.person('anil')
const body = (more: Partial<z.input<typeof Ask>> = {}): z.input<typeof Ask> => ({
  dataset: 'trial',
  language: 'python',
  code: 'print(1)',
  mode: 'rules',
  ...more,
})
const ask = (more: Partial<z.input<typeof Ask>> = {}) => here.h.call('jobs', 'ask', { as: anil(), body: body(more) })
const get = (jobId: string, who = 'anil') => here.h.call('jobs', 'get', { as: here.h.person(who), params: { jobId } })
const walked = async (more: Partial<z.input<typeof Ask>> = {}) => {
  const { jobId } = await ask(more)
  await here.walk()
  return get(jobId)
}
const counting = (ids: readonly number[]) => ({
  outputs: [
    {
      type: 'table',
      name: 'people',
      columns: [
        { name: 'sex', kind: 'group' },
        { name: 'n', kind: 'count' },
      ],
      rows: [
        ['F', ids.filter((i) => i % 2).length],
        ['M', ids.filter((i) => !(i % 2)).length],
      ],
    },
  ],
})
const rare = [{ table: 'subjects', column: 'site', is: 'equal' as const, value: 'rare' }]

beforeAll(async () => {
  here = await stage()
})
afterAll(() => here.h.close())

describe('the life of a job', () => {
  it('allows what the table allows, and nothing out of an end', async () => {
    for (const from of jobStates)
      for (const to of jobStates)
        expect(mayBecome(from, to), `${from} ${to}`).toBe(from === to || jobLife[from].to.includes(to))
    for (const end of jobStates.filter((x) => !jobLife[x].live)) expect(jobLife[end].to).toEqual([])
    // A way to the end from every live state, and a way to stop it.
    for (const live of jobStates.filter((x) => jobLife[x].live)) expect(jobLife[live].to).toContain('cancelled')
  })
  it('refuses in the one place where a state changes', async () => {
    const { jobId } = await ask()
    const job = await here.job(jobId)
    await expect(move(here.h.deps, job, { to: 'succeeded' })).rejects.toMatchObject({ name: 'JobMovedOn' })
    await move(here.h.deps, job, { to: 'running' })
    await expect(move(here.h.deps, job, { to: 'running' })).rejects.toMatchObject({ name: 'JobMovedOn' })
    await here.h.call('jobs', 'cancel', { as: anil(), params: { jobId } })
    await expect(move(here.h.deps, await here.job(jobId), { to: 'running' })).rejects.toMatchObject({
      name: 'JobMovedOn',
    })
  })
})

describe('a script under rules', () => {
  it('walks to a release, and tells nobody but the custodian what it printed', async () => {
    here.container.send = (job, m) => reportOf(job, m, counting)
    const job = await walked({ title: 'Counts', code: 'people = n' })
    expect(job).toMatchObject({
      state: 'succeeded',
      hasResult: true,
      confinement: 'bubblewrap',
      steps: [
        { step: 'prepare', state: 'done' },
        { step: 'compute', state: 'done' },
        { step: 'check', state: 'done' },
        { step: 'settle', state: 'done' },
      ],
      may: [],
    })
    const { jobId } = job
    const result = await here.h.call('jobs', 'result', { as: anil(), params: { jobId } })
    expect(result.outputs[0]).toMatchObject({
      name: 'people',
      type: 'table',
      rows: [
        [{ value: 'F' }, { value: expect.any(Number) as number }],
        [{ value: 'M' }, {}],
      ],
    })
    expect(result.card).toMatchObject({
      jobId,
      confinement: 'bubblewrap',
      dataset: { name: 'trial', version: 1 },
      asked: 'people = n',
    })
    expect(await here.left('quarantine', jobId)).toEqual([])
    expect((await here.left('protected', jobId)).sort()).toEqual([`jobs/${jobId}/ask.json`, `jobs/${jobId}/log.json`])
    const seen = JSON.stringify([
      await get(jobId),
      result,
      await here.h.call('jobs', 'list', { as: anil() }),
      await here.h.call('jobs', 'question', { as: anil(), params: { jobId } }),
      here.h.logs,
    ])
    expect(seen).not.toMatch(/by-the-script/)
    expect(await here.h.refused('jobs', 'inspect', { as: anil(), params: { jobId } })).toMatchObject({
      kind: 'forbidden',
    })
    const inspected = await here.h.call('jobs', 'inspect', { as: here.h.person('cleo'), params: { jobId } })
    expect(inspected).toMatchObject({
      subjects: 60,
      runs: [
        { run: 'all', subjects: 60, end: 'finished', stdout: 'printed-by-the-script' },
        ...Array.from({ length: 8 }, () => ({ end: 'finished' })),
      ],
    })
    for (const format of ['json', 'csv', 'ro-crate'] as const) {
      const link = await here.h.call('jobs', 'download', { as: anil(), params: { jobId, format } })
      expect(link).toMatchObject({
        filename: expect.stringContaining(jobId) as string,
        url: expect.stringContaining('http') as string,
      })
    }
  })
  it('says class and line of an error, and not its text', async () => {
    here.container.send = (job, manifest) =>
      reportOf(job, manifest, counting, {
        end: 'script-error',
        exitCode: 1,
        errorClass: 'KeyError',
        line: 3,
        outputs: [],
        stderr: 'KeyError: secret-of-a-row',
      })
    const job = await walked()
    expect(job).toMatchObject({
      state: 'failed',
      problem: {
        code: 'script-error',
        message: jobCodes['script-error'],
        step: 'compute',
        errorClass: 'KeyError',
        line: 3,
      },
      findings: [],
    })
    expect(JSON.stringify(job)).not.toContain('secret-of-a-row')
  })
  it('fails as the platform’s when nothing came back, or something that is no report', async () => {
    here.container.send = () => undefined
    expect(await walked()).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' } })
    here.container.send = () => new TextEncoder().encode('not a report')
    expect(await walked()).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' } })
    here.container.send = (_, m) => reportOf('job_of-somebody-else', m, counting)
    expect(await walked()).toMatchObject({ state: 'failed', problem: { code: 'infrastructure' } })
  })
  it('shows no findings, problem or number while nothing is decided', async () => {
    const { jobId } = await ask()
    await here.steps.prepare({ jobId, attempt: 1 })
    expect(await get(jobId)).toMatchObject({ state: 'running', findings: [] })
    expect(JSON.stringify(await get(jobId))).not.toMatch(/"(subjects|fingerprint|attempt|charge)"/)
    await here.h.call('jobs', 'cancel', { as: anil(), params: { jobId } })
    here.started.length = 0
  })
})

describe('a query', () => {
  it('is computed, judged and released cell by cell', async () => {
    const job = await walked({ language: 'sql', code: 'by site' })
    expect(job).toMatchObject({ state: 'succeeded', kind: 'query', confinement: 'duckdb' })
    const { outputs, card } = await here.h.call('jobs', 'result', { as: anil(), params: { jobId: job.jobId } })
    const rows = Object.fromEntries(outputs[0]!.rows.map((r) => [r[0]!.value, r[1]]))
    expect(rows['rare']).toEqual({ value: null, suppressed: true })
    expect(job.findings.map((f) => f.rule)).toContain('minimum-subjects')
    expect(card.confinement).toBe('duckdb')
    const csv = await here.h.call('jobs', 'download', { as: anil(), params: { jobId: job.jobId, format: 'csv' } })
    expect(csv.filename).toBe(`${job.jobId}.csv`)
  })
  it('under review shows checkers the table as it is, and the analyst nothing', async () => {
    const job = await walked({ language: 'sql', code: 'by site', mode: 'review', purpose: 'a table' })
    expect(job).toMatchObject({ state: 'held', findings: [] })
    const review = await here.h.call('jobs', 'review', {
      as: here.h.person('chen'),
      params: { jobId: job.jobId },
    })
    expect(review.outputs[0]!.rows.map((r) => r.map((c) => c.value))).toEqual([
      ['north', 28],
      ['south', 28],
      ['rare', 4],
    ])
    expect(review.findings.map((f) => f.rule)).toContain('minimum-subjects')
  })
})

describe('noise', () => {
  const noisy = { language: 'sql' as const, code: 'by sex', mode: 'noise' as const, epsilon: 0.5 }
  it('is charged, drawn and released', async () => {
    const before = await here.budget()
    const job = await walked(noisy)
    expect(job).toMatchObject({ state: 'succeeded', epsilon: 0.5 })
    const after = await here.budget()
    const { charge } = await here.job(job.jobId)
    expect(after.spent - before.spent).toBe(charge)
    const { card } = await here.h.call('jobs', 'result', { as: anil(), params: { jobId: job.jobId } })
    expect(card.cost.nanoRho).toBe(charge)
    expect(
      await everything(here.h.deps.table, keyOf.dataset(here.datasetId).pk, `RELEASED#user-anil#${job.jobId}`),
    ).toEqual([])
  })
  it('is drawn once, however often its check runs', async () => {
    const { jobId } = await ask(noisy)
    const step = { jobId, attempt: 1 }
    await here.steps.prepare(step)
    await here.steps.query(step)
    // The release is lost each time after the draw: nothing but the first draw may ever be seen.
    const { table, objects } = here.h.deps
    const seen = new Set<string>()
    for (let i = 0; i < 5; i++) {
      here.kill(5 + (i % 3), 'before')
      await Promise.allSettled([here.steps.check(step), here.steps.check(step)])
      here.kill(undefined)
      const drawn = (await table.get<{ drawn?: string }>(keyOf.job(jobId)))?.drawn
      if (drawn) seen.add(drawn)
    }
    await here.steps.check(step)
    seen.add((await here.job(jobId)).drawn!)
    expect(seen.size).toBe(1)
    const kept = JSON.parse(
      Buffer.from(await objects.get('quarantine', `jobs/${jobId}/verdict-${[...seen][0]}.json`)).toString(),
    ) as { outputs: unknown }
    await here.steps.settle(step)
    expect((await here.h.call('jobs', 'result', { as: anil(), params: { jobId } })).outputs).toEqual(kept.outputs)
    here.started.length = 0
  })
  it('stays charged when the end depends on the data, and is given back when nothing was touched', async () => {
    const ended = async (more: Partial<z.input<typeof Ask>>, change?: () => Promise<unknown>) => {
      const { jobId } = await ask({ ...noisy, ...more })
      await change?.()
      await here.walk()
      return here.job(jobId)
    }
    expect(await ended({ cohort: rare })).toMatchObject({ state: 'succeeded', charged: 'committed' })
    const stopped = await ask(noisy)
    await here.h.call('jobs', 'cancel', { as: anil(), params: { jobId: stopped.jobId } })
    expect((await here.job(stopped.jobId)).charged).toBeUndefined()
    const begun = await ask(noisy)
    await here.steps.prepare({ jobId: begun.jobId, attempt: 1 })
    await here.h.call('jobs', 'cancel', { as: anil(), params: { jobId: begun.jobId } })
    expect(await here.job(begun.jobId)).toMatchObject({ state: 'cancelled', charged: 'committed' })
    here.started.length = 0
    const budget = await here.budget()
    expect(
      Object.keys(budget).filter((k) => k.startsWith('hold_') && (budget as unknown as Record<string, number>)[k]! > 0),
    ).toEqual([])
    expect(budget.available + budget.spent).toBe(budget.limit)
  })
  it('never says under noise that a cohort is small: only a declared size refuses blocks', async () => {
    expect(await walked({ language: 'sql', code: 'all', mode: 'noise', epsilon: 0.1, cohort: rare })).toMatchObject({
      state: 'succeeded',
    })
    const script = { mode: 'noise' as const, epsilon: 0.5, declared: [{ name: 'm', low: 0, high: 100 }] }
    here.container.send = (job, m) => reportOf(job, m, () => ({ m: 1 }))
    expect((await walked(script)).problem?.code).not.toBe('too-small-for-noise')
    await here.h.deps.table.update<DatasetItem>(keyOf.dataset(here.datasetId), {
      set: { declaredSubjects: 'about 1,200' },
    })
    expect(await walked(script)).toMatchObject({ state: 'blocked', problem: { code: 'too-small-for-noise' } })
    await here.h.deps.table.update<DatasetItem>(keyOf.dataset(here.datasetId), { remove: ['declaredSubjects'] })
  })
})

describe('a cohort of four', () => {
  it('is blocked without saying four', async () => {
    const job = await walked({ cohort: rare })
    expect(job).toMatchObject({
      state: 'blocked',
      problem: { code: 'cohort-too-small', step: 'prepare' },
      hasResult: false,
    })
    const {
      jobId: _,
      pin: __,
      created: ___,
      ended: ____,
      steps: _____,
      datasetId: ______,
      organisationId: _______,
      ...rest
    } = job
    expect(JSON.stringify(rest)).not.toMatch(/\b4\b|four/)
    expect(await here.h.refused('jobs', 'result', { as: anil(), params: { jobId: job.jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
    const chain = await eventsIn(here.h.deps.table, here.organisationId)
    expect(JSON.stringify(chain.filter((e) => e.object === `job ${job.jobId}`).map((e) => e.detail))).not.toMatch(
      /\b4\b/,
    )
    expect(JSON.stringify(here.h.logs)).not.toContain('"subjects"')
    expect(
      await here.h.call('jobs', 'inspect', { as: here.h.person('cleo'), params: { jobId: job.jobId } }),
    ).toMatchObject({
      subjects: 4,
    })
  })
})

describe('differencing', () => {
  it('blocks a cohort that differs from an earlier one by a few, and only then', async () => {
    here.container.send = (job, m) => reportOf(job, m, counting)
    const own = { table: 'subjects', column: 'age', is: 'between' as const }
    const near = people.filter((p) => p.age <= 67).length
    expect(people.length - near).toBeLessThan(10)
    // The same people again are no news.
    expect(await walked({ cohort: [{ ...own, from: 0 }] })).toMatchObject({ state: 'succeeded' })
    expect(await walked({ cohort: [{ ...own, to: 67 }] })).toMatchObject({
      state: 'blocked',
      problem: { code: 'differencing', step: 'prepare' },
    })
    expect(await walked({ cohort: [{ table: 'subjects', column: 'sex', is: 'equal', value: 'F' }] })).not.toMatchObject(
      { problem: { code: 'differencing' } },
    )
  })
  it('sees two jobs that are checked at the same moment', async () => {
    const other = await stage()
    try {
      other.container.send = (job, m) => reportOf(job, m, counting)
      const asks = await Promise.all(
        [65, 66].map((to) =>
          other.h.call('jobs', 'ask', {
            as: other.h.person('anil'),
            body: body({ cohort: [{ table: 'subjects', column: 'age', is: 'between', to }] }),
          }),
        ),
      )
      for (const { jobId } of asks) {
        const { compute } = await other.steps.prepare({ jobId, attempt: 1 })
        expect(compute).toBe('container')
        const manifest = JSON.parse(
          Buffer.from(await other.h.objects.get('protected', `jobs/${jobId}/inputs/manifest.json`)).toString(),
        ) as Parameters<typeof reportOf>[1]
        await other.h.objects.put(
          'quarantine',
          `jobs/${jobId}/report.json.gz`,
          reportOf(jobId, manifest, counting),
          'application/gzip',
        )
      }
      await Promise.all(asks.map(({ jobId }) => other.steps.check({ jobId, attempt: 1 })))
      const outcomes = await Promise.all(asks.map(async ({ jobId }) => (await other.job(jobId)).outcome))
      expect(outcomes.filter((o) => o === 'succeeded').length).toBeLessThanOrEqual(1)
      expect(outcomes).toContain('blocked')
      const kept = await everything<ReleasedItem>(other.h.deps.table, keyOf.dataset(other.datasetId).pk, 'RELEASED#')
      expect(kept.filter((k) => (k as { refused?: true }).refused !== true).length).toBe(
        outcomes.filter((o) => o === 'succeeded').length,
      )
    } finally {
      await other.h.close()
    }
  })
})

describe('asking', () => {
  it('answers a repeated request with the same job', async () => {
    const at = { as: anil(), body: body({ code: 'print("again")' }) }
    const send = (key: string, more = at) => here.h.answer('jobs', 'ask', { ...more, idempotencyKey: key })
    const [first, second] = await Promise.all([send('key-1'), send('key-1')])
    expect([first.status, second.status]).toEqual([202, 202])
    const { jobId } = first.body as { jobId: string }
    expect((second.body as { jobId: string }).jobId).toBe(jobId)
    expect(await send('key-1', { ...at, body: body({ code: 'print("other")' }) })).toMatchObject({
      status: 409,
      body: { kind: 'already-exists' },
    })
    expect((await send('key-2')).body).not.toMatchObject({ jobId })
    expect(here.started.filter((e) => e.jobId === jobId)).toHaveLength(1)
    here.container.send = (job, m) => reportOf(job, m, counting)
    await here.walk()
    expect((await send('key-1')).body).toMatchObject({ jobId, state: 'succeeded' })
  })
  it('takes text of any script up to its size and gives it back unchanged; a key is visible ASCII', async () => {
    const sent = async (more: Partial<z.input<typeof Ask>>, key?: string) => {
      const answer = await here.h.answer('jobs', 'ask', {
        as: anil(),
        body: body(more),
        ...(key === undefined ? {} : { idempotencyKey: key }),
      })
      const { jobId } = answer.body as { jobId?: string }
      const asked =
        jobId === undefined ? undefined : await here.h.call('jobs', 'question', { as: anil(), params: { jobId } })
      if (jobId !== undefined) await here.h.call('jobs', 'cancel', { as: anil(), params: { jobId } })
      return { status: answer.status, asked }
    }
    const parameters = { ключ: ['\u202e', '\u0000', '🧠', { constructor: 2 }], big: 1e308 }
    for (const code of ['print("é漢字🧠\u202e")', '\u0000', 'a\r\nb\rc\u2028d', ' ', 'x'.repeat(1_000_000)])
      expect(await sent({ code, parameters })).toMatchObject({ status: 202, asked: { code, parameters } })
    for (const code of ['', 'x'.repeat(1_000_001), '\ud800']) expect((await sent({ code })).status).toBe(400)
    expect((await sent({ parameters: { x: 'y'.repeat(2_100_000) } })).status).toBe(413)
    for (const key of ['ключ', 'k'.repeat(201), 'a b']) expect((await sent({}, key)).status, key).toBe(400)
  })
  it('checks filters, policy and purpose against declarations, field by field', async () => {
    const refused = (more: Partial<z.input<typeof Ask>>) =>
      here.h.refused('jobs', 'ask', { as: anil(), body: body(more) })
    const cohort = [
      { table: 'nowhere', column: 'age', is: 'known' as const },
      { table: 'subjects', column: 'agee', is: 'known' as const },
      { table: 'subjects', column: 'age', is: 'equal' as const, value: 'old' },
      { table: 'subjects', column: 'sex', is: 'in' as const, values: ['F', 'X'] },
      { table: 'subjects', column: 'id', is: 'equal' as const, value: 7 },
      { table: 'subjects', column: 'sex', is: 'between' as const, from: 'A' },
      { table: 'subjects', column: 'age', is: 'between' as const, from: 9, to: 3 },
    ]
    expect(await refused({ cohort })).toMatchObject({
      kind: 'invalid-cohort',
      errors: ['/0/table', '/1/column', '/2/value', '/3/values/1', '/4/column', '/5/is', '/6/to'].map((pointer) => ({
        path: `/body/cohort${pointer}`,
      })),
    })
    expect(await refused({ language: 'sql', code: 'select nowhere' })).toMatchObject({
      kind: 'invalid-query',
      names: ['nowhere'],
    })
    expect(await refused({ mode: 'review' })).toMatchObject({
      kind: 'invalid-request',
      errors: [{ path: '/body/purpose' }],
    })
    expect(await refused({ mode: 'noise' })).toMatchObject({
      kind: 'invalid-request',
      errors: [{ path: '/body/declared' }],
    })
    expect(await refused({ mode: 'noise', declared: [{ name: 'm', low: 1, high: 1 }] })).toMatchObject({
      errors: [{ path: '/body/declared/0/high' }],
    })
    expect(await refused({ mode: 'noise', declared: [{ name: 'm', low: 0, high: 1 }], epsilon: 100 })).toMatchObject({
      kind: 'budget-exhausted',
    })
    expect(await refused({ dataset: 'nothing' })).toMatchObject({ kind: 'not-found' })
    expect(await here.h.refused('jobs', 'ask', { as: here.h.person('chen'), body: body() })).toMatchObject({
      kind: 'forbidden',
    })
    expect(
      await here.h.refused('jobs', 'ask', { as: here.h.person('anil', { scopes: ['jobs:read'] }), body: body() }),
    ).toMatchObject({ kind: 'forbidden' })
    expect(
      await here.h.refused('jobs', 'ask', {
        as: here.h.person('stranger'),
        body: body({ dataset: here.datasetId }),
      }),
    ).toMatchObject({ kind: 'not-found' })
    await here.policy({ languages: ['sql'], modes: ['rules'] })
    expect(await refused({})).toMatchObject({ kind: 'policy-forbids' })
    await here.policy({
      languages: ['sql', 'python', 'r', 'notebook'],
      people: { kind: 'named', userIds: ['user-rosa'] },
    })
    expect(await refused({})).toMatchObject({ kind: 'policy-forbids' })
    await here.policy({ people: { kind: 'analysts' }, modes: ['rules', 'noise', 'review'] })
  })
  it('quotes what it would cost, and what stands in the way', async () => {
    const quote = (more: Partial<z.input<typeof Ask>> = {}) =>
      here.h.call('jobs', 'quote', { as: anil(), body: body(more) })
    expect(
      await quote({ code: 'open(os.environ["CLOISTER_OUTPUT"] + "/result.json", "w").write("{}")' }),
    ).toMatchObject({ acceptable: true, approval: 'not-needed', cost: { nanoRho: 0 }, runs: 9, advice: [] })
    expect(await quote()).toMatchObject({ acceptable: true, advice: [{ level: 'warning', code: 'no-result' }] })
    const noisy = await quote({ mode: 'noise', language: 'sql', code: 'all', epsilon: 2 })
    // The noise of a count, before anything is asked: 1 / sqrt(2 rho).
    expect(noisy.advice).toMatchObject([
      {
        level: 'hint',
        message: expect.stringContaining(
          `n ± ${Number((1 / Math.sqrt((2 * noisy.cost.nanoRho) / 1e9)).toPrecision(2))}.`,
        ),
      },
    ])
    expect(noisy.cost.nanoRho).toBeGreaterThan(0)
    expect(noisy.cost.left).toBeLessThan(10)
    expect(await quote({ cohort: [{ table: 'subjects', column: 'x', is: 'known' }] })).toMatchObject({
      acceptable: false,
      advice: [{ level: 'error', code: 'invalid-cohort' }, { code: 'no-result' }],
    })
    expect((await quote({ code: 'print(2)' })).pin).not.toBe((await quote()).pin)
  })
  it('stops at twenty that are not over', async () => {
    const other = await stage()
    try {
      const jobs = []
      for (let i = 0; i < 20; i++)
        jobs.push(await other.h.call('jobs', 'ask', { as: other.h.person('anil'), body: body() }))
      expect(await other.h.refused('jobs', 'ask', { as: other.h.person('anil'), body: body() })).toMatchObject({
        kind: 'too-many-jobs',
      })
      await other.h.call('jobs', 'ask', { as: other.h.person('rosa'), body: body() })
      await other.h.call('jobs', 'cancel', { as: other.h.person('anil'), params: { jobId: jobs[0]!.jobId } })
      await other.h.call('jobs', 'ask', { as: other.h.person('anil'), body: body() })
    } finally {
      await other.h.close()
    }
  })
})

describe('stopping', () => {
  it('has one winner of two, and never one after the end', async () => {
    const { jobId } = await ask()
    const both = await Promise.all([1, 2].map(() => here.h.answer('jobs', 'cancel', { as: anil(), params: { jobId } })))
    expect(both.map((r) => r.status).sort()).toEqual([200, 409])
    expect(await get(jobId)).toMatchObject({ state: 'cancelled', problem: { code: 'cancelled' }, may: [] })
    expect(here.started.some((e) => e.jobId === jobId)).toBe(false)
  })
  it('races with settling: either released, or nothing is', async () => {
    here.container.send = (job, m) => reportOf(job, m, counting)
    for (let i = 0; i < 6; i++) {
      const { jobId } = await ask({ code: `print(${i})` })
      await here.steps.prepare({ jobId, attempt: 1 })
      const manifest = JSON.parse(
        Buffer.from(await here.h.objects.get('protected', `jobs/${jobId}/inputs/manifest.json`)).toString(),
      ) as Parameters<typeof reportOf>[1]
      await here.h.objects.put(
        'quarantine',
        `jobs/${jobId}/report.json.gz`,
        here.container.send(jobId, manifest)!,
        'application/gzip',
      )
      await here.steps.check({ jobId, attempt: 1 })
      const [, cancelled] = await Promise.all([
        here.steps.settle({ jobId, attempt: 1 }),
        here.h.answer('jobs', 'cancel', { as: anil(), params: { jobId } }),
      ])
      const job = await get(jobId)
      expect(job.state).toBe(cancelled.status === 200 ? 'cancelled' : 'succeeded')
      expect((await here.h.answer('jobs', 'result', { as: anil(), params: { jobId } })).status).toBe(
        job.state === 'succeeded' ? 200 : 409,
      )
      here.started.length = 0
    }
  })
  it('is the owner’s and the custodian’s', async () => {
    const { jobId } = await ask()
    expect(await here.h.refused('jobs', 'cancel', { as: here.h.person('rosa'), params: { jobId } })).toMatchObject({
      kind: 'not-found',
    })
    expect(await here.h.refused('jobs', 'cancel', { as: here.h.person('otto'), params: { jobId } })).toMatchObject({
      kind: 'forbidden',
    })
    expect(await here.h.call('jobs', 'cancel', { as: here.h.person('cleo'), params: { jobId } })).toMatchObject({
      state: 'cancelled',
    })
  })
})

describe('steps run twice', () => {
  it('come to the same end, with nothing done twice', async () => {
    here.container.send = (job, m) => reportOf(job, m, counting)
    const { jobId } = await ask({ code: 'print("twice")' })
    const step = { jobId, attempt: 1 }
    const [first, second] = [await here.steps.prepare(step), await here.steps.prepare(step)]
    expect([first.compute, second.compute]).toEqual(['container', 'container'])
    const manifest = JSON.parse(
      Buffer.from(await here.h.objects.get('protected', `jobs/${jobId}/inputs/manifest.json`)).toString(),
    ) as Parameters<typeof reportOf>[1]
    await here.h.objects.put(
      'quarantine',
      `jobs/${jobId}/report.json.gz`,
      here.container.send(jobId, manifest)!,
      'application/gzip',
    )
    await Promise.all([here.steps.check(step), here.steps.check(step)])
    await here.steps.check(step)
    const decided = await here.job(jobId)
    await Promise.all([here.steps.settle(step), here.steps.settle(step)])
    await here.steps.settle(step)
    expect(await here.job(jobId)).toMatchObject({ state: 'succeeded', released: decided.released })
    // Every step, once more, of a job that is over; and of an attempt that is not the job's.
    const over = await here.job(jobId)
    expect(await here.steps.prepare(step)).toMatchObject({ compute: 'none' })
    for (const again of [here.steps.query, here.steps.check, here.steps.settle]) await again(step)
    expect(await here.steps.prepare({ jobId, attempt: 2 })).toMatchObject({ compute: 'none' })
    expect(await here.job(jobId)).toEqual(over)
    expect(
      await everything<ReleasedItem>(
        here.h.deps.table,
        keyOf.dataset(here.datasetId).pk,
        `RELEASED#user-anil#${jobId}`,
      ),
    ).toHaveLength(1)
    expect(await here.steps.prepare({ jobId: 'job_nobody', attempt: 1 })).toMatchObject({ compute: 'none' })
    here.started.length = 0
  })
})

describe('approval', () => {
  it('waits, is for exactly the pin, and is not one’s own to give', async () => {
    const other = await stage({ approval: true })
    try {
      const send = (who: string, code: string) =>
        other.h.call('jobs', 'ask', { as: other.h.person(who), body: body({ code, purpose: 'to look at it' }) })
      const job = await send('carl', 'print(1)')
      expect(job).toMatchObject({ state: 'queued', waiting: 'approval', may: ['cancel', 'inspect'] })
      expect(other.started).toEqual([])
      const approve = (who: string, b: { pin: string; approve: boolean }, jobId = job.jobId) =>
        other.h.answer('jobs', 'approve', { as: other.h.person(who), params: { jobId }, body: b })
      expect((await approve('carl', { pin: job.pin, approve: true })).body).toMatchObject({ kind: 'own-output' })
      expect((await approve('cleo', { pin: 'f'.repeat(64), approve: true })).body).toMatchObject({
        kind: 'changed-meanwhile',
      })
      expect((await approve('cleo', { pin: job.pin, approve: true })).body).toMatchObject({
        state: 'queued',
        waiting: 'turn',
      })
      expect((await approve('cleo', { pin: job.pin, approve: true })).body).toMatchObject({ kind: 'wrong-state' })
      other.container.send = (id, m) => reportOf(id, m, counting)
      await other.walk()
      expect((await other.job(job.jobId)).state).toBe('succeeded')
      // The same analysis again is approved; an edit is not.
      expect(await send('carl', 'print(1)')).toMatchObject({ waiting: 'turn' })
      const edited = await send('carl', 'print(2)')
      expect(edited).toMatchObject({ waiting: 'approval' })
      expect((await approve('cleo', { pin: edited.pin, approve: false }, edited.jobId)).body).toMatchObject({
        state: 'failed',
        problem: { code: 'approval-refused' },
      })
      expect(await other.left('quarantine', edited.jobId)).toEqual([])
    } finally {
      await other.h.close()
    }
  })
  it('is stale when what would run has changed', async () => {
    const other = await stage({ approval: true })
    try {
      const job = await other.h.call('jobs', 'ask', {
        as: other.h.person('anil'),
        body: body({ purpose: 'to look at it' }),
      })
      await other.h.call('jobs', 'approve', {
        as: other.h.person('cleo'),
        params: { jobId: job.jobId },
        body: { pin: job.pin, approve: true },
      })
      other.h.deps.settings.version = 'another image' // the platform was upgraded in between
      await other.walk()
      const failed = await other.h.call('jobs', 'get', { as: other.h.person('anil'), params: { jobId: job.jobId } })
      expect(failed).toMatchObject({ state: 'failed', problem: { code: 'approval-stale', step: 'prepare' } })
    } finally {
      await other.h.close()
    }
  })
  it('does not outlive a policy, a role or the dataset', async () => {
    const other = await stage()
    try {
      const after = async (change: () => Promise<unknown>, code: string) => {
        const { jobId } = await other.h.call('jobs', 'ask', { as: other.h.person('anil'), body: body() })
        await change()
        await other.walk()
        expect((await other.job(jobId)).problem).toEqual({ code, step: 'prepare' })
      }
      await after(() => other.policy({ languages: ['sql'] }), 'policy-changed')
      await other.policy({ languages: ['python'] })
      await after(() => other.policy({ approval: true }), 'approval-stale')
      await other.policy({ approval: false })
      await after(
        () => other.h.deps.table.update<DatasetItem>(keyOf.dataset(other.datasetId), { set: { state: 'retired' } }),
        'policy-changed',
      )
      await other.h.deps.table.update<DatasetItem>(keyOf.dataset(other.datasetId), { set: { state: 'published' } })
      await after(() => other.h.deps.table.remove(keyOf.member(other.organisationId, 'user-anil')), 'policy-changed')
    } finally {
      await other.h.close()
    }
  })
})

describe('lists', () => {
  it('hold one’s own jobs, filtered, page by page; the custodian’s all of a dataset', async () => {
    const all = await here.h.call('jobs', 'list', { as: anil(), query: { limit: 200 } })
    expect(all.items.length).toBeGreaterThan(10)
    expect(all.items.every((j) => j.owner.userId === 'user-anil')).toBe(true)
    const blocked = await here.h.call('jobs', 'list', { as: anil(), query: { state: 'blocked' } })
    expect(blocked.items.length).toBeGreaterThan(0)
    expect(blocked.items.every((j) => j.state === 'blocked')).toBe(true)
    const paged = []
    for (let after: string | undefined, first = true; first || after; first = false) {
      const page = await here.h.call('jobs', 'list', {
        as: anil(),
        query: { limit: 4, ...(after ? { after } : {}) },
      })
      paged.push(...page.items.map((j) => j.jobId))
      after = page.next
    }
    expect(paged).toEqual(all.items.map((j) => j.jobId))
    const of = await here.h.call('jobs', 'ofDataset', {
      as: here.h.person('cleo'),
      params: { datasetId: here.datasetId },
      query: { limit: 200 },
    })
    expect(of.items.length).toBeGreaterThanOrEqual(all.items.length)
    expect(of.items[0]!.may).toContain('inspect')
    expect(
      (await here.h.call('jobs', 'list', { as: here.h.person('anil', { scopes: ['jobs:write'] }) })).items,
    ).toEqual([])
    expect(
      await here.h.refused('jobs', 'ofDataset', { as: anil(), params: { datasetId: here.datasetId } }),
    ).toMatchObject({
      kind: 'forbidden',
    })
  })
})
