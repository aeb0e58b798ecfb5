import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { harness, type Harness } from '../functions/kernel/testing.ts'
import { createSweep } from '../functions/runs/sweep.ts'
import { keyOf, type LinkItem, type RunItem } from '../functions/kernel/items.ts'
import type { Counter } from '../domain/runs/assignment.ts'
import {
  begin,
  endRecord,
  fakeRecord,
  nonceOf,
  plantLink,
  type Planted,
  plantStudy,
  wrappedFor,
} from './ingest-support.ts'
import { eventsIn } from '../functions/kernel/testing/chain.ts'

let platform: Harness
let planted: Planted
beforeAll(async () => {
  platform = await harness()
  planted = await plantStudy(platform)
})
afterAll(() => platform.close())

const load = async (studyId: string): Promise<Record<string, number>> =>
  (await platform.deps.table.get<Counter>(keyOf.assignment(studyId, 1)))?.load ?? {}
const runItem = (runId: string) => platform.deps.table.get<RunItem>(keyOf.run(runId))
const body = (nonce: string) => ({ nonce, kid: planted.kid, wrappedKey: wrappedFor(nonce) })

describe('starting', () => {
  it('shows what is behind a link', async () => {
    const code = await plantLink(platform, planted)
    expect(await platform.call('runs', 'participation', { params: { code } })).toMatchObject({
      study: { title: 'Flanker', organisation: 'Lab', kind: 'web', language: 'en' },
      preview: false,
      version: 1,
      entry: 'index.html',
      key: { kid: planted.kid },
    })
    expect((await platform.refused('runs', 'participation', { params: { code: 'a'.repeat(20) } })).kind).toBe(
      'not-found',
    )
  })
  it('answers the same run and token to the same browser, and another to another', async () => {
    const code = await plantLink(platform, planted)
    const [one, again, other] = [
      await begin(platform, planted, code, nonceOf(1)),
      await begin(platform, planted, code, nonceOf(1)),
      await begin(platform, planted, code, nonceOf(2)),
    ]
    expect(again.runId).toBe(one.runId)
    expect(again.token).toBe(one.token)
    expect(other.runId).not.toBe(one.runId)
    expect(other.token).not.toBe(one.token)
    expect((await platform.deps.table.get<LinkItem>(keyOf.link(code)))!.started).toBe(2)
    expect(JSON.stringify(await runItem(one.runId))).not.toContain(one.token)
  })
  it('gives a single-use link to exactly one of many racing browsers', async () => {
    const code = await plantLink(platform, planted, { kind: 'single' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        platform.answer('runs', 'start', { params: { code }, body: body(nonceOf(`race-${i % 6}`)) }),
      ),
    )
    const won = answers.filter((a) => a.status === 201).map((a) => (a.body as { runId: string }).runId)
    expect(new Set(won).size).toBe(1)
    expect(won).toHaveLength(2)
    expect(
      answers.filter((a) => a.status !== 201).every((a) => (a.body as { kind: string }).kind === 'link-used'),
    ).toBe(true)
  })
  it('fills a quota exactly, whoever races', async () => {
    const code = await plantLink(platform, planted, { quota: 5 })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        platform.answer('runs', 'start', { params: { code }, body: body(nonceOf(`quota-${i % 10}`)) }),
      ),
    )
    expect(new Set(answers.filter((a) => a.status === 201).map((a) => (a.body as { runId: string }).runId)).size).toBe(
      5,
    )
    expect((await platform.deps.table.get<LinkItem>(keyOf.link(code)))!.started).toBe(5)
    expect(
      answers.filter((a) => a.status !== 201).every((a) => (a.body as { kind: string }).kind === 'study-full'),
    ).toBe(true)
  })
  it('still answers a run whose link has expired since, and refuses newcomers', async () => {
    const code = await plantLink(platform, planted, {
      expires: new Date(platform.clock.now().getTime() + 1000).toISOString(),
    })
    const first = await begin(platform, planted, code, nonceOf('early'))
    platform.clock.advance(5)
    expect((await begin(platform, planted, code, nonceOf('early'))).runId).toBe(first.runId)
    expect(
      (await platform.call('runs', 'participation', { params: { code }, query: { nonce: nonceOf('early') } })).version,
    ).toBe(1)
    expect(await platform.refused('runs', 'start', { params: { code }, body: body(nonceOf('late')) })).toMatchObject({
      kind: 'link-expired',
      status: 410,
    })
  })
  it('refuses another key for a run that has one', async () => {
    const code = await plantLink(platform, planted)
    await begin(platform, planted, code, nonceOf('k'))
    expect(
      (
        await platform.refused('runs', 'start', {
          params: { code },
          body: { ...body(nonceOf('k')), wrappedKey: wrappedFor('another') },
        })
      ).kind,
    ).toBe('invalid-request')
    expect(
      (
        await platform.refused('runs', 'start', {
          params: { code },
          body: { ...body(nonceOf('l')), kid: 'key_of_somebody' },
        })
      ).kind,
    ).toBe('invalid-request')
  })
  it('keeps an outside id only as a keyed hash', async () => {
    const code = await plantLink(platform, planted, { outsideIdParameter: 'PID' })
    const one = await begin(platform, planted, code, nonceOf('o1'), 'prolific-5f3c')
    const other = await begin(platform, planted, code, nonceOf('o2'), 'prolific-5f3c')
    const [firstItem, secondItem] = [await runItem(one.runId), await runItem(other.runId)]
    expect(firstItem!.pseudonym).toMatch(/^p_[a-z2-7]{24}$/)
    expect(secondItem!.pseudonym).toBe(firstItem!.pseudonym)
    expect(JSON.stringify(firstItem)).not.toContain('5f3c')
  })
  it('finishes a start that was interrupted anywhere, counting it once', async () => {
    const own = await plantStudy(platform, {
      conditions: [
        { name: 'a', weight: 1 },
        { name: 'b', weight: 1 },
      ],
    })
    for (const failing of ['create RUN', 'update LINK', 'create STUDY', 'update RUN'])
      for (const when of ['before', 'after']) {
        const code = await plantLink(platform, own, { kind: 'single' })
        const before = Object.values(await load(own.studyId)).reduce((n, k) => n + k, 0)
        const { create, update } = platform.deps.table
        const crash =
          (act: 'create' | 'update', write: (...a: never[]) => Promise<unknown>) =>
          async (...args: unknown[]) => {
            const hit =
              `${act} ${(args[0] as { pk: string }).pk.split('#')[0]}` === failing &&
              (args[0] as { sk: string }).sk !== 'DUE'
            if (hit && when === 'before') throw new Error('killed')
            const result = await write(...(args as never[]))
            if (hit) throw new Error('killed')
            return result
          }
        Object.assign(platform.deps.table, {
          create: crash('create', create as never),
          update: crash('update', update as never),
        })
        const nonce = nonceOf(`crash-${failing}-${when}`.replaceAll(' ', '-'))
        const killed = await platform.answer('runs', 'start', {
          params: { code },
          body: { nonce, kid: own.kid, wrappedKey: wrappedFor(nonce) },
        })
        Object.assign(platform.deps.table, { create, update })
        // The counter is created once and replaced afterwards: that write does not fail in later rounds.
        expect([201, 500]).toContain(killed.status)
        const run = await begin(platform, own, code, nonce)
        expect(run.condition).toMatch(/^[ab]$/)
        expect(await platform.deps.table.get<LinkItem>(keyOf.link(code))).toMatchObject({
          started: 1,
          usedBy: run.runId,
        })
        expect(Object.values(await load(own.studyId)).reduce((n, k) => n + k, 0)).toBe(before + 1)
      }
  })
})

describe('assignment', () => {
  it('puts 60 arrivals at once on 4 conditions as 15 each, and counts no preview', async () => {
    const own = await plantStudy(platform, { conditions: ['a', 'b', 'c', 'd'].map((name) => ({ name, weight: 1 })) })
    const [code, preview] = [await plantLink(platform, own), await plantLink(platform, own, { kind: 'preview' })]
    const runs = await Promise.all(
      Array.from({ length: 60 }, (_, index) => [
        begin(platform, own, code, nonceOf(index)),
        ...(index % 6 === 0
          ? [begin(platform, own, preview, nonceOf(`p${index}`)), begin(platform, own, code, nonceOf(index))]
          : []),
      ]).flat(),
    )
    expect(await load(own.studyId)).toEqual({ a: 15, b: 15, c: 15, d: 15 })
    const counted = new Map(runs.map((r) => [r.runId, r.condition]))
    expect(counted.size).toBe(70)
  })
  it('gives a slot back on abort, silence and withdrawal, and takes it again when a silent run speaks', async () => {
    const own = await plantStudy(platform, { conditions: [{ name: 'a', weight: 1 }] })
    const code = await plantLink(platform, own)
    const runs = [
      await begin(platform, own, code, nonceOf('s1')),
      await begin(platform, own, code, nonceOf('s2')),
      await begin(platform, own, code, nonceOf('s3')),
      await begin(platform, own, code, nonceOf('s4')),
    ]
    expect(await load(own.studyId)).toEqual({ a: 4 })
    expect((await runs[0]!.send(1, [fakeRecord(runs[0]!.runId, 1, 'x', { op: 'abort' })])).body).toMatchObject({
      state: 'aborted',
      finish: {},
    })
    expect(await load(own.studyId)).toEqual({ a: 3 })
    const end = await endRecord(runs[1]!.runId, [])
    const receipt = (await runs[1]!.send(1, [end])).body as { finish: { runCode: string; withdrawalCode: string } }
    expect(await load(own.studyId)).toEqual({ a: 3 })
    await platform.call('runs', 'withdraw', { body: receipt.finish })
    expect(await load(own.studyId)).toEqual({ a: 2 })
    const sweep = createSweep(platform.deps)
    platform.clock.advance(30 * 60)
    await runs[3]!.send(1, [fakeRecord(runs[3]!.runId, 1)])
    platform.clock.advance(45 * 60)
    await sweep()
    expect([(await runItem(runs[2]!.runId))!.state, (await runItem(runs[3]!.runId))!.state]).toEqual(['stale', 'live'])
    expect(await load(own.studyId)).toEqual({ a: 1 })
    await sweep()
    expect(await load(own.studyId)).toEqual({ a: 1 })
    expect((await runs[2]!.send(1, [fakeRecord(runs[2]!.runId, 1)])).body).toMatchObject({ state: 'live' })
    expect(await load(own.studyId)).toEqual({ a: 2 })
    platform.clock.advance(2 * 3600)
    await sweep()
    expect(await load(own.studyId)).toEqual({ a: 0 })
  })
})

describe('records', () => {
  it('completes a run when the end has arrived and nothing is missing', async () => {
    const run = await begin(
      platform,
      planted,
      await plantLink(platform, planted, { completionUrl: 'https://app.prolific.com/done?cc=1' }),
      nonceOf('c'),
    )
    const records = [1, 2, 3, 4, 5].map((n) => fakeRecord(run.runId, n))
    expect((await run.send(1, records.slice(0, 2))).body).toMatchObject({ state: 'live', acked: { through: 2 } })
    const end = await endRecord(run.runId, records)
    expect((await run.send(6, [end])).body).toMatchObject({
      state: 'incomplete',
      missing: 3,
      acked: { through: 2, ranges: [[6, 6]] },
    })
    const done = await run.send(3, records.slice(2))
    expect(done.body).toMatchObject({
      state: 'completed',
      acked: { through: 6, ranges: [] },
      finish: { redirect: 'https://app.prolific.com/done?cc=1' },
    })
    expect((await run.send(3, records.slice(2))).body).toEqual(done.body)
    expect((await run.send(1, [fakeRecord(run.runId, 1, 'other')])).body).toMatchObject({ kind: 'record-conflict' })
    expect((await run.send(7, [fakeRecord(run.runId, 7)])).body).toMatchObject({ kind: 'run-finished' })
    expect((await runItem(run.runId))!).toMatchObject({ state: 'completed', received: 6, through: 6, conflicts: 0 })
  })
  it('never completes a run whose bytes are not those its end speaks of', async () => {
    const run = await begin(platform, planted, await plantLink(platform, planted), nonceOf('hash'))
    await run.send(1, [fakeRecord(run.runId, 1)])
    expect((await run.send(2, [await endRecord(run.runId, [fakeRecord(run.runId, 1, 'other')])])).body).toMatchObject({
      state: 'incomplete',
      missing: 0,
    })
  })
  it('refuses other bytes under a used number, and counts it', async () => {
    const run = await begin(platform, planted, await plantLink(platform, planted), nonceOf('conflict'))
    await run.send(1, [fakeRecord(run.runId, 1), fakeRecord(run.runId, 2)])
    expect((await run.send(2, [fakeRecord(run.runId, 2, 'other')])).body).toMatchObject({
      kind: 'record-conflict',
      status: 409,
      seq: 2,
    })
    expect((await runItem(run.runId))!.conflicts).toBe(1)
  })
  it('takes a header at its word only when it says what stands beside it', async () => {
    const run = await begin(platform, planted, await plantLink(platform, planted), nonceOf('header'))
    const good = fakeRecord(run.runId, 1)
    for (const bad of [
      fakeRecord('run_' + 'a'.repeat(32), 1),
      fakeRecord(run.runId, 2),
      { ...good, op: 'replace' as const },
      { ...good, part: 'other' },
      { ...good, jwe: `e30${good.jwe.slice(good.jwe.indexOf('.'))}` },
      { ...good, end: { last: 1, hash: '0'.repeat(64) } },
      fakeRecord(run.runId, 1, 'x', { op: 'end' }),
      { ...good, object: { sha256: '0'.repeat(64), size: 4 } },
    ])
      expect((await run.send(1, [bad])).status, JSON.stringify(bad)).toBe(400)
    expect((await run.standing()).acked.through).toBe(0)
  })
  it('is written only with the run’s own token', async () => {
    const code = await plantLink(platform, planted)
    const [mine, other] = [
      await begin(platform, planted, code, nonceOf('m')),
      await begin(platform, planted, code, nonceOf('n')),
    ]
    const body = { first: 1, records: [fakeRecord(mine.runId, 1)], produced: 1, position: 0 }
    for (const authorization of [
      undefined,
      `Bearer ${other.token}`,
      `Bearer ${code}`,
      `Bearer ${mine.runId}`,
      'Bearer x',
    ])
      expect(
        await platform.refused('runs', 'append', {
          params: { runId: mine.runId },
          body,
          ...(authorization ? { authorization } : {}),
        }),
      ).toMatchObject({ kind: 'run-token-invalid', status: 401 })
    expect(
      (
        await platform.refused('runs', 'append', {
          params: { runId: 'run_' + 'b'.repeat(32) },
          body,
          authorization: mine.authorization,
        })
      ).detail,
    ).toBe(
      (
        await platform.refused('runs', 'append', {
          params: { runId: mine.runId },
          body,
          authorization: other.authorization,
        })
      ).detail,
    )
  })
  it('takes a record with an object only when the object is there', async () => {
    const run = await begin(platform, planted, await plantLink(platform, planted), nonceOf('object'))
    const bytes = new TextEncoder().encode('sealed bytes')
    const { sha256Hex } = await import('../domain/hash.ts')
    const object = { sha256: await sha256Hex(bytes), size: bytes.length }
    expect(
      await platform.call('runs', 'uploads', {
        params: { runId: run.runId },
        authorization: run.authorization,
        body: object,
      }),
    ).toMatchObject({ present: false, upload: { method: 'PUT' } })
    await platform.deps.objects.put('sealed', `runs/${run.runId}/${object.sha256}`, bytes, 'application/octet-stream')
    expect(
      await platform.call('runs', 'uploads', {
        params: { runId: run.runId },
        authorization: run.authorization,
        body: object,
      }),
    ).toEqual({ present: true })
    expect((await run.send(1, [fakeRecord(run.runId, 1, 'x', { op: 'file', object })])).status).toBe(200)
    const sealed = await platform.call('runs', 'sealed', { as: platform.person('ada'), params: { runId: run.runId } })
    expect(sealed.records[0]).toMatchObject({ seq: 1, object, download: { method: 'GET' } })
  })
})

describe('ending without data', () => {
  it('destroys key, records and objects on withdrawal, and leaves a tombstone', async () => {
    const run = await begin(platform, planted, await plantLink(platform, planted), nonceOf('w'), 'somebody')
    await platform.deps.objects.put(
      'sealed',
      `runs/${run.runId}/${'0'.repeat(64)}`,
      new Uint8Array(3),
      'application/octet-stream',
    )
    await run.send(1, [fakeRecord(run.runId, 1)])
    const { finish } = (await run.send(2, [await endRecord(run.runId, [fakeRecord(run.runId, 1)])])).body as {
      finish: { runCode: string; withdrawalCode: string }
    }
    const wrong = {
      runCode: finish.runCode,
      withdrawalCode: finish.withdrawalCode.replace(/^./, (c) => (c === 'a' ? 'b' : 'a')),
    }
    expect((await platform.refused('runs', 'withdraw', { body: wrong })).kind).toBe('not-found')
    expect((await platform.refused('runs', 'withdraw', { body: { ...finish, runCode: 'abcd' } })).kind).toBe(
      'not-found',
    )
    const first = await platform.call('runs', 'withdraw', {
      body: { runCode: finish.runCode.toUpperCase(), withdrawalCode: ` ${finish.withdrawalCode.replaceAll('-', ' ')}` },
    })
    platform.clock.advance(60)
    expect(await platform.call('runs', 'withdraw', { body: finish })).toEqual(first)
    const item = (await runItem(run.runId))!
    expect(item.state).toBe('withdrawn')
    expect(item.wrappedKey).toBeUndefined()
    expect(item.pseudonym).toBeUndefined()
    expect((await platform.deps.table.query(`RUN#${run.runId}`, { prefix: 'C#' })).items).toEqual([])
    for await (const key of platform.deps.objects.list('sealed', `runs/${run.runId}/`)) expect(key).toBeUndefined()
    expect((await run.send(3, [fakeRecord(run.runId, 3)])).body).toMatchObject({ kind: 'run-withdrawn', status: 410 })
    expect(
      (
        await platform.refused('runs', 'open', {
          as: platform.person('ada'),
          params: { studyId: planted.studyId },
          body: { purpose: 'to look at it', runIds: [run.runId] },
        })
      ).kind,
    ).toBe('run-withdrawn')
  })
  it('removes with the next visit what was being stored while the run was withdrawn', async () => {
    const run = await begin(
      platform,
      planted,
      await plantLink(platform, planted),
      nonceOf('late chunk'.replace(' ', '-')),
    )
    await platform.call('runs', 'withdrawRun', {
      as: platform.person('ada'),
      params: { runId: run.runId },
      body: { reason: 'asked by mail' },
    })
    await platform.deps.table.create({ ...keyOf.chunk(run.runId, 1), first: 1, last: 1 })
    platform.clock.advance(700)
    expect((await createSweep(platform.deps)()).failed).toBe(0)
    expect((await platform.deps.table.query(`RUN#${run.runId}`, { prefix: 'C#' })).items).toEqual([])
    expect(await platform.deps.table.get(keyOf.due(run.runId))).toBeUndefined()
  })
})

describe('opening', () => {
  it('hands out the key of the run after one event per run', async () => {
    const code = await plantLink(platform, planted)
    const nonce = nonceOf('open')
    const key = crypto.getRandomValues(new Uint8Array(32))
    const { base64url } = await import('../domain/hash.ts')
    const { jwk } = await platform.deps.keys.publicKey(planted.kid)
    const rsa = await crypto.subtle.importKey('jwk', jwk, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['encrypt'])
    const wrappedKey = base64url(new Uint8Array(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, rsa, key)))
    const { runId } = await platform.call('runs', 'start', {
      params: { code },
      body: { nonce, kid: planted.kid, wrappedKey },
    })
    const events = async () => (await eventsIn(platform.deps.table, planted.organisationId)).at(-1)
    const opened = await platform.call('runs', 'open', {
      as: platform.person('ada'),
      params: { studyId: planted.studyId },
      body: { purpose: 'checking the key', runIds: [runId, runId] },
    })
    expect(opened.runs).toHaveLength(1)
    expect(opened.runs[0]).toMatchObject({ runId, key: base64url(key) })
    expect(await events()).toMatchObject({
      act: 'run.opened',
      object: `run ${runId}`,
      detail: { purpose: 'checking the key' },
    })
    expect(
      (
        await platform.refused('runs', 'open', {
          as: platform.person('ada', { loginSecondsAgo: 3600 }),
          params: { studyId: planted.studyId },
          body: { purpose: 'checking the key', runIds: [runId] },
        })
      ).kind,
    ).toBe('login-too-old')
  })
})

describe('the results page', () => {
  it('counts, lists and filters without content', async () => {
    const own = await plantStudy(platform, {
      conditions: [
        { name: 'a', weight: 1 },
        { name: 'b', weight: 1 },
      ],
    })
    const [code, preview] = [await plantLink(platform, own), await plantLink(platform, own, { kind: 'preview' })]
    for (let i = 0; i < 7; i++) {
      const run = await begin(platform, own, code, nonceOf(`r${i}`))
      const records = [fakeRecord(run.runId, 1)]
      platform.clock.advance(10)
      await run.send(1, records, i)
      if (i < 3) await run.send(2, [await endRecord(run.runId, records)], i)
      platform.clock.advance(3)
      if (i === 6) await run.send(5, [fakeRecord(run.runId, 5)], i)
    }
    await begin(platform, own, preview, nonceOf('pv'))
    const ada = platform.person('ada')
    const overview = await platform.call('runs', 'overview', { as: ada, params: { studyId: own.studyId } })
    expect(overview).toMatchObject({
      runs: 7,
      previews: 1,
      byState: { completed: 3, live: 4 },
      loss: { sent: 3 * 2 + 3 + 5, acknowledged: 3 * 2 + 3 + 2, missing: 3 },
      medianSeconds: 10,
    })
    expect(overview.dropOut[0]).toEqual({ position: 0, reached: 7 })
    expect(overview.dropOut.at(-1)).toEqual({ position: 6, reached: 1 })
    expect(overview.arrivals.reduce((n, b) => n + b.started, 0)).toBe(7)
    const all: string[] = []
    let after: string | undefined
    do {
      const page = await platform.call('runs', 'list', {
        as: ada,
        params: { studyId: own.studyId },
        query: { limit: 3, ...(after ? { after } : {}) },
      })
      all.push(...page.items.map((r) => r.runId))
      after = page.next
    } while (after)
    expect(new Set(all).size).toBe(8)
    expect(all).toHaveLength(8)
    const completed = await platform.call('runs', 'list', {
      as: ada,
      params: { studyId: own.studyId },
      query: { state: 'completed', limit: 2 },
    })
    expect(completed.items.map((r) => r.state)).toEqual(['completed', 'completed'])
    const rest = await platform.call('runs', 'list', {
      as: ada,
      params: { studyId: own.studyId },
      query: { state: 'completed', limit: 2, after: completed.next! },
    })
    expect(rest.items).toHaveLength(1)
    expect((await platform.call('runs', 'run', { as: ada, params: { runId: all[0]! } })).linkLabel).toBe('a link')
    platform.clock.advance(2 * 3600)
    expect(
      (await platform.call('runs', 'overview', { as: ada, params: { studyId: own.studyId } })).byState,
    ).toMatchObject({
      stale: 4,
      live: 0,
    })
  })
})
