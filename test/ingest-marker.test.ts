/** What a participant types is nowhere in what the server keeps: table, objects, log, whatever the encoding. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createClient } from '../clients/api.ts'
import { sha256Hex } from '../domain/hash.ts'
import { type Op, recordHash, runHash, type SealedRecord } from '../domain/runs/records.ts'
import { sealBytes, sealRecord, wrapRunKey } from '../domain/runs/sealing.ts'
import { linkCodeOf, newId } from '../functions/kernel/ids.ts'
import {
  keyOf,
  type LinkItem,
  type OrganisationItem,
  type StudyItem,
  type VersionItem,
} from '../functions/kernel/items.ts'
import { tableFile } from '../adapters/local/table-folder.ts'
import { type Host, startHost } from '../local/host.ts'
import { storeFolder } from '../local/store.ts'

const marker = 'Zebrafink-Quarzsand-7319'
const outsideId = 'outside-Kolibri-5521'
let host: Host
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-marker-'))
  host = await startHost({ port: 4705, home, quiet: true, demo: false })
})
afterAll(async () => {
  await host.close().catch(() => undefined)
  await rm(home, { recursive: true, force: true })
})

/** A text as it could lie in a file: plain, UTF-16, base64 at each of its three alignments, hex, percent-encoded. */
function forms(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  const base64 = [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes])
    // Without the characters at the edges, which the neighbouring bytes share.
    const inner = whole
      .toString('base64')
      .replaceAll('=', '')
      .slice(shift === 0 ? 0 : shift + 1, -2)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    bytes,
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
    ...base64.map((b) => Buffer.from(b)),
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('hex').toUpperCase()),
    Buffer.from(encodeURIComponent(text)),
  ]
}
const found = (where: Buffer, text: string): boolean => forms(text).some((f) => where.includes(f))

it('finds its own forms', () => {
  for (const text of [marker, outsideId])
    for (const shift of ['', 'a', 'ab'])
      for (const planted of [
        `${shift}${text}xyz`,
        Buffer.from(`${shift}${text}xyz`).toString('base64'),
        Buffer.from(`${shift}${text}xyz`).toString('base64url'),
        Buffer.from(text, 'utf16le'),
      ])
        expect(found(Buffer.from(planted as string), text)).toBe(true)
})

it('keeps a participant’s words, file and outside id out of everything that is stored', async () => {
  const { deps, mainOrigin } = host
  const at = new Date().toISOString()
  const organisationId = newId(deps, 'org')
  const studyId = newId(deps, 'std')
  const code = linkCodeOf(deps.random(13))
  const contentHash = await sha256Hex(studyId)
  const kid = await deps.keys.createKey(organisationId)
  await deps.table.create<OrganisationItem>({
    ...keyOf.organisation(organisationId),
    organisationId,
    name: 'Lab',
    kid,
    created: at,
  })
  await deps.table.create<StudyItem>({
    ...keyOf.study(studyId),
    studyId,
    organisationId,
    title: 'Survey',
    description: '',
    state: 'live',
    runtime: 'platform',
    redirectHosts: [],
    version: 1,
    created: at,
    changed: at,
  })
  await deps.table.create<VersionItem>({
    ...keyOf.version(studyId, 1),
    studyId,
    version: 1,
    contentHash,
    kind: 'web',
    note: '',
    published: at,
    publishedBy: 'x',
    assets: 0,
    bytes: 0,
  })
  await deps.table.create<LinkItem>({
    ...keyOf.link(code),
    code,
    studyId,
    organisationId,
    kind: 'general',
    label: '',
    created: at,
    expires: new Date(Date.now() + 3_600_000).toISOString(),
    started: 0,
    revoked: false,
    outsideIdParameter: 'PID',
  })

  const anyone = createClient({ baseUrl: mainOrigin, token: () => undefined })
  const key = crypto.getRandomValues(new Uint8Array(32))
  const { jwk } = await deps.keys.publicKey(kid)
  const { runId, token } = await anyone.runs.start({
    params: { code },
    body: { nonce: crypto.randomUUID(), kid, wrappedKey: await wrapRunKey(key, jwk), outsideId },
  })
  const page = createClient({ baseUrl: mainOrigin, token: () => token })
  const iv = (): Uint8Array => crypto.getRandomValues(new Uint8Array(12))
  const seal = async (seq: number, op: Op, body: unknown, more: Partial<SealedRecord> = {}): Promise<SealedRecord> => ({
    op,
    part: 'survey',
    jwe: await sealRecord({ key, runId, seq, op, part: 'survey', body, iv: iv() }),
    ...more,
  })

  const file = await sealBytes(key, new TextEncoder().encode(`${marker} in a file`.repeat(50)), { runId, seq: 2 }, iv())
  const object = { sha256: await sha256Hex(file), size: file.length }
  const { upload } = await page.runs.uploads({ params: { runId }, body: object })
  expect((await fetch(upload!.url, { method: 'PUT', headers: upload!.headers, body: file })).ok).toBe(true)
  const records = [
    await seal(1, 'append', { answer: marker, outsideId }),
    await seal(2, 'file', { name: `${marker}.txt` }, { object }),
  ]
  const end = { last: 3, hash: await runHash(await Promise.all(records.map(recordHash))) }
  expect(
    (
      await page.runs.append({
        params: { runId },
        body: { first: 1, records: [...records, await seal(3, 'end', { note: marker }, { end })], produced: 3 },
      })
    ).state,
  ).toBe('completed')
  // Hostile and mistaken requests must not lead it into the log either.
  await page.runs
    .append({
      params: { runId },
      body: { first: 9, records: [{ op: 'append', part: marker, jwe: marker }], produced: 9 },
    } as never)
    .catch(() => undefined)
  await fetch(`${mainOrigin}/api/runs/${runId}/records?note=${marker}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${marker}`, 'content-type': 'application/json' },
    body: marker,
  })

  const store = new DatabaseSync(tableFile(storeFolder(home)), { readOnly: true })
  const table = Buffer.from(JSON.stringify(store.prepare('select pk, sk, gpk, gsk, value from item').all()))
  store.close()
  expect(table.includes(runId)).toBe(true)
  await host.close()
  const files = (await readdir(home, { recursive: true, withFileTypes: true })).filter((f) => f.isFile())
  const kept = await Promise.all(
    files.map(async (f) => ({ name: f.name, bytes: await readFile(join(f.parentPath, f.name)) })),
  )
  // The search reaches what it should: the run's own id is in the store's files, the sealed object among the objects,
  // the requests in the log.
  expect(kept.some((f) => f.bytes.includes(runId))).toBe(true)
  expect(kept.some((f) => f.bytes.includes(Buffer.from(file)))).toBe(true)
  expect(kept.some((f) => f.name === 'cloister.log' && f.bytes.includes('/api/runs/'))).toBe(true)
  for (const text of [marker, outsideId]) {
    expect(found(table, text)).toBe(false)
    for (const one of kept) expect(found(one.bytes, text), one.name).toBe(false)
  }
})
