/** What hostile people tried once, and what must stay refused. */
import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../domain/hash.ts'
import { diffConfigurations } from '../domain/studies/diff.ts'
import { eventOf, harness, type Harness } from '../functions/kernel/testing.ts'
import { areas } from '../contracts/index.ts'
import { createStudies } from '../functions/studies/studies.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { type Host, startHost } from '../local/host.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { demoHome } from './demo-home.ts'
import { begin, fakeRecord, nonceOf, plantLink, plantStudy } from './ingest-support.ts'

let h: Harness
beforeAll(async () => {
  h = await harness()
})
afterAll(() => h.close())

const web = { kind: 'web', entry: 'index.html' }
interface Sent {
  path: string
  text: string
  type: string
}

/** A study of `who` with one version, its files uploaded as browsers do. */
async function published(
  organisationId: string,
  who: string,
  files: readonly Sent[],
  configuration: Record<string, unknown> = web,
  study?: string,
) {
  const as = h.person(who)
  const studyId =
    study ??
    (
      await h.call('studies', 'create', {
        as,
        params: { organisationId },
        body: { title: 'A study', requestId: crypto.randomUUID() },
      })
    ).studyId
  const assets = await Promise.all(
    files.map(async ({ path, text, type }) => ({
      path,
      sha256: await sha256Hex(text),
      size: Buffer.byteLength(text),
      type,
    })),
  )
  for (const [i, a] of assets.entries())
    if (!(await h.deps.objects.head('assets', `blobs/${organisationId}/${a.sha256}`)))
      await h.deps.objects.put('assets', `blobs/${organisationId}/${a.sha256}`, Buffer.from(files[i]!.text), a.type)
  const version = await h.call('studies', 'publish', { as, params: { studyId }, body: { configuration, assets } })
  return {
    studyId,
    version,
    typeOf: async (path: string) => (await h.deps.objects.head('assets', `s/${version.contentHash}/${path}`))?.type,
  }
}

describe('a published version', () => {
  it('is not touched by somebody of another organisation who publishes the same bytes as another media type', async () => {
    const [mine, theirs] = [
      (await h.organisation('Lab', { ada: ['admin', 'researcher'] })).organisationId,
      (await h.organisation('Strangers', { sam: ['admin', 'researcher'] })).organisationId,
    ]
    const files = (page: string, script: string): Sent[] => [
      { path: 'index.html', text: '<script src="a.js"></script>', type: page },
      { path: 'a.js', text: 'start()', type: script },
    ]
    const victim = await published(mine, 'ada', files('text/html', 'text/javascript'))
    const attacker = await published(theirs, 'sam', files('text/plain', 'text/plain'))
    expect(attacker.version.contentHash).not.toBe(victim.version.contentHash)
    // The same declaration over bytes that were uploaded as something else.
    const sly = await published(theirs, 'sam', files('text/html', 'text/javascript'))
    expect(sly.version.contentHash).toBe(victim.version.contentHash)
    expect([await victim.typeOf('index.html'), await victim.typeOf('a.js')]).toEqual(['text/html', 'text/javascript'])
  })
  it('serves a file as the media type it was published with, whatever it was first uploaded as', async () => {
    const { organisationId } = await h.organisation('Lab', { ada: ['admin', 'researcher'] })
    const page: Sent = { path: 'index.html', text: '<p>one', type: 'text/html' }
    const wrong = await published(organisationId, 'ada', [page, { path: 'm.js', text: 'go()', type: 'text/plain' }])
    const right = await published(
      organisationId,
      'ada',
      [page, { path: 'm.js', text: 'go()', type: 'text/javascript' }],
      web,
      wrong.studyId,
    )
    expect(right.version.version).toBe(2)
    expect(await right.typeOf('m.js')).toBe('text/javascript')
    expect(
      (
        await h.call('studies', 'diff', {
          as: h.person('ada'),
          params: { studyId: wrong.studyId, version: 2 },
          query: { from: 1 },
        })
      ).assets,
    ).toEqual([{ path: 'm.js', change: 'changed', before: 'text/plain', after: 'text/javascript' }])
    // Two empty files have the same bytes and keep their own types.
    const empty = await published(organisationId, 'ada', [
      page,
      { path: 'e.css', text: '', type: 'text/css' },
      { path: 'e.js', text: '', type: 'text/javascript' },
    ])
    expect([await empty.typeOf('e.css'), await empty.typeOf('e.js')]).toEqual(['text/css', 'text/javascript'])
  })
  it('is compared with another in a moment, however its lists were made', () => {
    const trial = (i: number) => ({ type: '@jspsych/plugin-html-keyboard-response', name: `t${i}`, stimulus: 'x' })
    const many = Array.from({ length: 40_000 }, (_, i) => trial(i))
    expect(
      diffConfigurations({ timeline: many }, { timeline: many.map((t) => ({ ...t, stimulus: 'y' })) }),
    ).toHaveLength(500)
    // Only the order differs: nothing to say about any of them, and each one's partner is far away.
    expect(diffConfigurations({ timeline: many }, { timeline: many.toReversed() })).toEqual([])
    const short = Array.from({ length: 400 }, (_, k) => Array.from({ length: 1000 }, (_, i) => i * k))
    expect(diffConfigurations({ a: short }, { a: short.map((l) => l.map((n) => n + 1)) })).toHaveLength(500)
  }, 20_000)
})

describe('text from outside', () => {
  it('is refused when it is not Unicode: an audit event could not be hashed again as it was stored', async () => {
    const { organisationId } = await h.organisation('Lab', { ada: ['admin', 'researcher'] })
    const route = areas.studies.routes.create
    const send = async (title: string): Promise<number | undefined> => {
      const event = eventOf(route, { as: h.person('ada'), params: { organisationId } } as never)
      return (
        await createStudies(h.deps)(
          { ...event, body: `{"title":"${title}","requestId":"${crypto.randomUUID()}"}` },
          {} as never,
        )
      ).statusCode
    }
    expect(await send('half \\ud83e')).toBe(400)
    expect(await send('other half \\udde0')).toBe(400)
    expect(await send('whole \\ud83e\\udde0')).toBe(201)
    expect(await send('said \\\\ud83e')).toBe(201)
  })
  it('has no names that steer a terminal, read backwards or cannot be seen', async () => {
    const { organisationId } = await h.organisation('Lab', { ada: ['admin', 'researcher'] })
    const create = (title: string) =>
      h.answer('studies', 'create', {
        as: h.person('ada'),
        params: { organisationId },
        body: { title, requestId: crypto.randomUUID() },
      })
    for (const title of ['\u0000', 'a\u0000b', '\u001b[31mred', 'two\nlines', 'exe.\u202egnp', '\u200b\u200b', '   '])
      expect((await create(title)).status, JSON.stringify(title)).toBe(400)
    for (const title of ['=1+1', '<b>bold</b>', 'דרמה', '🧠', '…', 'Straße 9'])
      expect((await create(title)).status, title).toBe(201)
  })
})

describe('one hostile participant', () => {
  it('cannot break the figures of the study by claiming records and trials beyond measure', async () => {
    const s = await plantStudy(h)
    const code = await plantLink(h, s)
    const runs = await Promise.all([1, 2].map((n) => begin(h, s, code, nonceOf(n))))
    const claim = (r: (typeof runs)[number], more: object) =>
      h.answer('runs', 'append', {
        params: { runId: r.runId },
        authorization: r.authorization,
        body: { first: 1, records: [fakeRecord(r.runId, 1)], produced: 1, ...more },
      })
    for (const more of [
      { produced: Number.MAX_SAFE_INTEGER },
      { position: Number.MAX_SAFE_INTEGER },
      { produced: 1e300 },
      { position: -1 },
    ])
      expect((await claim(runs[0]!, more)).status, JSON.stringify(more)).toBe(400)
    for (const r of runs) expect((await claim(r, { produced: 20_000_000, position: 20_000_000 })).status).toBe(200)
    h.clock.advance(10)
    for (const r of runs) await r.send(2, [fakeRecord(r.runId, 2)])
    expect((await h.call('runs', 'overview', { as: h.person('ada'), params: { studyId: s.studyId } })).runs).toBe(2)
  })
})

describe('opening', () => {
  it('wants a purpose in words', async () => {
    const s = await plantStudy(h)
    const r = await begin(h, s, await plantLink(h, s), nonceOf('p'))
    for (const purpose of ['\u200b'.repeat(12), '----------', '1234567890', '  a        '])
      expect(
        (
          await h.refused('runs', 'open', {
            as: h.person('ada'),
            params: { studyId: s.studyId },
            body: { purpose, runIds: [r.runId] },
          })
        ).kind,
        purpose,
      ).toBe('invalid-request')
  })
})

describe('the edge', () => {
  let home: string
  let host: Host
  let port: number
  beforeAll(async () => {
    home = await demoHome('cloister-attack-')
    port = await freePort()
    host = await startHost({ port, home, quiet: true })
  })
  afterAll(async () => {
    await host?.close()
    await rm(home, { recursive: true, force: true })
  })
  const status = (path: string, name = '127.0.0.1'): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers: { host: `${name}:${port}` } }, (r) => {
        r.resume()
        resolve(r.statusCode!)
      })
        .on('error', reject)
        .end()
    })
  it('finds nothing behind strange addresses, and is not troubled by them', async () => {
    for (const path of ['//api', '//', '*', 'http://elsewhere.example/api/me', '//oidc/auth'])
      expect(await status(path), path).toBe(404)
    expect(await status(`/s/${'a'.repeat(64)}/${'a/'.repeat(5000)}x`, 'localhost')).toBe(404)
    expect(await status(`/s/${'a'.repeat(64)}/%2e%2e/%2e%2e/x`, 'localhost')).toBe(404)
  })
  it('refuses a sign-in for another resource, without PKCE, or back to another place', async () => {
    const v = new Visitor(host.mainOrigin)
    expect((await v.begin({ resource: 'https://elsewhere.example/' })).response.headers.get('location')).toContain(
      'error=invalid_target',
    )
    expect((await v.begin({ code_challenge_method: 'plain' })).response.headers.get('location')).toContain(
      'error=invalid_request',
    )
    expect((await v.begin({ redirect_uri: 'https://elsewhere.example/' })).response.status).toBe(400)
    const { response, verifier } = await v.begin()
    await expect(
      v.finish(
        await v.form(response.headers.get('location')!, { email: 'otto@demo.cloister', password: demoPassword }),
        `${verifier}x`,
      ),
    ).rejects.toThrow('invalid_grant')
  })
})
