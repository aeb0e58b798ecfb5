import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../domain/hash.ts'
import { harness, type Harness } from '../kernel/testing.ts'
import type { Role } from '../../domain/access/permissions.ts'
import { keyOf, type LinkItem } from '../kernel/items.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
let organisationId: string
let studyId: string
const people: Record<string, Role[]> = {
  ada: ['admin', 'researcher'],
  rosa: ['researcher'],
  anil: ['analyst'],
  otto: ['auditor'],
  chen: ['checker'],
}
beforeAll(async () => {
  on = await harness()
  ;({ organisationId } = await on.organisation('Lab', people))
})
afterAll(() => on.close())

const rosa = () => on.person('rosa')
const newStudy = (title = 'Flanker', as = rosa()) =>
  on.call('studies', 'create', { as, params: { organisationId }, body: { title, requestId: crypto.randomUUID() } })
beforeEach(async () => {
  studyId = (await newStudy()).studyId
})
const study = () => on.call('studies', 'study', { as: rosa(), params: { studyId } })
const page = new TextEncoder().encode('<!doctype html><p>A study</p>')
const web = { kind: 'web', entry: 'index.html' }
const asset = async (path: string, bytes: Uint8Array) => ({
  path,
  sha256: await sha256Hex(bytes),
  size: bytes.length,
  type: 'text/html',
})
async function upload(path: string, bytes: Uint8Array) {
  const file = await asset(path, bytes)
  await on.deps.objects.put('assets', `blobs/${organisationId}/${file.sha256}`, bytes, file.type)
  return file
}
const publish = (
  assets: Awaited<ReturnType<typeof asset>>[],
  more: { note?: string; expects?: number; configuration?: Record<string, unknown> } = {},
) => on.call('studies', 'publish', { as: rosa(), params: { studyId }, body: { configuration: web, assets, ...more } })
const launch = async () => {
  await publish([await upload('index.html', page)])
  return on.call('studies', 'setState', {
    as: rosa(),
    params: { studyId },
    body: { state: 'live', rev: (await study()).rev },
  })
}
const acts = () => eventsIn(on.deps.table, organisationId)

describe('a study', () => {
  it('is created once for a request, with every right for its maker', async () => {
    const body = { title: 'Stroop', requestId: crypto.randomUUID() }
    const [first, again] = [
      await on.call('studies', 'create', { as: rosa(), params: { organisationId }, body }),
      await on.call('studies', 'create', { as: rosa(), params: { organisationId }, body }),
    ]
    expect(again).toEqual(first)
    expect(first.rights).toEqual(['analyse', 'aggregates', 'edit', 'rows', 'pseudonyms', 'open', 'share', 'remove'])
    expect((await acts()).filter((e) => e.object === `study ${first.studyId}`)).toHaveLength(1)
  })
  it('is created whole by the same call again when the first was killed anywhere', async () => {
    for (let killAt = 0; killAt < 4; killAt++) {
      const { create } = on.deps.table
      let writes = 0
      on.deps.table.create = async (item) => {
        if (writes++ === killAt) throw new Error('killed')
        return create(item)
      }
      const body = { title: 'Stroop', requestId: crypto.randomUUID() }
      const first = await on.answer('studies', 'create', { as: rosa(), params: { organisationId }, body })
      on.deps.table.create = create
      expect(first.status).toBe(killAt < 3 ? 500 : 201)
      expect((await on.call('studies', 'create', { as: rosa(), params: { organisationId }, body })).rights).toContain(
        'edit',
      )
    }
  })
  it('is listed for whom it was shared with, and for roles that see all', async () => {
    const titles = async (who: string) =>
      (
        await on.call('studies', 'list', { as: on.person(who), params: { organisationId }, query: { limit: 200 } })
      ).items.map((s) => s.studyId)
    expect(await titles('rosa')).toContain(studyId)
    expect(await titles('otto')).toContain(studyId)
    expect(await titles('anil')).not.toContain(studyId)
    expect((await on.refused('studies', 'study', { as: on.person('anil'), params: { studyId } })).kind).toBe(
      'not-found',
    )
    await on.call('studies', 'share', { as: rosa(), params: { studyId, userId: 'user-anil' }, body: {} })
    expect(await titles('anil')).toContain(studyId)
    expect((await on.call('studies', 'study', { as: on.person('anil'), params: { studyId } })).rights).toEqual([
      'analyse',
      'aggregates',
    ])
  })
  it('moves through its life by the table, with the version it was seen at', async () => {
    expect(
      await on.refused('studies', 'setState', {
        as: rosa(),
        params: { studyId },
        body: { state: 'live', rev: (await study()).rev },
      }),
    ).toMatchObject({ kind: 'wrong-state', detail: 'Publish a version before you launch.' })
    const live = await launch()
    expect(
      await on.call('studies', 'setState', { as: rosa(), params: { studyId }, body: { state: 'live', rev: 1 } }),
    ).toEqual(live)
    expect(
      (
        await on.refused('studies', 'change', {
          as: rosa(),
          params: { studyId },
          body: { title: 'New', rev: live.rev - 1 },
        })
      ).kind,
    ).toBe('changed-meanwhile')
    expect(
      (await on.call('studies', 'change', { as: rosa(), params: { studyId }, body: { title: 'New', rev: live.rev } }))
        .title,
    ).toBe('New')
  })
  it('is deleted only with its title, and not while it runs', async () => {
    expect(
      (await on.refused('studies', 'remove', { as: rosa(), params: { studyId }, query: { title: 'flanker' } })).kind,
    ).toBe('invalid-request')
    await on.call('studies', 'share', { as: rosa(), params: { studyId, userId: 'user-anil' }, body: {} })
    await on.call('studies', 'remove', { as: rosa(), params: { studyId }, query: { title: 'Flanker' } })
    expect((await on.refused('studies', 'study', { as: rosa(), params: { studyId } })).kind).toBe('not-found')
    // A second look is planned; nothing else is left.
    expect((await on.deps.table.query(`STUDY#${studyId}`)).items.map(({ sk }) => sk)).toEqual(['REST'])
    studyId = (await newStudy()).studyId
    await launch()
    expect(
      (await on.refused('studies', 'remove', { as: rosa(), params: { studyId }, query: { title: 'Flanker' } })).kind,
    ).toBe('wrong-state')
  })
  it('is duplicated with its newest version, and without people', async () => {
    await launch()
    await on.call('studies', 'share', { as: rosa(), params: { studyId, userId: 'user-anil' }, body: {} })
    const body = { title: 'Flanker II', requestId: crypto.randomUUID() }
    const copy = await on.call('studies', 'duplicate', { as: rosa(), params: { studyId }, body })
    expect(await on.call('studies', 'duplicate', { as: rosa(), params: { studyId }, body })).toEqual(copy)
    expect(copy).toMatchObject({ title: 'Flanker II', state: 'draft', version: 1 })
    expect(
      (await on.call('studies', 'version', { as: rosa(), params: { studyId: copy.studyId, version: 1 } })).files,
    ).toHaveLength(1)
    expect(
      (await on.call('studies', 'people', { as: rosa(), params: { studyId: copy.studyId } })).items.map(
        (p) => p.userId,
      ),
    ).toEqual(['user-rosa'])
  })
})

describe('publishing', () => {
  it('asks for what is not stored yet, and stores a version that can be read and exported', async () => {
    const fresh = await asset('fresh.html', new TextEncoder().encode(crypto.randomUUID()))
    const asked = await on.call('studies', 'uploads', { as: rosa(), params: { studyId }, body: { assets: [fresh] } })
    expect(asked.assets[0]).toMatchObject({ present: false, upload: { method: 'PUT' } })
    const stored = await upload('index.html', page)
    expect(
      (await on.call('studies', 'uploads', { as: rosa(), params: { studyId }, body: { assets: [stored] } })).assets,
    ).toEqual([{ path: 'index.html', sha256: stored.sha256, present: true }])
    expect(
      (
        await on.refused('studies', 'publish', {
          as: rosa(),
          params: { studyId },
          body: { configuration: web, assets: [stored, fresh] },
        })
      ).kind,
    ).toBe('asset-missing')
    const version = await publish([stored], { note: 'first' })
    expect(version).toMatchObject({ version: 1, kind: 'web', assets: 1, bytes: page.length, note: 'first' })
    expect(await on.deps.objects.get('assets', `s/${version.contentHash}/index.html`)).toEqual(page)
    expect(await on.call('studies', 'version', { as: rosa(), params: { studyId, version: 1 } })).toMatchObject({
      configuration: web,
      files: [{ path: 'index.html' }],
    })
    expect(
      (await on.call('studies', 'files', { as: rosa(), params: { studyId, version: 1 } })).files[0]!.download.method,
    ).toBe('GET')
    expect((await acts()).filter((e) => e.object === `study ${studyId}`).map((e) => e.act)).toEqual([
      'study.created',
      'study.published',
      'study.exported',
    ])
  })
  it('answers the version there is when nothing changed, and guards what was expected', async () => {
    const stored = await upload('index.html', page)
    const first = await publish([stored], { expects: 0 })
    expect(await publish([stored], { expects: 0 })).toEqual(first)
    const other = { ...web, language: 'de' }
    expect(
      (
        await on.refused('studies', 'publish', {
          as: rosa(),
          params: { studyId },
          body: { configuration: other, assets: [stored], expects: 0 },
        })
      ).kind,
    ).toBe('changed-meanwhile')
    expect((await publish([stored], { configuration: other, expects: 1 })).version).toBe(2)
    const difference = await on.call('studies', 'diff', {
      as: rosa(),
      params: { studyId, version: 2 },
      query: { from: 1 },
    })
    expect(difference.configuration).toMatchObject([{ change: 'added', after: expect.stringContaining('de') }])
    expect((await publish([stored])).version).toBe(3)
  })
  it('gives racing publishers different versions, and the study the newest', async () => {
    const stored = await upload('index.html', page)
    const made = await Promise.all(
      ['de', 'fr', 'it', 'nl'].map((language) => publish([stored], { configuration: { ...web, language } })),
    )
    expect(made.map((v) => v.version).sort()).toEqual([1, 2, 3, 4])
    expect((await study()).version).toBe(4)
  })
  it('is completed by the same call again when the first was killed at any write', async () => {
    const stored = await upload('index.html', page)
    for (const [part, act] of [
      ['objects', 'copy'],
      ['objects', 'put'],
      ['table', 'create'],
      ['table', 'update'],
    ] as const)
      for (const when of ['before', 'after']) {
        const language = `de-x-${act}-${when}`
        const ports = on.deps[part] as unknown as Record<string, (...a: unknown[]) => Promise<unknown>>
        const real = ports[act]!
        ports[act] = async (...args) => {
          if (when === 'after') await real.apply(ports, args)
          throw new Error('killed')
        }
        const killed = await on.answer('studies', 'publish', {
          as: rosa(),
          params: { studyId },
          body: { configuration: { ...web, language }, assets: [stored] },
        })
        ports[act] = real
        expect(killed.status).toBe(500)
        const version = await publish([stored], { configuration: { ...web, language } })
        expect((await study()).version).toBe(version.version)
        const versions = await on.call('studies', 'versions', { as: rosa(), params: { studyId } })
        expect(versions.items.filter((x) => x.contentHash === version.contentHash)).toHaveLength(1)
      }
  })
  it('refuses paths in the platform’s folder, twins, and paths out of the study', async () => {
    const stored = await upload('index.html', page)
    for (const path of ['.cloister/version.json', '.Cloister/x.html', 'index.html'])
      expect(
        (
          await on.refused('studies', 'publish', {
            as: rosa(),
            params: { studyId },
            body: { configuration: web, assets: [stored, { ...stored, path }] },
          })
        ).kind,
      ).toBe('invalid-configuration')
    for (const path of ['../x.html', '/x.html', 'a/../b.html', 'a//b.html', 'a?b.html'])
      expect(
        (
          await on.refused('studies', 'publish', {
            as: rosa(),
            params: { studyId },
            body: { configuration: web, assets: [stored, { ...stored, path }] },
          })
        ).kind,
      ).toBe('invalid-request')
  })
})

describe('links', () => {
  const make = (body: Partial<Parameters<typeof on.call<'studies', 'createLink'>>[2] & object>['body']) =>
    on.call('studies', 'createLink', { as: rosa(), params: { studyId }, body: body! })
  it('live as long as asked, 72 hours by default, and end when revoked', async () => {
    const link = await make({ kind: 'general', label: 'Prolific' })
    expect(link).toMatchObject({ state: 'open', started: 0, url: `${on.deps.settings.mainOrigin}/p/${link.code}` })
    expect(Date.parse(link.expires) - Date.parse(link.created)).toBe(72 * 3_600_000)
    await on.call('studies', 'revokeLink', { as: rosa(), params: { studyId, code: link.code } })
    await on.call('studies', 'revokeLink', { as: rosa(), params: { studyId, code: link.code } })
    expect((await on.call('studies', 'links', { as: rosa(), params: { studyId } })).items).toMatchObject([
      { code: link.code, state: 'revoked' },
    ])
    const other = await newStudy('Other')
    expect(
      (await on.refused('studies', 'revokeLink', { as: rosa(), params: { studyId: other.studyId, code: link.code } }))
        .kind,
    ).toBe('not-found')
  })
  it('keep the person of a personal link as a keyed hash, the same in one study and another in the next', async () => {
    const pseudonym = async (id: string) =>
      (await on.deps.table.get<LinkItem>(
        keyOf.link(
          (
            await on.call('studies', 'createLink', {
              as: rosa(),
              params: { studyId: id },
              body: { kind: 'personal', outsideId: 'patient-0042' },
            })
          ).code,
        ),
      ))!
    const [first, again, elsewhere] = [
      await pseudonym(studyId),
      await pseudonym(studyId),
      await pseudonym((await newStudy('Other')).studyId),
    ]
    expect(first.pseudonym).toBe(again.pseudonym)
    expect(first.pseudonym).not.toBe(elsewhere.pseudonym)
    expect(JSON.stringify(first)).not.toContain('0042')
    expect(
      (await on.refused('studies', 'createLink', { as: rosa(), params: { studyId }, body: { kind: 'personal' } })).kind,
    ).toBe('invalid-request')
    expect(
      (
        await on.refused('studies', 'createLink', {
          as: rosa(),
          params: { studyId },
          body: { kind: 'general', outsideId: 'x' },
        })
      ).kind,
    ).toBe('invalid-request')
  })
  it('redirect only to hosts that the study allows, on both ends', async () => {
    for (const field of ['completionUrl', 'abortUrl'] as const)
      expect(
        (
          await on.refused('studies', 'createLink', {
            as: rosa(),
            params: { studyId },
            body: { kind: 'general', [field]: 'https://app.prolific.com/x' },
          })
        ).kind,
      ).toBe('redirect-not-allowed')
    await on.call('studies', 'change', {
      as: rosa(),
      params: { studyId },
      body: { redirectHosts: ['app.prolific.com'], rev: (await study()).rev },
    })
    expect(await make({ kind: 'general', completionUrl: 'https://app.prolific.com/x?p={outsideId}' })).toMatchObject({
      completionUrl: 'https://app.prolific.com/x?p={outsideId}',
    })
  })
})

describe('sharing', () => {
  const share = (
    as: string,
    userId: string,
    rights: ('edit' | 'share' | 'open' | 'analyse' | 'aggregates' | 'remove')[],
  ) =>
    on.answer('studies', 'share', {
      as: on.person(as),
      params: { studyId, userId: `user-${userId}` },
      body: { rights },
    })
  it('lets nobody give what they do not hold, except an admin', async () => {
    expect((await share('rosa', 'anil', ['share', 'analyse'])).status).toBe(200)
    expect(await share('anil', 'chen', ['open'])).toMatchObject({ status: 403, body: { kind: 'forbidden' } })
    expect(await share('anil', 'anil', ['share', 'analyse', 'open'])).toMatchObject({ status: 403 })
    expect((await share('anil', 'chen', ['analyse'])).status).toBe(200)
    expect((await share('ada', 'chen', ['analyse', 'open'])).status).toBe(200)
  })
  it('takes rights away only by the right to remove people', async () => {
    await share('rosa', 'anil', ['share', 'analyse'])
    expect(await share('anil', 'rosa', ['analyse'])).toMatchObject({ status: 403 })
    expect(
      (await on.refused('studies', 'unshare', { as: on.person('anil'), params: { studyId, userId: 'user-rosa' } }))
        .kind,
    ).toBe('forbidden')
    await on.call('studies', 'unshare', { as: rosa(), params: { studyId, userId: 'user-anil' } })
    expect((await on.refused('studies', 'study', { as: on.person('anil'), params: { studyId } })).kind).toBe(
      'not-found',
    )
    expect((await share('rosa', 'nobody', ['analyse'])).body).toMatchObject({ kind: 'wrong-state' })
  })
})
