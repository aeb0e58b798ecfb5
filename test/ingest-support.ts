/**
 * For tests of ingest: a published study put straight into the table, a participant that seals nothing but speaks the
 * protocol.
 */
import { base64url, sha256Hex } from '../domain/hash.ts'
import { type Op, recordHash, runHash, type SealedRecord } from '../domain/runs/records.ts'
import type { Condition } from '../domain/runs/assignment.ts'
import type { StudyState } from '../domain/studies/life.ts'
import { type Harness } from '../functions/kernel/testing.ts'
import { linkCodeOf, newId } from '../functions/kernel/ids.ts'
import {
  keyOf,
  type LinkItem,
  type StudyItem,
  type StudyPersonItem,
  type VersionItem,
} from '../functions/kernel/items.ts'
import { studyRights } from '../domain/access/permissions.ts'

export interface Planted {
  organisationId: string
  kid: string
  studyId: string
  contentHash: string
}

export async function plantStudy(
  harness: Harness,
  options: { conditions?: Condition[]; state?: StudyState } = {},
): Promise<Planted> {
  const { organisationId, kid } = await harness.organisation('Lab', { ada: ['admin', 'researcher'] })
  const studyId = newId(harness.deps, 'std')
  const at = harness.clock.now().toISOString()
  const contentHash = await sha256Hex(studyId)
  const { table } = harness.deps
  await table.create<StudyItem>({
    ...keyOf.study(studyId),
    gpk: `ORG#${organisationId}`,
    gsk: `STUDY#${at}#${studyId}`,
    studyId,
    organisationId,
    title: 'Flanker',
    description: '',
    state: options.state ?? 'live',
    runtime: 'platform',
    redirectHosts: [],
    version: 1,
    created: at,
    changed: at,
  })
  await table.create<StudyPersonItem>({
    ...keyOf.studyPerson(studyId, 'user-ada'),
    gpk: 'USER#user-ada',
    gsk: `STUDY#${studyId}`,
    studyId,
    organisationId,
    userId: 'user-ada',
    rights: [...studyRights],
    since: at,
  })
  await table.create<VersionItem>({
    ...keyOf.version(studyId, 1),
    studyId,
    version: 1,
    contentHash,
    kind: 'web',
    note: '',
    published: at,
    publishedBy: 'user-ada',
    assets: 0,
    bytes: 0,
    ...(options.conditions ? { conditions: options.conditions } : {}),
  })
  await harness.deps.objects.put(
    'assets',
    `s/${contentHash}/.cloister/version.json`,
    new TextEncoder().encode(
      JSON.stringify({ configuration: { kind: 'web', entry: 'index.html', language: 'en' }, files: [] }),
    ),
    'application/json',
  )
  return { organisationId, kid, studyId, contentHash }
}

export async function plantLink(harness: Harness, planted: Planted, options: Partial<LinkItem> = {}): Promise<string> {
  const code = linkCodeOf(harness.deps.random(13))
  const created = harness.clock.now().toISOString()
  await harness.deps.table.create<LinkItem>({
    ...keyOf.link(code),
    gpk: `STUDY#${planted.studyId}`,
    gsk: `LINK#${created}#${code}`,
    code,
    studyId: planted.studyId,
    organisationId: planted.organisationId,
    kind: 'general',
    label: 'a link',
    created,
    expires: new Date(harness.clock.now().getTime() + 72 * 3_600_000).toISOString(),
    started: 0,
    revoked: false,
    ...options,
  })
  return code
}

export const nonceOf = (n: number | string): string => `nonce-of-browser-${n}`
/** 384 bytes that look like a wrapped key; each nonce has its own. */
export const wrappedFor = (nonce: string): string =>
  base64url(Uint8Array.from({ length: 384 }, (_, i) => nonce.charCodeAt(i % nonce.length)))

/** Keeps only what the server may look at: the header is as sealing makes it, the ciphertext is `text`. */
export function fakeRecord(
  run: string,
  seq: number,
  text = `body of ${seq}`,
  options: { op?: Op; part?: string; object?: SealedRecord['object']; end?: SealedRecord['end'] } = {},
): SealedRecord {
  const { op = 'append', part = 'trials', object, end } = options
  const utf8 = (s: string): string => base64url(new TextEncoder().encode(s))
  return {
    op,
    part,
    jwe: `${utf8(JSON.stringify({ alg: 'dir', enc: 'A256GCM', run, seq, op, part }))}..${utf8('0123456789ab')}.${utf8(text)}.${utf8('0123456789abcdef')}`,
    ...(object ? { object } : {}),
    ...(end ? { end } : {}),
  }
}

export async function endRecord(run: string, before: readonly SealedRecord[]): Promise<SealedRecord> {
  const last = before.length + 1
  return fakeRecord(run, last, 'end', {
    op: 'end',
    end: { last, hash: await runHash(await Promise.all(before.map(recordHash))) },
  })
}

export async function begin(harness: Harness, planted: Planted, code: string, nonce: string, outsideId?: string) {
  const started = await harness.call('runs', 'start', {
    params: { code },
    body: { nonce, kid: planted.kid, wrappedKey: wrappedFor(nonce), ...(outsideId ? { outsideId } : {}) },
  })
  const authorization = `Bearer ${started.token}`
  return {
    ...started,
    authorization,
    send: (first: number, records: SealedRecord[], position = 0) =>
      harness.answer('runs', 'append', {
        params: { runId: started.runId },
        authorization,
        body: { first, records, produced: first + records.length - 1, position },
      }),
    standing: () => harness.call('runs', 'standing', { params: { runId: started.runId }, authorization }),
  }
}
