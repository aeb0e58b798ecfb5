/**
 * A study's results made available for analysis: opened inside the registration job alone, one event each, and nowhere
 * in the clear but in the protected bucket.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { base64url } from '../domain/hash.ts'
import { readCsv } from '../domain/datasets/csv.ts'
import type { Op } from '../domain/runs/records.ts'
import { recordHash, runHash, type SealedRecord } from '../domain/runs/records.ts'
import { importRunKey, sealBytes, sealRecord, wrapRunKey } from '../domain/runs/sealing.ts'
import { type DatasetStage, sha256, stage } from '../functions/datasets/testing.ts'
import type { ChainEvent } from '../domain/audit/chain.ts'
import {
  keyOf,
  type DatasetItem,
  type JobItem,
  type MemberItem,
  type StudyPersonItem,
} from '../functions/kernel/items.ts'
import { queryAll } from '../ports/table.ts'
import { plantLink, plantStudy, type Planted } from './ingest-support.ts'
import { objectKey } from '../functions/stores/run-records.ts'
import { eventsIn } from '../functions/kernel/testing/chain.ts'

const marker = 'marker-of-a-participant'
let here: DatasetStage
let study: Planted
let link: string
const runs: Record<string, string> = {}

/** A participant from start to end, sealed as the participant's page seals. */
async function takePart(
  name: string,
  options: { trials: unknown[]; outsideId?: string; ends?: boolean; large?: unknown },
): Promise<void> {
  const raw = here.h.deps.random(32)
  const own = await importRunKey(raw)
  const { key } = await here.h.call('runs', 'participation', { params: { code: link } })
  const started = await here.h.call('runs', 'start', {
    params: { code: link },
    body: {
      nonce: base64url(here.h.deps.random(24)),
      kid: key.kid,
      wrappedKey: await wrapRunKey(raw, key.jwk),
      ...(options.outsideId ? { outsideId: options.outsideId } : {}),
    },
  })
  runs[name] = started.runId
  const records: SealedRecord[] = []
  const seal = async (op: Op, body: unknown, object?: { sha256: string; size: number }): Promise<void> => {
    const seq = records.length + 1
    const end =
      op === 'end' ? { last: seq, hash: await runHash(await Promise.all(records.map(recordHash))) } : undefined
    records.push({
      op,
      part: 'main',
      jwe: await sealRecord({
        key: own,
        runId: started.runId,
        seq,
        op,
        part: 'main',
        body,
        iv: here.h.deps.random(12),
      }),
      ...(object ? { object } : {}),
      ...(end ? { end } : {}),
    })
  }
  for (const trial of options.trials) await seal('append', trial)
  if (options.large !== undefined) {
    const bytes = new TextEncoder().encode(JSON.stringify(options.large))
    const sealed = await sealBytes(
      own,
      bytes,
      { runId: started.runId, seq: records.length + 1 },
      here.h.deps.random(12),
    )
    await here.h.deps.objects.put(
      'sealed',
      objectKey(started.runId, sha256(sealed)),
      sealed,
      'application/octet-stream',
    )
    await seal(
      'append',
      {
        attached: {
          name: 'record.json',
          type: 'application/json',
          size: bytes.length,
          sha256: sha256(bytes),
          json: true,
        },
      },
      { sha256: sha256(sealed), size: sealed.length },
    )
  }
  if (options.ends !== false) await seal('end', {})
  const answer = await here.h.answer('runs', 'append', {
    params: { runId: started.runId },
    authorization: `Bearer ${started.token}`,
    body: { first: 1, records, produced: records.length, position: records.length },
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  here.h.clock.advance(60)
}

beforeAll(async () => {
  here = await stage()
  study = await plantStudy(here.h)
  await here.h.deps.table.create<MemberItem>({
    ...keyOf.member(study.organisationId, 'user-cora'),
    gpk: 'USER#user-cora',
    gsk: `ORG#${study.organisationId}`,
    organisationId: study.organisationId,
    organisation: 'Lab',
    userId: 'user-cora',
    roles: ['custodian'],
    since: here.h.clock.now().toISOString(),
  })
  link = await plantLink(here.h, study)
  await takePart('first', {
    trials: [
      { rt: 412, response: marker },
      { rt: 388, response: 'f', nested: { a: [1] } },
    ],
  })
  await takePart('large', { trials: [{ rt: 500 }], large: [{ rt: 1, response: marker }, { rt: 2 }] })
  await takePart('withdrawn', { trials: [{ rt: 666, response: `${marker} withdrawn` }] })
  await takePart('unfinished', { trials: [{ rt: 777 }], ends: false })
  await here.h.call('runs', 'withdrawRun', {
    as: here.h.person('ada'),
    params: { runId: runs['withdrawn']! },
    body: { reason: 'asked' },
  })
})
afterAll(() => here.h.close())

const purpose = 'A registered analysis of reaction times'
const from = (name: string) =>
  here.h.call('datasets', 'fromStudy', {
    as: here.h.person('ada'),
    params: { studyId: study.studyId },
    body: { name, title: 'Reaction times', purpose },
  })
const events = (): Promise<ChainEvent[]> => eventsIn(here.h.deps.table, study.organisationId)
const opened = async (datasetId: string) =>
  (await events()).filter((e) => e.act === 'run.opened' && e.detail['dataset'] === datasetId)
async function tables(datasetId: string): Promise<Record<string, string[][]>> {
  const reading = await here.h.call('datasets', 'reading', { as: here.h.person('cora'), params: { datasetId } })
  const out: Record<string, string[][]> = {}
  for await (const key of here.h.deps.objects.list('protected', `datasets/${datasetId}/blobs/`)) {
    const text = new TextDecoder().decode(await here.h.deps.objects.get('protected', key))
    const named = reading.tables.find(
      (t) => t.columns.map((c) => c.name).join() === [...readCsv(text)][0]!.cells.join(),
    )
    out[named!.file] = [...readCsv(text)].map((r) => r.cells)
  }
  return out
}

it('becomes tables of the completed runs, each opened once in the asker’s name', async () => {
  const { datasetId, jobId } = await from('reaction_times')
  expect((await events()).find((e) => e.act === 'dataset.made-from-study')).toMatchObject({
    detail: { study: study.studyId, purpose },
  })
  expect(await opened(datasetId)).toEqual([])
  expect(await here.walk(jobId)).toMatchObject({ state: 'succeeded' })
  expect((await opened(datasetId)).map((e) => [e.object, e.who.id, e.detail['purpose']])).toEqual(
    [runs['first'], runs['large']].map((id) => [`run ${id}`, 'user-ada', purpose]),
  )
  const { 'participants.csv': participants, 'trials.csv': trials } = await tables(datasetId)
  expect(participants!.slice(1).map((r) => [r[1], r[6]])).toEqual([
    ['1', '2'],
    ['1', '3'],
  ])
  const at = (row: string[], name: string): string => row[trials![0]!.indexOf(name)]!
  expect(trials!.slice(1).map((r) => [at(r, 'rt'), at(r, 'response'), at(r, 'nested')])).toEqual([
    ['412', marker, ''],
    ['388', 'f', '{"a":[1]}'],
    ['500', '', ''],
    ['1', marker, ''],
    ['2', '', ''],
  ])
  expect(new Set(trials!.slice(1).map((r) => r[0]))).toEqual(new Set(participants!.slice(1).map((r) => r[0])))
  const reading = await here.h.call('datasets', 'reading', { as: here.h.person('cora'), params: { datasetId } })
  expect(reading.proposed!.tables.map((t) => t.columns.filter((c) => c.role).map((c) => [c.name, c.role]))).toEqual([
    [
      ['subject', 'subject'],
      ['session', 'visit'],
    ],
    [
      ['subject', 'subject'],
      ['session', 'visit'],
    ],
  ])
  expect(await here.h.deps.table.get(keyOf.dataset(datasetId))).toMatchObject({
    state: 'proposed',
    study: study.studyId,
  })
})

it('leaves nothing in the clear: not in the table, not in a log, not in another bucket', async () => {
  const { datasetId, jobId } = await from('clear')
  await here.walk(jobId)
  const kept: unknown[] = [here.h.logs]
  for (const pk of [
    `DATASET#${datasetId}`,
    `JOB#${jobId}`,
    `STUDY#${study.studyId}`,
    `AUDIT#${study.organisationId}`,
    ...Object.values(runs).map((id) => `RUN#${id}`),
  ])
    for await (const item of queryAll(here.h.deps.table, pk)) kept.push(item)
  expect(kept.length).toBeGreaterThan(15)
  expect(JSON.stringify(kept)).not.toContain(marker)
  const files = (await readdir(join(here.h.folder, 'objects'), { recursive: true, withFileTypes: true })).filter((e) =>
    e.isFile(),
  )
  const clear = (
    await Promise.all(
      files.map(async (f) =>
        (await readFile(join(f.parentPath, f.name))).includes(marker) ? f.parentPath : undefined,
      ),
    )
  ).filter((f) => f !== undefined)
  expect(clear.length).toBeGreaterThan(0)
  expect(clear.filter((f) => !f.includes('protected'))).toEqual([])
  expect(JSON.stringify(await tables(datasetId))).not.toContain('withdrawn')
})

it('killed at any step and run again ends the same, and once its tables lie there the study is not opened again', async () => {
  let kills = 0
  for (let dead = true; dead; kills++) {
    const { datasetId, jobId } = await from(`killed_${kills}`)
    let left = kills
    dead = false
    const mortal = <P extends object>(port: P, names: string[]): P =>
      new Proxy(port, {
        get: (port, name) => {
          const act = Reflect.get(port, name) as (...args: unknown[]) => unknown
          return names.includes(String(name))
            ? async (...args: unknown[]) => {
                if (dead || left-- <= 0) {
                  dead = true
                  throw new Error('killed')
                }
                return act.apply(port, args)
              }
            : act.bind(port)
        },
      })
    const { table, objects, keys, engine } = here.h.deps
    await here
      .walk(jobId, {
        ...here.h.deps,
        table: mortal(table, ['create', 'update', 'remove']),
        objects: mortal(objects, ['put']),
        keys: mortal(keys, ['unwrap']),
        engine: mortal(engine, ['read']),
      })
      .catch(() => undefined)
    const made = await objects.head('protected', `jobs/${jobId}/study.json`)
    const before = (await opened(datasetId)).length
    const held = (await table.get<JobItem>(keyOf.job(jobId)))!
    if (held.state !== 'succeeded') await table.update(keyOf.job(jobId), { set: { attempt: held.attempt + 1 } })
    expect(await here.walk(jobId), `killed at ${kills}`).toMatchObject({ state: 'succeeded' })
    expect(await table.get(keyOf.dataset(datasetId))).toMatchObject({ state: 'proposed' })
    expect(Object.keys(await tables(datasetId)).sort()).toEqual(['participants.csv', 'trials.csv'])
    const since = (await opened(datasetId)).length - before
    expect(made === undefined || since === 0).toBe(true)
  }
  expect(kills - 1).toBeGreaterThan(8)
})

it('is refused to whoever may not open, and stops when that right is taken away before the job runs', async () => {
  const body = { name: 'refused', title: 'T', purpose }
  expect(
    (
      await here.h.refused('datasets', 'fromStudy', {
        as: here.h.person('cora'),
        params: { studyId: study.studyId },
        body,
      })
    ).kind,
  ).toBe('forbidden')
  expect(
    (
      await here.h.refused('datasets', 'fromStudy', {
        as: here.h.person('anil'),
        params: { studyId: study.studyId },
        body,
      })
    ).kind,
  ).toBe('not-found')
  expect(
    (
      await here.h.refused('datasets', 'fromStudy', {
        as: here.h.person('ada', { loginSecondsAgo: 3600 }),
        params: { studyId: study.studyId },
        body,
      })
    ).kind,
  ).toBe('login-too-old')
  const { datasetId, jobId } = await from('revoked')
  const rights = keyOf.studyPerson(study.studyId, 'user-ada')
  const held = (await here.h.deps.table.get<StudyPersonItem>(rights))!
  await here.h.deps.table.update(rights, { set: { rights: ['analyse', 'aggregates'] } })
  expect(await here.walk(jobId)).toMatchObject({ state: 'failed', problem: { code: 'unreadable' } })
  expect(await opened(datasetId)).toEqual([])
  await here.h.deps.table.update(rights, { set: { rights: held.rights } })
  // Another dataset of this name there is not, so the same call goes on with this one.
  const again = await from('revoked')
  expect(again.datasetId).toBe(datasetId)
  expect(await here.walk(again.jobId)).toMatchObject({ state: 'succeeded' })
  expect(await here.h.deps.table.get<DatasetItem>(keyOf.dataset(datasetId))).toMatchObject({ state: 'proposed' })
})
